"""Lazy registries of engines, methods and metrics.

Entry points extend them, and engine files the registry of engines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Generic, TypeVar

from benchmark.avatars.names import check_plain_name
from benchmark.avatars.spec import did_you_mean
from benchmark.system.entry_points import readable_entry_points, title_of

T = TypeVar("T")


class UnknownName(LookupError):
    """No entry has that name; the message suggests similar names."""


class Unavailable(ImportError):
    """The entry exists but cannot be used; the message says why."""


@dataclass(frozen=True)
class Listing:
    """One line of `avatarbench list`.

    Attributes:
        name: the name in suites.
        target: its `module:attr`, or the path of its file.
        problem: why it cannot be used, or None.
        conflict: which other plugins have the same name, or None.
        entry: the class, or an instance of it for engines; None with a problem.
    """

    name: str
    target: str
    problem: str | None
    conflict: str | None = None
    entry: Any = None


class Registry(Generic[T]):
    """Maps names to `module:attr` targets, which are imported on first use.

    Third parties add entries through the entry point group `group`. A built-in entry
    takes precedence over an entry point of the same name. A plugin that cannot be used
    disables only itself.

    Args:
        kind: what the entries are, for messages.
        group: the entry point group.
        builtin: the targets of built-in entries by name.
        contract: `module:attr` of a function that takes an entry and returns one
            sentence for each breach of its contract.
        instances: whether entries are called without arguments before they are used
            and checked, as engines are.
        from_file: `module:attr` of a function that makes an instance from the path of
            a file `NAME.KIND.yaml` or `NAME/KIND.yaml`. Such files are found in the
            current folder and in those given to `look_in`.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        builtin: Mapping[str, str],
        contract: str | None = None,
        *,
        instances: bool = False,
        from_file: str | None = None,
    ) -> None:
        self.kind = kind
        self.group = group
        self._targets = dict(builtin)
        self._contract = contract
        self._instances = instances
        self._from_file = from_file
        self._folders: tuple[Path, ...] = ()
        self._plugins: dict[str, EntryPoint] = {}
        self._conflicts: dict[str, str] = {}
        self._unreadable: list[str] = []
        self._discovered = False

    def names(self) -> tuple[str, ...]:
        """Every registered name, built-in entries first, those of files last."""
        self._discover()
        return tuple(dict.fromkeys((*self._targets, *self._files())))

    def look_in(self, folder: Path) -> None:
        """Find entries that are files in `folder`, too; it comes before others."""
        self._folders = tuple(dict.fromkeys((folder.absolute(), *self._folders)))

    def file(self, name: str) -> Path | None:
        """The file of an entry that is a file; None for any other."""
        self._discover()
        return None if name in self._targets else self._files().get(name)

    def load(self, name: str) -> T:
        """Import and return the entry; raises UnknownName or Unavailable."""
        self._discover()
        if (path := self.file(name)) is not None:
            made: Any = partial(_import(str(self._from_file)), path)
            return made
        if name not in self._targets:
            raise UnknownName(self._unknown(name))
        with self._disabling(name, "cannot be imported"):
            entry: Any = _import(self._targets[name])
        if not self._instances:
            self._check(name, entry)
        return entry

    def create(self, name: str) -> Any:
        """A new instance, made without arguments; raises UnknownName or Unavailable."""
        make: Any = self.load(name)
        with self._disabling(name, "cannot be created without arguments"):
            try:
                made = make()
            except ImportError as error:  # of an engine that lacks something here
                raise self._unavailable(name, f"cannot be used: {error}") from error
        self._check(name, made)
        return made

    def listing(self) -> Iterator[Listing]:
        """Every entry, each imported and checked to see whether it works."""
        for name in self.names():
            problem = entry = None
            try:
                entry = self.create(name) if self._instances else self.load(name)
            except Unavailable as error:
                problem = str(error)
            conflict = self.conflict(name)
            target = self._targets.get(name) or str(self.file(name))
            yield Listing(name, target, problem, conflict, entry)

    def plugin(self, name: str) -> EntryPoint | None:
        """The entry point of a plugin; None for a built-in entry."""
        self._discover()
        return self._plugins.get(name)

    def conflict(self, name: str) -> str | None:
        """One sentence if a plugin is ignored because another entry has its name."""
        self._discover()
        if name in self._targets and (path := self._files().get(name)) is not None:
            return (
                f"{path} is ignored, because another {self.kind} has the name {name}; "
                "rename the file"
            )
        return self._conflicts.get(name)

    def unreadable(self) -> tuple[str, ...]:
        """One sentence for each distribution whose entry points cannot be read."""
        self._discover()
        return tuple(self._unreadable)

    @contextmanager
    def _disabling(self, name: str, problem: str) -> Iterator[None]:
        """Whatever code of an entry raises disables only that entry.

        Some exceptions, such as those of `sys.exit` and `pytest.skip`, are no
        `Exception`.
        """
        try:
            yield
        except (KeyboardInterrupt, Unavailable):
            raise
        except BaseException as error:
            raise self._unavailable(name, f"{problem}: {_describe(error)}") from error

    def _check(self, name: str, entry: Any) -> None:
        """Raise Unavailable if an entry breaks its contract."""
        if self._contract is None:
            return
        with self._disabling(name, "cannot be checked"):
            problems = _import(self._contract)(entry)
            given = None if problems else entry.meta.name
        if not problems and given != name:
            problems = [f"meta.name is {given!r}, but its registered name is {name!r}"]
        try:
            check_plain_name(name)
        except ValueError as error:
            problems = [*problems, str(error)]
        if problems:
            raise self._unavailable(name, f"breaks its contract: {'; '.join(problems)}")

    def _unavailable(self, name: str, problem: str) -> Unavailable:
        plugin = self._plugins.get(name)
        remedy = f" ({_origin(plugin)}; repair or uninstall it)" if plugin else ""
        return Unavailable(f"{self.kind} {name} {problem}{remedy}")

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        found, self._unreadable = readable_entry_points(self.group)
        # The order in which Python finds distributions is not fixed.
        for entry in sorted(found, key=_origin):
            name = entry.name
            if name not in self._targets:
                self._targets[name] = entry.value
                self._plugins[name] = entry
                continue
            used = self._plugins.get(name)
            if used is None or _origin(used) != _origin(entry):
                self._conflicts[name] = (
                    f"{self.kind} {name}: {_origin(entry)} is ignored, because "
                    f"{'a built-in entry' if used is None else _origin(used)} has the "
                    "same name; rename the entry point"
                )

    def _files(self) -> dict[str, Path]:
        """The files of entries by name, those of the first folder first."""
        found: dict[str, Path] = {}
        if self._from_file is None:
            return found
        ending = f"{self.kind}.yaml"
        for folder in dict.fromkeys((*self._folders, Path.cwd())):
            for path in sorted(folder.glob(f"*.{ending}")):
                found.setdefault(path.name.removesuffix(f".{ending}"), path)
            for path in sorted(folder.glob(f"*/{ending}")):
                found.setdefault(path.parent.name, path)
        return found

    def _unknown(self, name: str) -> str:
        names = self.names()
        known = (
            f"unknown {self.kind} {name!r}{did_you_mean(name, names)}; "
            f"the {self.kind}s are {', '.join(sorted(names))}"
        )
        return "; ".join((known, *self._unreadable))


