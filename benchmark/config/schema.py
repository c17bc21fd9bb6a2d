"""The sections of a suite file: the keys below the top level and their types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from benchmark.avatars.names import check_name_of_words, check_plain_name

Name = Annotated[str, AfterValidator(check_name_of_words)]
"""Lower-case words joined by hyphens, safe in file names and tags."""

PlainName = Annotated[str, AfterValidator(check_plain_name)]
"""A name that is safe in file names and MLflow keys."""

Title = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Count = Annotated[int, Field(ge=1)] | None


class Section(BaseModel):
    """A part of a suite; unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FacesSection(Section):
    """The faces of a suite. Exactly one of `set`, `packed`, `folder`, `ffhq` is given.

    Attributes:
        set: name of an embedded face set.
        packed: a sealed folder of parquet files.
        folder: a plain folder of pictures; needs `truth`.
        ffhq: an FFHQ tree; needs `truth`.
        truth: ground-truth CSV files, as {engine: {designer: file}}. With `set` and
            `packed`, they are added to the ground truth of the set.
        splits: text files that list the face ids of each split. With `set` and
            `packed`, they make the set's own splits smaller.
        train_count: use only so many train faces; None means all.
        validation_count: the same for validation faces.
        heldout_count: the same for held-out faces.
    """

    set: str | None = None
    packed: Path | None = None
    folder: Path | None = None
    ffhq: Path | None = None
    truth: dict[PlainName, dict[PlainName, Path]] = Field(default_factory=dict)
    splits: dict[str, Path] = Field(default_factory=dict)
    train_count: Count = None
    validation_count: Count = None
    heldout_count: Count = None

    @model_validator(mode="after")
    def _one_source(self) -> FacesSection:
        kinds = ("set", "packed", "folder", "ffhq")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"must have exactly one of {', '.join(kinds)}")
        if given[0] in {"folder", "ffhq"} and not self.truth:
            raise ValueError(
                f"{given[0]} needs truth: a CSV for each engine and designer"
            )
        return self

    def relative_to(self, root: Path) -> FacesSection:
        """The same section with relative paths resolved against `root`."""
        sources = {
            kind: root / path
            for kind in ("packed", "folder", "ffhq")
            if (path := getattr(self, kind)) is not None
        }
        truth = {
            engine: {designer: root / path for designer, path in files.items()}
            for engine, files in self.truth.items()
        }
        splits = {name: root / path for name, path in self.splits.items()}
        return self.model_copy(update={**sources, "truth": truth, "splits": splits})


class VariantSection(Section):
    """A method with its options: one row of the tables.

    Attributes:
        name: of the row.
        method: name of the method.
        title: shown in tables.
        options: override the shared options.
        engine_options: override `options` on one engine, by its name.
    """

    name: Name
    method: str
    title: Title | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    engine_options: dict[str, dict[str, Any]] = Field(default_factory=dict)


class SpeedSection(Section):
    """Speed measurement: untimed warm-up calls, then timed ones, one face per call."""

    warmup: Annotated[int, Field(ge=1)] = 10
    repeats: Annotated[int, Field(ge=5)] = 50


class AblationSection(Section):
    """The ablation of a suite (Table 3).

    Attributes:
        title: of the table.
        steps: variants in order. Each adds one step to the one before it; the last is
            the whole method. The old key `rungs` is still read, and it remains the key
            in resolved.yaml.
        beyond: variants that change one thing of the last step.
        labels: row labels for variants whose title does not fit this table, such as
            "+ semantic augmentation" for the row that is SwiftAvatar elsewhere.
    """

    title: Title
    steps: tuple[Name, ...] = Field(
        validation_alias=AliasChoices("steps", "rungs"), serialization_alias="rungs"
    )
    beyond: tuple[Name, ...] = ()
    labels: dict[Name, Title] = Field(default_factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        """Every variant of the ablation, the steps first."""
        return self.steps + self.beyond

    @model_validator(mode="after")
    def _check_members(self) -> AblationSection:
        if len(self.steps) < 2:
            raise ValueError("steps must list at least two variants")
        for name in self.members:
            if self.members.count(name) > 1:
                raise ValueError(f"{name} is listed twice among steps and beyond")
        for name in self.labels:
            if name not in self.members:
                raise ValueError(f"labels: {name} is in neither steps nor beyond")
        return self


Split = Literal["heldout", "validation"]
