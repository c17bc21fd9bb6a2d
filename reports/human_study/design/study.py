"""A study as its folder holds it: the frozen design, read and checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from benchmark.storage.digests import file_digest
from reports.human_study.design.balanced_design import (
    balanced_square,
    below,
    early,
    shuffled,
    spread,
    stream,
)

SCHEMA = 1
STUDY_FILE, KEY_FILE, EXCLUSIONS_FILE = "study.json", "key.json", "exclusions.yaml"
PICTURES = "pictures"

NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Names of studies, which stand in files' names and in judgements."""
Opaque = Annotated[str, Field(pattern=r"^[a-z0-9]{4,32}$")]
"""An id that says nothing; letters and digits alone, so it is safe in a path."""
Kind = Literal["judgement", "catch", "repeat"]


class StudyError(ValueError):
    """A study cannot be made or used; the message names the file and what to do."""


class Part(BaseModel):
    """A part of a file of a study; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Consent(Part):
    """What a volunteer agrees to: the text by language, under one version."""

    version: str
    text: Mapping[str, str]


class Settings(Part):
    """What raters may do.

    With `tie` there is an answer "cannot tell"; `back` says whether an answer may be
    changed once the next face is shown.
    """

    tie: bool
    back: Literal["allowed", "no"]


class Face(Part):
    """A face that is shown, and the id of its picture."""

    id: Opaque
    picture: Opaque


class StudyTrial(Part):
    """One face with its options: a judgement, a catch trial, or a repeat of another.

    The order of `options` is that of the design, not one in which they are shown:
    `Study.paper` gives that. `repeats` is the id of the trial that is shown again.
    """

    id: Opaque
    kind: Kind
    face: Opaque
    engine: str
    options: tuple[Opaque, ...]
    repeats: Opaque | None = None


class Shown(Part):
    """A trial as one participant sees it: the n-th (from 1), its options by slot."""

    position: int
    trial: StudyTrial
    order: tuple[str, ...]


class Paper(Part):
    """All that one participant is shown, in order."""

    index: int
    shown: tuple[Shown, ...]

    @cached_property
    def by_trial(self) -> Mapping[str, Shown]:
        """What is shown, by the trial's id."""
        return {shown.trial.id: shown for shown in self.shown}


class Study(Part):
    """The public design of a study; what is secret lies in its key alone.

    `texts` holds what raters read, by language and then by name (question,
    instructions …); `files` the SHA-256 of every other file of the folder; `digest`
    that of all of this. A `simulated` study is one whose answers no report may print.
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
    def _hangs_together(self) -> Study:
        for problem in _problems(self):
            raise ValueError(problem)
        return self

    @property
    def id(self) -> str:
        """What judgements name the study by: its name and the start of its digest."""
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
        """The picture files by their ids; no other id leads to a file."""
        ids = {face.picture for face in self.faces}
        ids.update(option for trial in self.trials for option in trial.options)
        return {name: self.folder / PICTURES / f"{name}.webp" for name in sorted(ids)}

    def paper(self, index: int) -> Paper:
        """What participant `index` (0, 1, …) is shown; the same at every call.

        Repeats come a quarter of the paper or more after what they repeat, catch trials
        are spread. Over each block of participants as long as the balanced square every
        option of a trial stands in every slot, and beside every other, equally often.
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
        return Paper(index=index, shown=tuple(shown))

    def _sequence(self, index: int) -> list[StudyTrial]:
        numbers = stream(self.seed, "paper", index)
        kinds: dict[str, list[str]] = {"judgement": [], "catch": [], "repeat": []}
        for trial in self.trials:
            kinds[trial.kind].append(trial.id)
        originals = frozenset(str(self.by_trial[r].repeats) for r in kinds["repeat"])
        order = early(kinds["judgement"], originals, numbers)
        late = (3 * len(order) + 3) // 4
        for repeat in shuffled(kinds["repeat"], numbers):
            order.insert(late + below(numbers, len(order) - late + 1), repeat)
        order = spread(shuffled(kinds["catch"], numbers), order, numbers)
        return [self.by_trial[name] for name in order]

    def to_data(self) -> dict[str, Any]:
        """`study.json` as data."""
        return self.model_dump(mode="json", by_alias=True)


def _problems(study: Study) -> list[str]:
    """What of a study contradicts itself, a sentence each."""
    found = []
    trials, faces = [t.id for t in study.trials], [f.id for f in study.faces]
    if len(set(trials)) != len(trials) or len(set(faces)) != len(faces):
        found.append("an id of a trial or a face is given twice")
    for trial in study.trials:
        if trial.face not in faces:
            found.append(f"trial {trial.id} shows the unknown face {trial.face}")
        if len(trial.options) != study.slots or len(set(trial.options)) != study.slots:
            found.append(f"trial {trial.id} needs {study.slots} different options")
        if (trial.kind == "repeat") != (trial.repeats is not None):
            found.append(f"trial {trial.id}: a repeat, and nothing else, has `repeats`")
        elif trial.repeats is not None and trial.repeats not in trials:
            found.append(f"trial {trial.id} repeats the unknown {trial.repeats}")
        if trial.engine not in study.engines:
            found.append(f"trial {trial.id} is of the unknown engine {trial.engine}")
    for language in study.languages:
        if language not in study.consent.text or language not in study.texts:
            found.append(f"there is no consent or no text in the language {language}")
    return found


def digest_of(data: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a design without its `digest`, as canonical JSON."""
    rest = {key: value for key, value in data.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_study(folder: Path) -> Study:
    """Read a study's design and check its pictures; the key stays closed.

    Raises StudyError where the folder holds no study, or one that was changed since it
    was frozen.
    """
    path = folder / STUDY_FILE
    data = _read_json(path)
    try:
        study = Study.model_validate({**data, "folder": folder})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the design"
        raise StudyError(f"{path}: {where}: {first['msg']}; {AGAIN}") from None
    if digest_of(data) != study.digest:
        raise StudyError(f"{path} was changed since the study was frozen; {AGAIN}")
    for name, picture in study.pictures.items():
        check_file(study, f"{PICTURES}/{name}.webp", picture)
    return study


AGAIN = "take it from a copy, or make a new study with `avatarbench study create`"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(
            f"{path.parent} holds no study (no {STUDY_FILE}); give the folder that "
            "`avatarbench study create` wrote"
        ) from None
    except (OSError, ValueError):
        raise StudyError(f"{path} is not readable JSON; {AGAIN}") from None
    if not isinstance(data, dict):
        raise StudyError(f"{path} must hold a JSON object; {AGAIN}")
    return data


def check_file(study: Study, name: str, path: Path) -> None:
    """Raise StudyError unless a file of the folder is the one that was frozen."""
    try:
        found = file_digest(path)
    except OSError:
        raise StudyError(f"{path} is missing or cannot be read; {AGAIN}") from None
    if found != study.files.get(name):
        raise StudyError(f"{path} was changed since the study was frozen; {AGAIN}")