def _import(target: str) -> Any:
    found = EntryPoint.pattern.match(target)
    if found is None or not found["attr"]:
        raise ImportError(f"{target!r} must have the form module:attribute")
    return EntryPoint("target", target, "avatarbench").load()


def _describe(error: BaseException) -> str:
    """An error in words; the name of its type only where the words need it."""
    if isinstance(error, (ImportError, AttributeError, OSError)) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _origin(entry: EntryPoint) -> str:
    """Group, name, target and distribution of a plugin, for messages."""
    source = f" of {title_of(entry.dist)}" if entry.dist else ""
    return f"entry point {entry.name} = {entry.value} in {entry.group}{source}"


ENGINES: Registry[Any] = Registry(
    "engine",
    "avatarbench.engines",
    {
        "toon-tiktok": "benchmark.engines.toon:ToonTikTok",
        "toon-alter": "benchmark.engines.toon:ToonAlter",
        "avataaars": "benchmark.engines.dicebear:Avataaars",
        "facesjs": "benchmark.engines.facesjs:Facesjs",
    },
    "benchmark.engines.base:engine_problems",
    instances=True,
    from_file="benchmark.engines.protocol.engine:engine_from_file",
)
"""Engine classes; `create` makes an instance."""

METHODS: Registry[Any] = Registry(
    "method",
    "avatarbench.methods",
    {
        "baseline": "methods.baseline:Baseline",
        "random": "methods.controls:Random",
        "constant": "methods.controls:Constant",
        "f2p": "methods.f2p.iterative:F2P",
        "f2p-v2": "methods.f2p.one_shot:F2PV2",
        "tos": "methods.tos.method:TOS",
        "agileavatar": "methods.agileavatar.method:AgileAvatar",
        "easycraft": "methods.easycraft.method:EasyCraft",
        "swiftavatar": "methods.swiftavatar.method:SwiftAvatar",
        "supervised": "methods.controls:Supervised",
        "supervised-shuffled": "methods.controls:SupervisedShuffled",
    },
    "methods.base:method_problems",
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
    "evaluation.base:metric_problems",
)
"""Metric classes; called with an `evaluation.base.MetricSetup`."""
