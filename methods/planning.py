"""Plans of fits: the stages that a fit needs, and their work, before they are built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from benchmark.storage.store import Stage
from methods.base import FitContext


@dataclass(frozen=True)
class PlannedStage:
    """A stage that a fit needs.

    Attributes:
        name: of the stage.
        work: what it does, in words, with numbers.
        units: units of its work, such as pictures.
        unit_seconds: rough seconds for a unit on two CPU cores; None for renders, whose
            speed is that of the engine.
        stage: finds it in the store; None if its key depends on results.
    """

    name: str
    work: str
    units: int
    unit_seconds: float | None
    stage: Stage | None


@runtime_checkable
class Planned(Protocol):
    """A method whose stages are known before it is fitted."""

    def planned_stages(self, context: FitContext) -> tuple[PlannedStage, ...]:
        """The stages of a fit in order, without the fit itself; nothing is built."""
        ...


def planned_renders(stage: Stage) -> PlannedStage:
    """The plan of training renders, from their stage."""
    count, size = stage.options["count"], stage.options["size"]
    return PlannedStage("renders", f"{count:,} of {size} px", count, None, stage)
