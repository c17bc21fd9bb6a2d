"""Lazy registries of engines, methods and metrics; entry points extend them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from benchmark.avatars.spec import did_you_mean

T = TypeVar("T")


class UnknownName(LookupError):
    """No entry has that name; the message suggests similar names."""


class Unavailable(ImportError):
    """The entry exists but cannot be imported; the message says why."""


@dataclass(frozen=True)
class Listing:
    """One line of `avatarbench list`: name, `module:attr`, import problem or None."""

    name: str
    target: str
    problem: str | None


class Registry(Generic[T]):
    """Maps names to `module:attr` targets, which are imported on first use.

    Third parties add entries through the entry point group `group`. A built-in entry
    takes precedence over an entry point of the same name.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self._targets = dict(builtin)
        self._discovered = False

    def names(self) -> tuple[str, ...]:
        """Every registered name, built-in entries first."""
        self._discover()
        return tuple(self._targets)

    def load(self, name: str) -> T:
        """Import and return the entry; raises UnknownName or Unavailable."""
        self._discover()
        if name not in self._targets:
            raise UnknownName(self._unknown(name))
        module, _, attribute = self._targets[name].partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, OSError) as error:
            raise Unavailable(
                f"{self.kind} {name} cannot be imported: {error}"
            ) from error

    def listing(self) -> Iterator[Listing]:
        """Every entry, each imported to see whether it works."""
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
        return (
            f"unknown {self.kind} {name!r}{did_you_mean(name, self._targets)}; "
            f"the {self.kind}s are {', '.join(sorted(self._targets))}"
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
"""Engine classes; called without arguments."""

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
"""Method classes; called with an instance of their `Options`."""

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
"""Metric classes; called with an `evaluation.base.MetricSetup`."""
