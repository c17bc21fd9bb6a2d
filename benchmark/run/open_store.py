"""The store of a run, as every process that works on the run opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmark.run.fresh import stage_sources
from benchmark.run.plan import Plan
from benchmark.storage.store import Store
from benchmark.system.environment import made_with
from benchmark.weights.folders import SHIPPED_STAGES


def open_store(root: Path, plan: Plan, say: Callable[[str], None]) -> Store:
    """The store at `root`, with the shipped stages unless the run is from scratch."""
    shipped = None if plan.resolved.suite.from_scratch else SHIPPED_STAGES
    store = Store(root, say, made_with(), shipped)
    store.sources = stage_sources(plan)
    return store
