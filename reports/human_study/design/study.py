"""The frozen design of a study, read from its folder and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from benchmark.storage.digests import bytes_digest, file_digest
from reports.human_study.design.balanced_design import (
    balanced_square,
    random_below,
    random_stream,
    shuffled,
    shuffled_with_early,
    spread_among,
)

SCHEMA = 1
STUDY_FILE, KEY_FILE, EXCLUSIONS_FILE = "study.json", "key.json", "exclusions.yaml"
PICTURES = "pictures"
SECONDS_A_QUESTION = 8
"""How long a rater takes to answer, about."""

NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Pattern of a study name. It becomes part of file names and of study ids."""
Opaque = Annotated[str, Field(pattern=r"^[a-z0-9]{4,32}$")]
"""A random id. It consists of letters and digits, so it is safe in a path."""
Kind = Annotated[
    Literal["rating", "catch", "repeat"],
    # Deprecated: earlier versions wrote "judgement".
    BeforeValidator(lambda kind: "rating" if kind == "judgement" else kind),
]


class StudyError(ValueError):
    """A study cannot be created or used. The message names the file and a remedy."""


class FrozenModel(BaseModel):
    """Base of all models of a study's files. Unknown keys are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Consent(FrozenModel):
    """The consent text by language, and its version."""

    version: str
    text: Mapping[str, str]


class Settings(FrozenModel):
    """What raters may do.

    `tie` adds the answer "cannot tell". `back` says whether a rater may change an
    answer after the next face has been shown.
    """

    tie: bool
    back: Literal["allowed", "no"]


class Face(FrozenModel):
    """A face of the study and the id of its picture."""

    id: Opaque
    picture: Opaque


class StudyTrial(FrozenModel):
    """One face with its options: a rating trial, a catch trial or a repeat.

    `options` are in design order. `Study.assignment` gives the order in which they
    are shown. `repeats` is the id of the trial that a repeat shows again.
    """

    id: Opaque
    kind: Kind
    face: Opaque
    engine: str
    options: tuple[Opaque, ...]
    repeats: Opaque | None = None


class Shown(FrozenModel):
    """A trial as one participant sees it: position (from 1) and options by slot."""

    position: int
    trial: StudyTrial
    order: tuple[str, ...]


class Assignment(FrozenModel):
    """All trials that one participant is shown, in order."""

    index: int
    shown: tuple[Shown, ...]

    @cached_property
    def by_trial(self) -> Mapping[str, Shown]:
        """The shown trials by trial id."""
        return {shown.trial.id: shown for shown in self.shown}


class Study(FrozenModel):
    """The public design of a study. Secrets are only in its key.

    `texts` holds what raters read, by language and then by name (question,
    instructions …). `files` holds the SHA-256 of every other file of the folder, and
    `digest` the SHA-256 of the design itself. Reports reject the answers to a
    `simulated` study.
    """

    folder: Path = Field(exclude=True)
    study_schema: Literal[1] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=NAME)]
    title: str
    created: str
    seed: int = Field(ge=0)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    languages: tuple[str, ...] = Field(min_length=1)
    consent: Consent
    texts: Mapping[str, Mapping[str, str]]
    settings: Settings
    slots: int = Field(ge=2)
    engines: tuple[str, ...]
    faces: tuple[Face, ...]
    trials: tuple[StudyTrial, ...]
    files: Mapping[str, str]
    simulated: bool = False

    @model_validator(mode="after")
    def _check_consistency(self) -> Study:
        for problem in _find_problems(self):
            raise ValueError(problem)
        return self

    @property
    def id(self) -> str:
        """The study id that ratings carry: its name and the start of its digest."""
        return f"{self.name}-{self.digest[:12]}"

    @cached_property
    def by_trial(self) -> Mapping[str, StudyTrial]:
        """The trials by their ids."""
        return {trial.id: trial for trial in self.trials}

    @cached_property
    def by_face(self) -> Mapping[str, Face]:
        """The faces by their ids."""
        return {face.id: face for face in self.faces}

    @cached_property
    def pictures(self) -> Mapping[str, Path]:
        """The picture files by their ids. Only these ids lead to a file."""
        ids = {face.picture for face in self.faces}
        ids.update(option for trial in self.trials for option in trial.options)
        return {name: self.folder / PICTURES / f"{name}.webp" for name in sorted(ids)}

    @property
    def shown_faces(self) -> int:
        """Number of different faces in an assignment."""
        return len({trial.face for trial in self.trials})

    @property
    def minutes(self) -> int:
        """About how long an assignment takes: `SECONDS_A_QUESTION` each, at least 1."""
        return max(1, round(len(self.trials) * SECONDS_A_QUESTION / 60))

    def assignment(self, index: int) -> Assignment:
        """What participant `index` (0, 1, …) is shown. It is the same at every call.

        A repeat comes at least a quarter of the assignment after its original, and
        catch trials are spread evenly. Over a block of participants as long as the
        balanced square, every option of a trial is shown in every slot, and next to
        every other option, equally often.
        """
        if index < 0:
            raise ValueError(f"a participant's index is 0 or more, got {index}")
        square = balanced_square(self.slots)
        places = square[index % len(square)]
        shown = (
            Shown(
                position=position,
                trial=trial,
                order=tuple(trial.options[place] for place in places),
            )
            for position, trial in enumerate(self._sequence(index), start=1)
        )
        return Assignment(index=index, shown=tuple(shown))

    def _sequence(self, index: int) -> list[StudyTrial]:
        # The seed text keeps its old word: it decides the order of stored studies.
        numbers = random_stream(self.seed, "paper", index)
        kinds: dict[str, list[str]] = {"rating": [], "catch": [], "repeat": []}
        for trial in self.trials:
            kinds[trial.kind].append(trial.id)
        originals = frozenset(str(self.by_trial[r].repeats) for r in kinds["repeat"])
        order = shuffled_with_early(kinds["rating"], originals, numbers)
        late = (3 * len(order) + 3) // 4
        for repeat in shuffled(kinds["repeat"], numbers):
            order.insert(late + random_below(numbers, len(order) - late + 1), repeat)
        order = spread_among(shuffled(kinds["catch"], numbers), order, numbers)
        return [self.by_trial[name] for name in order]

    def to_data(self) -> dict[str, Any]:
        """`study.json` as data."""
        return self.model_dump(mode="json", by_alias=True)


def _find_problems(study: Study) -> list[str]:
    """Contradictions in a study, one sentence each."""
    problems = []
    trials, faces = [t.id for t in study.trials], [f.id for f in study.faces]
    if len(set(trials)) != len(trials) or len(set(faces)) != len(faces):
        problems.append("a trial id or a face id is used twice")
    for trial in study.trials:
        if trial.face not in faces:
            problems.append(f"trial {trial.id} shows the unknown face {trial.face}")
        if len(trial.options) != study.slots or len(set(trial.options)) != study.slots:
            problems.append(f"trial {trial.id} needs {study.slots} different options")
        if (trial.kind == "repeat") != (trial.repeats is not None):
            problems.append(f"trial {trial.id}: only repeats have the field `repeats`")
        elif trial.repeats is not None and trial.repeats not in trials:
            problems.append(f"trial {trial.id} repeats unknown trial {trial.repeats}")
        if trial.engine not in study.engines:
            problems.append(f"trial {trial.id} uses the unknown engine {trial.engine}")
    for language in study.languages:
        if language not in study.consent.text or language not in study.texts:
            problems.append(f"the consent or the texts lack the language {language}")
    return problems


def digest_of(data: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a design as canonical JSON, without its `digest`."""
    rest = {key: value for key, value in data.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return bytes_digest(text.encode())


def read_study(folder: Path) -> Study:
    """Read a study's design and check its pictures. The key is not read.

    Raises StudyError if the folder holds no study, or if the study was changed after
    it was frozen.
    """
    path = folder / STUDY_FILE
    data = _read_json(path)
    try:
        study = Study.model_validate({**data, "folder": folder})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the design"
        raise StudyError(f"{path}: {where}: {first['msg']}; {REMEDY}") from None
    if digest_of(data) != study.digest:
        raise StudyError(f"{path} was changed after the study was frozen; {REMEDY}")
    for name, picture in study.pictures.items():
        check_file(study, f"{PICTURES}/{name}.webp", picture)
    return study


REMEDY = "restore it from a copy, or make a new one with `avatarbench study create`"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(
            f"{path.parent} holds no study (no {STUDY_FILE}); pass the folder that "
            "`avatarbench study create` wrote"
        ) from None
    except (OSError, ValueError):
        raise StudyError(f"{path} is not readable JSON; {REMEDY}") from None
    if not isinstance(data, dict):
        raise StudyError(f"{path} must hold a JSON object; {REMEDY}")
    return data


def check_file(study: Study, name: str, path: Path) -> None:
    """Raise StudyError unless a file of the folder has its frozen digest."""
    try:
        digest = file_digest(path)
    except OSError:
        raise StudyError(f"{path} is missing or cannot be read; {REMEDY}") from None
    if digest != study.files.get(name):
        raise StudyError(f"{path} was changed after the study was frozen; {REMEDY}")
