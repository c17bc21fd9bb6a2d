"""How busy other processes keep the cores of this process."""

from __future__ import annotations

import os
import time


def usable_cores() -> int:
    """Number of cores that this process may use."""
    return len(_usable())


def cpu_seconds_of_others() -> float:
    """CPU seconds that other processes spent on the cores of this process so far.

    Counted since an arbitrary time: only differences mean something. They are right to
    some hundredths of a second. Work of child processes counts as our own. NaN where
    the operating system does not tell.
    """
    import psutil

    try:
        cores = psutil.cpu_times(percpu=True)
        busy = sum(
            sum(cores[i])
            - cores[i].idle
            - getattr(cores[i], "iowait", 0.0)
            # Linux counts the time of guests in user and nice, too.
            - getattr(cores[i], "guest", 0.0)
            - getattr(cores[i], "guest_nice", 0.0)
            for i in _usable()
        )
        children = psutil.Process().children(recursive=True)
    except (psutil.Error, OSError, IndexError, NotImplementedError):
        return float("nan")
    own = time.process_time()
    finished = os.times()
    own += finished.children_user + finished.children_system
    for child in children:
        try:
            times = child.cpu_times()
        except psutil.Error:  # it ended
            continue
        own += times.user + times.system
    return busy - own


def load_average() -> float:
    """Mean number of runnable processes in the last minute; NaN if unknown."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return float("nan")


def _usable() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
