"""The sections of a suite file: what each key below the top may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

Name = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)
]
"""Lower-case words joined by hyphens: safe in file names, tags and tables."""

Title = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Count = Annotated[int, Field(ge=1)] | None


class Section(BaseModel):
    """A part of a suite; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FacesSection(Section):
    """Which faces: an embedded set, a sealed or plain folder, an FFHQ tree; how many.

    Exactly one of `set`, `packed`, `folder` and `ffhq` is given. The latter two come
    with `truth`, the CSV of each engine's designers (`truth: {engine: {designer:
    file}}`), and a folder may list its `splits` in text files. Counts of None mean all.
    """

    set: str | None = None
    packed: Path | None = None
    folder: Path | None = None
    ffhq: Path | None = None
    truth: dict[str, dict[str, Path]] = Field(default_factory=dict)
    splits: dict[str, Path] = Field(default_factory=dict)
    train_count: Count = None
    validation_count: Count = None
    heldout_count: Count = None

    @model_validator(mode="after")
    def _one_source(self) -> FacesSection:
        kinds = ("set", "packed", "folder", "ffhq")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(kinds)}")
        if given[0] in {"folder", "ffhq"} and not self.truth:
            raise ValueError(f"{given[0]} needs truth: CSVs by engine and designer")
        return self

    def below(self, root: Path) -> FacesSection:
        """The same faces with every relative path counted from `root`."""
        places = {
            kind: root / path
            for kind in ("packed", "folder", "ffhq")
            if (path := getattr(self, kind)) is not None
        }
        truth = {
            engine: {designer: root / path for designer, path in files.items()}
            for engine, files in self.truth.items()
        }
        splits = {name: root / path for name, path in self.splits.items()}
        return self.model_copy(update={**places, "truth": truth, "splits": splits})


class VariantSection(Section):
    """A method under one configuration: one row of the tables."""

    name: Name
    method: str
    title: Title | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class SpeedSection(Section):
    """How speed is measured: untimed calls first, then timed ones, one face a call."""

    warmup: Annotated[int, Field(ge=1)] = 10
    repeats: Annotated[int, Field(ge=5)] = 50


class AblationSection(Section):
    """The suite's Table 3: variants that each add a step, and some beyond the paper.

    `rungs` are variants in order, each one the rung before it and a step more; the last
    is the whole method. Each variant of `beyond` differs from the last rung. `labels`
    are what the table calls a variant where its title is not meant ("+ semantic
    augmentation" for the row that is SwiftAvatar elsewhere).
    """

    title: Title
    rungs: tuple[Name, ...]
    beyond: tuple[Name, ...] = ()
    labels: dict[Name, Title] = Field(default_factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        """Every variant of the ablation, the rungs first."""
        return self.rungs + self.beyond

    @model_validator(mode="after")
    def _rungs_to_climb(self) -> AblationSection:
        if len(self.rungs) < 2:
            raise ValueError("rungs needs at least two variants")
        for name in self.members:
            if self.members.count(name) > 1:
                raise ValueError(f"{name} stands twice among rungs and beyond")
        for name in self.labels:
            if name not in self.members:
                raise ValueError(f"labels: {name} is among neither rungs nor beyond")
        return self


Split = Literal["heldout", "validation"]
