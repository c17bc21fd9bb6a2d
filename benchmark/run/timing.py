"""Time fitted methods together: in every round, each of them gets a few calls.

Other work on the machine then slows all methods of a round alike. The speed of a method
is the median over rounds. Rounds in which other processes used the cores are repeated a
few times, and the quietest rounds count.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.avatars.counting import counted
from benchmark.config.schema import SpeedSection
from benchmark.storage.store import atomic_write
from benchmark.system.cpu_load import (
    cpu_seconds_of_others,
    load_average,
    usable_cores,
)
from benchmark.system.progress import Progress
from evaluation.speed import Calls, Clock, Subject, summarise, time_calls

SPEED_FILE = "timing.json"
TIMED_FACES = 8
"""Calls take these faces in turn, one face per call."""
ROUNDS, EXTRA_ROUNDS = 5, 3
"""Rounds that count, and the most that are added for disturbed ones."""
TOLERATED_CORES, TOLERATED_SECONDS = 0.2, 0.05
"""Use of the cores by other processes that does not disturb a round: their share, and
what the counters of the operating system cannot resolve."""

Timed = Subject[Tensor, AvatarVectors]


@dataclass(frozen=True)
class Entry:
    """A fitted method to time.

    Attributes:
        key: of its speed stage.
        load: reads the fitted method. It is dropped after its calls of a round, so that
            only one method is in memory.
        faces: loads (1, 3, S, S) faces.
    """

    key: str
    load: Callable[[], Timed]
    faces: Callable[[], Sequence[Tensor]]


@dataclass(frozen=True)
class Instruments:
    """What a round is measured with.

    Attributes:
        clock: times the calls.
        others: CPU seconds of other processes so far; NaN if unknown.
        spare_cores: cores that this process leaves to others.
        load: the load average of the machine; NaN if unknown.
        now: seconds of the round itself.
    """

    clock: Clock
    others: Callable[[], float] = cpu_seconds_of_others
    spare_cores: int = 0
    load: Callable[[], float] = load_average
    now: Callable[[], float] = time.monotonic


def instruments(clock: Clock, threads: int) -> Instruments:
    """The instruments of this machine for a process with that many threads."""
    return Instruments(clock, spare_cores=max(0, usable_cores() - threads))


@dataclass(frozen=True)
class Round:
    """One round: the calls of each entry by key, and what else the machine did.

    Attributes:
        calls: of each entry.
        seconds: that the round took.
        other_cores: mean number of cores that other processes used; None if unknown.
        load_average: of the last minute; None if unknown.
        disturbed: whether other processes used cores that this process needs.
    """

    calls: Mapping[str, Calls]
    seconds: float
    other_cores: float | None
    load_average: float | None
    disturbed: bool

    def describe(self, key: str) -> dict[str, Any]:
        """The round of one entry as timing.json tells it."""
        timing = summarise([self.calls[key]])
        data = asdict(self)
        del data["calls"]
        speeds = {
            "model_ms": timing.model.ms_p50,
            "end_to_end_ms": timing.end_to_end.ms_p50,
        }
        return {**data, **speeds}


@dataclass
class Session:
    """The rounds so far, and the errors of entries that failed, by key.

    `started` names the session: its date and time.
    """

    started: str
    rounds: list[Round] = field(default_factory=list)
    errors: dict[str, BaseException] = field(default_factory=dict)

    def counted(self) -> list[Round]:
        """The quietest rounds, `ROUNDS` at most, in the order of measurement."""
        quietest = sorted(
            range(len(self.rounds)), key=lambda i: self.rounds[i].other_cores or 0.0
        )
        return [self.rounds[i] for i in sorted(quietest[:ROUNDS])]

    def needs_round(self) -> bool:
        """Whether fewer rounds than count were quiet, and more may be added."""
        quiet = sum(not round.disturbed for round in self.rounds)
        return quiet < ROUNDS and len(self.rounds) < ROUNDS + EXTRA_ROUNDS

    def seconds(self) -> float:
        """That the rounds took."""
        return sum(round.seconds for round in self.rounds)

    def timing(self, key: str) -> dict[str, Any]:
        """The speed of an entry over the rounds that count, for timing.json."""
        counted = self.counted()
        known = [r.other_cores for r in counted if r.other_cores is not None]
        return {
            **summarise([round.calls[key] for round in counted]).to_json(),
            "session": self.started,
            "rounds": [round.describe(key) for round in counted],
            "disturbed_rounds": sum(round.disturbed for round in counted),
            "other_cores": max(known, default=None),
        }


def time_together(
    entries: Sequence[Entry],
    settings: SpeedSection,
    file: Path,
    tools: Instruments,
    progress: Progress,
    fatal: tuple[type[Exception], ...] = (),
) -> Session:
    """Time the entries in rounds: A, B, C, then A, B, C again.

    After each round, `file` holds all rounds. A session that was killed continues with
    them. An entry that raises is left out of further rounds, unless the exception is
    one of `fatal`.
    """
    session = _resume(file, {entry.key for entry in entries})
    calls, warmup = math.ceil(settings.repeats / ROUNDS), settings.warmup
    open_entries = list(entries)
    while open_entries and session.needs_round():
        number = len(session.rounds)
        found: dict[str, Calls] = {}
        started, others = tools.now(), tools.others()
        label = f"time {counted(len(open_entries), 'method')}, round {number + 1}"
        with progress.task(label, len(open_entries)) as bar:
            for entry in open_entries:
                try:
                    found[entry.key] = time_calls(
                        entry.load(),
                        entry.faces(),
                        warmup,
                        calls,
                        tools.clock,
                        first=number * calls,
                    )
                except (*fatal, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    session.errors[entry.key] = error
                bar.advance()
        open_entries = [e for e in open_entries if e.key not in session.errors]
        if not open_entries:
            break
        seconds, others = tools.now() - started, tools.others() - others
        session.rounds.append(_round(found, seconds, others, tools))
        _write(file, session)
        # What a process warms up once, such as kernels, stays warm.
        warmup = math.ceil(settings.warmup / ROUNDS)
    return session


def _round(
    calls: Mapping[str, Calls], seconds: float, others: float, tools: Instruments
) -> Round:
    known = seconds > 0 and not math.isnan(others)
    load = tools.load()
    bearable = (tools.spare_cores + TOLERATED_CORES) * seconds + TOLERATED_SECONDS
    return Round(
        calls,
        seconds,
        max(0.0, others / seconds) if known else None,
        None if math.isnan(load) else load,
        known and others > bearable,
    )


def _write(file: Path, session: Session) -> None:
    rounds = [asdict(round) for round in session.rounds]
    data = {"started": session.started, "rounds": rounds}
    atomic_write(file, json.dumps(data).encode())


def _resume(file: Path, keys: set[str]) -> Session:
    """The session in a file, with its rounds that hold all entries; else a new one."""
    fresh = Session(time.strftime("%Y-%m-%d %H:%M:%S"))
    if not file.is_file():
        return fresh
    data = json.loads(file.read_text(encoding="utf-8"))
    rounds = [
        Round(**{**r, "calls": {k: Calls(**calls) for k, calls in r["calls"].items()}})
        for r in data["rounds"]
        if keys <= r["calls"].keys()
    ]
    return Session(data["started"], rounds) if rounds else fresh


def read_speed(folder: Path) -> dict[str, Any]:
    """The speed in the folder of a finished speed stage."""
    return json.loads((folder / SPEED_FILE).read_text())
