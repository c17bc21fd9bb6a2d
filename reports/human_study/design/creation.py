"""Creates a frozen study from the trial folders of a run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from benchmark.avatars.counting import counted
from reports.human_study.design.album import Album
from reports.human_study.design.balanced_design import random_stream, shuffled
from reports.human_study.design.freezing import Draft, freeze
from reports.human_study.design.key import Key
from reports.human_study.design.questions import Questions, Trial
from reports.human_study.design.selection import Selection
from reports.human_study.design.study import NAME, SCHEMA, Study, StudyError
from reports.human_study.design.texts import StudyTexts

FACES = 50
"""Default number of faces: as many as in the paper."""

Ties = Literal["left out", "shared"]


@dataclass(frozen=True)
class Rule:
    """Which raters are excluded from the results. Fixed before the first answer.

    A rater is excluded who fails more than `max_failed_catches` catch trials (default:
    a quarter of them), has a median answer time below `min_median_seconds`, or answers
    less than the share `min_finished` of the assignment. A tie is "left out", or
    "shared" among all methods.
    """

    max_failed_catches: int | None = None
    min_median_seconds: float = 1.0
    min_finished: float = 0.5
    ties: Ties = "left out"

    def to_yaml(self, catches: int) -> str:
        """The text of `exclusions.yaml` for a study with `catches` catch trials."""
        most = self.max_failed_catches
        rule = vars(self) | {
            "max_failed_catches": catches // 4 if most is None else most
        }
        head = "# Fixed before the first answer and frozen with the study.\n"
        return head + yaml.safe_dump(rule, sort_keys=False)


@dataclass(frozen=True)
class StudyPlan:
    """Settings of a new study.

    `created` is an ISO date. `faces` defaults to 50, or all if there are fewer. For
    the defaults of `catches` and `repeats` see `Questions`.
    """

    name: str
    seed: int
    created: str
    texts: StudyTexts
    faces: int | None = None
    catches: int | None = None
    repeats: int | None = None
    tie: bool = False
    back: Literal["allowed", "no"] = "allowed"
    rule: Rule = Rule()


def create_study(selection: Selection, plan: StudyPlan, folder: Path) -> Study:
    """Create a study of a run in a new folder and freeze it.

    The seed determines faces, trials and orders; ids are random. Raises StudyError if
    the run has too few faces, a picture is missing, or the folder cannot be created.
    """
    return freeze(draft_study(selection, plan), folder)


def draft_study(selection: Selection, plan: StudyPlan) -> Draft:
    """The study as a draft that has not been written yet."""
    if re.fullmatch(NAME, plan.name) is None:
        raise StudyError(
            f"--name {plan.name}: a name has at most 64 lower-case letters, "
            "digits, hyphens, underscores and dots, and begins with a letter or digit"
        )
    numbers = random_stream(plan.seed, "design")
    album = Album(int(selection.run.first["render_size"]))
    questions = Questions(selection, album, numbers)
    names = shuffled(selection.faces, numbers)
    count = _face_count(plan.faces, names, selection.split)
    rated = questions.rating_trials(names[:count])
    repeats = questions.repeats(rated, plan.repeats)
    # Catch trials prefer faces that no rating trial shows.
    others = names[count:] + names[:count]
    catches = questions.catches(others, len(rated), plan.catches)
    design = _design(selection, plan, questions, [*rated, *repeats, *catches])
    rule = plan.rule.to_yaml(len(catches))
    return Draft(design, album.pictures, _key(selection, questions), rule)


def _face_count(wanted: int | None, names: Sequence[str], split: str) -> int:
    if wanted is None:
        return min(FACES, len(names))
    if not 0 < wanted <= len(names):
        raise StudyError(
            f"--faces {wanted}: the {split} split of the run has "
            f"{counted(len(names), 'face')}; ask for 1 to {len(names)}"
        )
    return wanted


def _design(
    selection: Selection, plan: StudyPlan, questions: Questions, trials: list[Trial]
) -> dict[str, Any]:
    texts = plan.texts.texts
    languages = list(texts)
    return {
        "schema": SCHEMA,
        "name": plan.name,
        "title": texts[languages[0]]["title"],
        "created": plan.created,
        "seed": plan.seed,
        "languages": languages,
        "consent": plan.texts.consent.model_dump(),
        "texts": texts,
        "settings": {"tie": plan.tie, "back": plan.back},
        "slots": questions.slots,
        "engines": selection.engines,
        # Sorted by id, so that the position in the list reveals nothing.
        "faces": sorted(questions.faces.values(), key=lambda face: face["id"]),
        "trials": sorted(trials, key=lambda trial: trial["id"]),
    }


def _key(selection: Selection, questions: Questions) -> Key:
    first = selection.run.first
    about = first["faces"]
    edition = f"version {about['version']} (digest {about['digest'][:12]})"
    return Key(
        suite=first["suite"],
        run=selection.run.folder.resolve().name,
        face_set=f"{about['name']} {edition}",
        stand_in=selection.run.stand_in,
        split=selection.split,
        designer=selection.designer,
        methods={c.name: c.title for c in selection.methods},
        seeds=selection.seeds,
        faces={face["id"]: name for name, face in questions.faces.items()},
        pictures={name: drawn.method for name, drawn in questions.drawn.items()},
        catches=questions.right,
        metrics=selection.metrics,
        scores=_scores(selection, questions),
    )


def _scores(
    selection: Selection, questions: Questions
) -> Mapping[str, Mapping[str, float | None]]:
    """Each metric's score of each picture; None if the metric does not apply."""
    scores = {
        (method.name, engine): selection.scores(method.name, engine)
        for method in selection.methods
        for engine in selection.engines
    }
    by_picture: dict[str, dict[str, float | None]] = {}
    for metric in selection.metrics:
        by_picture[metric] = {}
        for picture, drawn in questions.drawn.items():
            value = scores[drawn.method, drawn.engine][metric][drawn.face]
            by_picture[metric][picture] = value if math.isfinite(value) else None
    return by_picture
