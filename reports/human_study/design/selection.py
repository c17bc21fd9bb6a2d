"""The part of a run that a study shows: methods, engines, faces and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from benchmark.avatars.spec import did_you_mean
from benchmark.storage.trial_folder import PICTURES
from reports.human_study.design.key import Metric
from reports.human_study.design.study import StudyError
from reports.trials import ReportedVariant, Run, Trial


class NoStudy(StudyError):
    """The run is unsuitable for a study. The message says why."""


@dataclass(frozen=True)
class Selection:
    """Methods, engines and the split of a run that a study shows.

    `seeds` holds the seed that is shown per method: the first one that finished on
    every engine. Controls and oracle rows are never shown.
    """

    run: Run
    methods: tuple[ReportedVariant, ...]
    engines: tuple[str, ...]
    split: str
    seeds: Mapping[str, int]

    @property
    def designer(self) -> str:
        """The main designer, whose ground truth is used in catch trials."""
        return self.run.designers[0]

    def trial(self, method: str, engine: str) -> Trial:
        """The trial from which a method's avatars are shown."""
        done = self.run.finished_trials(method, engine)
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
        """The metrics that were measured per face."""
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
        """A method's scores by metric and face; NaN if a metric does not apply."""
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
    """Choose what a study shows. Default: methods of Table 1, all engines, main split.

    Raises StudyError for unknown names, and NoStudy if there are fewer than two
    methods or a method has no seed that finished on every engine.
    """
    chosen = _methods(run, methods)
    places = _checked_names(engines, run.engines, "engine") or run.engines
    over = split or run.main_split
    _checked_names([over], tuple(run.splits), "split")
    seeds = {c.name: _seed(run, c, places) for c in chosen}
    return Selection(run, chosen, places, over, seeds)


def _methods(run: Run, names: Sequence[str]) -> tuple[ReportedVariant, ...]:
    candidates = {c.name: c for c in run.variants if c.role == "method"}
    wanted = _checked_names(names, tuple(candidates), "variant") or tuple(
        c.name for c in run.main_variants if c.name in candidates
    )
    if len(wanted) < 2:
        only = f"only one ({wanted[0]})" if wanted else "none"
        raise NoStudy(
            f"a study compares two or more methods, but the run has {only}; controls "
            "and oracle rows are not shown to raters"
        )
    return tuple(candidates[name] for name in wanted)


def _checked_names(
    names: Iterable[str], known: Sequence[str], noun: str
) -> tuple[str, ...]:
    """The names without duplicates; StudyError for an unknown one."""
    for name in names:
        if name not in known:
            raise StudyError(
                f"the run has no {noun} {name}{did_you_mean(name, known)}; it has "
                f"{', '.join(known) or 'none'}"
            )
    return tuple(dict.fromkeys(names))


def _seed(run: Run, method: ReportedVariant, engines: Sequence[str]) -> int:
    """The first seed with which a method finished on every engine."""
    finished = [
        {t.record["seed"] for t in run.finished_trials(method.name, engine)}
        for engine in engines
    ]
    everywhere = set.intersection(*finished)
    if not everywhere:
        raise NoStudy(
            f"{method.title} has no seed that finished on {' and '.join(engines)}; run "
            "the suite again, or choose other methods or engines"
        )
    return min(everywhere)
