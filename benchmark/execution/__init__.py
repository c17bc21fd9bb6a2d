"""Independent parts of a run on many workers: processes, or a Ray cluster.

An executor has one method, `map(prepare, items, progress)`. It yields the results as
they complete. A worker calls `prepare` once, which returns the function of an item.
Without an executor, a run does everything in its own process.
"""

from benchmark.execution.executor import Executor, Prepare, WorkerLost, WorkersError

__all__ = ["Executor", "Prepare", "WorkerLost", "WorkersError"]
