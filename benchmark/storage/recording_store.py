"""A store that records which stages are requested, for the cost of a fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.storage.store import Build, Stage, Store


@dataclass(frozen=True)
class RequestedStage:
    """A stage as it was when it was first requested.

    Attributes:
        name: of the stage.
        key: of the stage.
        record: its `stage.json`, with `seconds` and `peak_mib`.
        cached: whether it was finished already.
        shipped: whether it comes with the package.
    """

    name: str
    key: str
    record: Mapping[str, Any]
    cached: bool
    shipped: bool


class RecordingStore(Store):
    """The same store; `requested` holds each requested stage once, in order.

    Stages of a fit depend on the code of the same plugins as the `fit`, if it is given.
    """

    def __init__(self, store: Store, fit: Stage | None = None) -> None:
        super().__init__(store.root, store.on_wait, store.made_with, store.shipped)
        self.sources, self.rebuilds = store.sources, store.rebuilds
        self._fit = fit
        self._requested: dict[str, RequestedStage] = {}

    def sources_of(self, stage: Stage) -> Mapping[str, str]:
        """See `Store.sources_of`."""
        return super().sources_of(self._fit or stage)

    def rebuilds_of(self, stage: Stage) -> frozenset[str]:
        """See `Store.rebuilds_of`."""
        return super().rebuilds_of(self._fit or stage)

    @property
    def requested(self) -> tuple[RequestedStage, ...]:
        """The stages in the order of their first request."""
        return tuple(self._requested.values())

    def get_or_build(
        self,
        stage: Stage,
        build: Build,
        spent: float = 0.0,
        share: Callable[[Path], object] | None = None,
    ) -> Path:
        """See `Store.get_or_build`."""
        cached, shipped = self.has(stage), self.ships(stage)
        folder = super().get_or_build(stage, build, spent, share)
        if stage.key not in self._requested:
            self._requested[stage.key] = RequestedStage(
                stage.name, stage.key, self.record(stage), cached, shipped
            )
        return folder
