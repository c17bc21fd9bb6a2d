"""What of a run a study shows: methods, engines, faces, and the pictures of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from benchmark.avatars.spec import nearest
from benchmark.storage.trial_folder import PICTURES
from reports.human_study.design.key import Metric
from reports.human_study.design.study import StudyError
from reports.trials import Contestant, Run, Trial


class NoStudy(StudyError):
    """A run has nothing to ask people about; the message says why."""


@dataclass(frozen=True)
class Selection:
    """The methods that meet in a study, on these engines, over the faces of a split.

    `seeds` says which seed of each method is shown: the first that finished on every
    engine. No control and no oracle row is ever shown.
    """

    run: Run
    methods: tuple[Contestant, ...]
    engines: tuple[str, ...]
    split: str
    seeds: Mapping[str, int]

    @property
    def designer(self) -> str:
        """Whose truths stand in catch trials: the main designer."""
        return self.run.designers[0]

    def trial(self, method: str, engine: str) -> Trial:
        """The trial whose avatars of a method are shown."""
        done = self.run.done(method, engine)
        return next(t for t in done if t.record["seed"] == self.seeds[method])

    @cached_property
    def faces(self) -> tuple[str, ...]:
        """The names of all faces of the split, sorted."""
        trial = self.trial(self.methods[0].name, self.engines[0])
        return tuple(sorted(map(str, self._cases(trial)["face"])))

    def portrait(self, face: str) -> Path:
        """The picture of a face."""
        return self._picture(self.methods[0].name, self.engines[0], face, "face")

    def avatar(self, method: str, engine: str, face: str) -> Path:
        """A method's avatar of a face."""
        return self._picture(method, engine, face, "prediction")

    def truth(self, engine: str, face: str) -> Path:
        """The designer's avatar of a face."""
        place = self.run.folder / "truths" / engine / self.designer / self.split
        return place / f"{face}.webp"

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """The metrics that were measured face by face."""
        return {
            m["name"]: Metric(
                title=m["title"],
                unit=m["unit"],
                direction=m["direction"],
                identity=m["identity"],
            )
            for m in self.run.metrics
            if m["level"] == "case" and m["skipped"] is None
        }

    def scores(self, method: str, engine: str) -> Mapping[str, Mapping[str, float]]:
        """A method's scores by metric and face; NaN where a metric does not apply."""
        cases = self._cases(self.trial(method, engine))
        faces = cases["face"].astype(str).tolist()
        return {
            metric: dict(zip(faces, cases[metric].astype(float).tolist(), strict=True))
            for metric in self.metrics
        }

    def _cases(self, trial: Trial) -> pd.DataFrame:
        return trial.scores(self.split, self.designer)

    def _picture(self, method: str, engine: str, face: str, kind: str) -> Path:
        folder = self.trial(method, engine).folder / PICTURES / self.split
        return folder / f"{face}.{kind}.webp"


def select(
    run: Run,
    methods: Sequence[str] = (),
    engines: Sequence[str] = (),
    split: str | None = None,
) -> Selection:
    """Choose what is shown: the methods of Table 1, all engines, the main split.

    Raises StudyError for names that the run does not have and for trials that failed,
    NoStudy where there are fewer than two methods.
    """
    chosen = _methods(run, methods)
    places = _named(engines, run.engines, "engine") or run.engines
    over = split or run.main_split
    _named([over], tuple(run.splits), "split")
    seeds = {c.name: _seed(run, c, places) for c in chosen}
    return Selection(run, chosen, places, over, seeds)


def _methods(run: Run, names: Sequence[str]) -> tuple[Contestant, ...]:
    rivals = {c.name: c for c in run.contestants if c.role == "method"}
    wanted = _named(names, tuple(rivals), "variant") or tuple(
        c.name for c in run.main_contestants if c.name in rivals
    )
    if len(wanted) < 2:
        only = f"one ({wanted[0]})" if wanted else "none"
        raise NoStudy(
            f"a study compares two or more methods, and here there is {only}; controls "
            "and oracle rows are not shown to people"
        )
    return tuple(rivals[name] for name in wanted)


def _named(names: Iterable[str], known: Sequence[str], noun: str) -> tuple[str, ...]:
    """The names, each once; StudyError for one that is not known."""
    for name in names:
        if name not in known:
            raise StudyError(
                f"the run has no {noun} {name}{nearest(name, known)}; it has "
                f"{', '.join(known) or 'none'}"
            )
    return tuple(dict.fromkeys(names))


def _seed(run: Run, method: Contestant, engines: Sequence[str]) -> int:
    """The first seed of a method that finished on every engine."""
    finished = [
        {t.record["seed"] for t in run.done(method.name, engine)} for engine in engines
    ]
    everywhere = set.intersection(*finished)
    if not everywhere:
        raise NoStudy(
            f"{method.title} has not finished on {' and '.join(engines)} with one "
            "seed: run the suite again, or name other methods or engines"
        )
    return min(everywhere)
