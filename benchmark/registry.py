"""Lazy registries of engines, methods and metrics, open to third parties."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class UnknownName(LookupError):
    """No entry of that name; the message gives the nearest ones."""


class Unavailable(ImportError):
    """The entry exists but cannot be loaded here; the message says why."""


@dataclass(frozen=True)
class Listing:
    """One line of `avatarbench list`: a name, where it comes from, what disables it."""

    name: str
    target: str
    problem: str | None


class Registry(Generic[T]):
    """Names to `module:attr` targets, loaded on first use.

    Built-in entries are given; third parties add entry points of `group`.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self._targets = dict(builtin)
        self._discovered = False

    def names(self) -> tuple[str, ...]:
        """Every registered name, built-in ones first."""
        self._discover()
        return tuple(self._targets)

    def load(self, name: str) -> T:
        """The entry itself; raises UnknownName or Unavailable."""
        self._discover()
        if name not in self._targets:
            raise UnknownName(self._unknown(name))
        module, _, attribute = self._targets[name].partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, OSError) as error:
            raise Unavailable(
                f"{self.kind} {name} cannot be used here: {error}"
            ) from error

    def listing(self) -> Iterator[Listing]:
        """Every entry, loaded to see whether it works."""
        for name in self.names():
            problem = None
            try:
                self.load(name)
            except Unavailable as error:
                problem = str(error)
            yield Listing(name, self._targets[name], problem)

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        for entry in entry_points(group=self.group):
            self._targets.setdefault(entry.name, entry.value)

    def _unknown(self, name: str) -> str:
        close = difflib.get_close_matches(name, self._targets, n=3)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        return (
            f"unknown {self.kind} {name!r}: {hint}"
            f"there are {', '.join(sorted(self._targets))}"
        )


ENGINES: Registry[Any] = Registry(
    "engine",
    "avatarbench.engines",
    {
        "toon-tiktok": "benchmark.engines.toon:ToonTikTok",
        "toon-alter": "benchmark.engines.toon:ToonAlter",
        "avataaars": "benchmark.engines.dicebear:Avataaars",
    },
)
"""Engine classes, made without arguments."""

METHODS: Registry[Any] = Registry(
    "method",
    "avatarbench.methods",
    {
        "baseline": "methods.baseline:Baseline",
        "random": "methods.controls:Random",
        "constant": "methods.controls:Constant",
        "f2p": "methods.f2p.iterative:F2P",
        "f2p-v2": "methods.f2p.one_shot:F2PV2",
        "swiftavatar": "methods.swiftavatar.method:SwiftAvatar",
        "supervised": "methods.controls:Supervised",
        "supervised-shuffled": "methods.controls:SupervisedShuffled",
    },
)
"""Method classes, made with an instance of their `Options`."""

METRICS: Registry[Any] = Registry(
    "metric",
    "avatarbench.metrics",
    {
        "lpips": "evaluation.perceptual:Lpips",
        "st-lpips": "evaluation.perceptual:ShiftTolerantLpips",
        "part-iou": "evaluation.part_iou:PartIou",
        "discrete-accuracy": "evaluation.parameters:DiscreteAccuracy",
        "continuous-mae": "evaluation.parameters:ContinuousError",
        "macro-f1": "evaluation.parameters:MacroF1",
        "skin-ciede2000": "evaluation.colour:SkinDifference",
        "hair-ciede2000": "evaluation.colour:HairDifference",
    },
)
"""Metric classes, made with an `evaluation.base.MetricSetup`."""
