"""The method interface: fit to an engine without ground truth, then predict vectors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine, RenderOnly
from benchmark.storage.store import Store
from benchmark.system.progress import Progress


class MethodError(RuntimeError):
    """A method cannot do what was asked; the message says what is missing."""


@dataclass(frozen=True)
class PretrainedPart:
    """A pretrained component of a method: its source, training data and licence.

    For weights that an option selects, `source` begins with the word "option" and
    names that option. Tables then show the file that the run loaded.
    """

    name: str
    source: str
    data: str
    licence: str


@dataclass(frozen=True)
class MethodMeta:
    """The metadata of a method; tables and stage keys are built from it.

    Attributes:
        name: the registry name.
        title: the name in tables.
        version: the version of the method.
        paper: the citation; empty for controls.
        licence: an SPDX identifier.
        role: "method", "control" (no learning), or "oracle" (may use ground truth and
            is marked in every table).
        revision: changes with every change of behaviour.
        needs: every weight file that some options require; `required_weights` names
            those of given options.
        pretrained: components that the method does not train itself.
    """

    name: str
    title: str
    version: str
    paper: str
    licence: str
    role: Literal["method", "control", "oracle"] = "method"
    revision: str = "1"
    needs: tuple[str, ...] = ()
    pretrained: tuple[PretrainedPart, ...] = ()


class MethodOptions(BaseModel):
    """Base class of a method's options; unknown keys raise a ValidationError."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    input_size: int = Field(224, ge=16, le=1024)
    """Side in pixels of the square faces that `predict` takes."""

    @classmethod
    def accepted_names(cls) -> frozenset[str]:
        """Names under which a suite may give these options, old spellings included."""
        return frozenset((*cls.model_fields, *cls.old_names()))

    @classmethod
    def old_names(cls) -> dict[str, str]:
        """The name of an option by each of its old spellings."""
        return {
            old: name
            for name, option in cls.model_fields.items()
            if isinstance(option.validation_alias, AliasChoices)
            for old in option.validation_alias.choices
            if isinstance(old, str) and old != name
        }


@dataclass(frozen=True)
class Pictures:
    """Unlabelled pictures, (n, S, S, 3) uint8 RGB, and the digest of their content."""

    images: NDArray[np.uint8]
    digest: str


@dataclass(frozen=True)
class Labelled:
    """Train faces with their ground truth; only oracle methods receive them."""

    faces: Pictures
    truth: AvatarVectors
    digest: str


@dataclass(frozen=True)
class FitContext:
    """Everything that a method may use while it fits.

    It holds no attributes of the faces and, except for oracles, no ground truth.

    Attributes:
        engine: the avatar engine to learn.
        faces: unlabelled train faces.
        store: caches the stages of the fit.
        device: the torch device.
        seed: the seed of the trial.
        progress: progress bars and logged figures.
        weights: the verified file of each name in `required_weights`.
        labelled: train faces with ground truth; None unless the method is an oracle.
    """

    engine: Engine
    faces: Pictures
    store: Store
    device: str
    seed: int
    progress: Progress
    weights: Mapping[str, Path] = field(default_factory=dict)
    labelled: Labelled | None = None


def weight_files(
    context: FitContext, names: Iterable[str], method: str, section: str
) -> dict[str, Path]:
    """The weight files to read, by name.

    Raises MethodError, which names the section of the method's options that asks for
    them, where the context lacks one.
    """
    wanted = tuple(names)
    missing = [name for name in wanted if name not in context.weights]
    if missing:
        raise MethodError(
            f"{method} needs the weight file {' and '.join(missing)}: see "
            f"`avatarbench weights list`, or change the options under {section}"
        )
    return {name: context.weights[name] for name in wanted}


@runtime_checkable
class Method(Protocol):
    """A method of the benchmark: it is fitted to one engine, then predicts vectors."""

    meta: ClassVar[MethodMeta]
    Options: ClassVar[type[MethodOptions]]
    options: MethodOptions

    def __init__(self, options: MethodOptions) -> None: ...

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """Names of the weight files (benchmark.weights) that a fit reads."""
        ...

    def fit(self, context: FitContext) -> None:
        """Learn the engine.

        A fit that was killed resumes. Its stages are cached in `context.store`.
        """
        ...

    def predict(self, faces: torch.Tensor) -> AvatarVectors:
        """Predict the vectors of (n, 3, S, S) float32 faces in [-1, 1].

        S is `options.input_size`; n may be 0. The same faces give the same vectors,
        also after `load`. Raises ValueError for any other shape,
        type or range.
        """
        ...

    def save(self, folder: Path | str) -> None:
        """Write the fitted method as safetensors and JSON, never as pickle."""
        ...

    @classmethod
    def load(cls, folder: Path | str, device: str = "cpu") -> Self:
        """Read what `save` wrote, to predict on `device`; the engine is not needed.

        A method that renders while it predicts gets it later (`EngineUser`).
        """
        ...


@runtime_checkable
class EngineUser(Protocol):
    """A method that renders while it predicts, such as the candidates of a search.

    After `fit` it uses the engine of the context. A saved method holds no engine, so
    whoever loads one calls `with_engine`.
    """

    def use_engine(self, engine: Engine) -> None:
        """Render with this engine, to which the method must be fitted.

        Raises MethodError for an engine with another spec. Its version may differ from
        the one of the fit; the renders may then differ, too.
        """
        ...


@runtime_checkable
class OtherEngines(Protocol):
    """A method whose fit to one engine uses renders of other engines, too.

    A suite that names an unknown engine is refused, and the fit is repeated when one of
    these engines changes.
    """

    @classmethod
    def other_engines(cls, options: Any) -> tuple[str, ...]:
        """Names of these engines for given options."""
        ...


def with_engine(method: Method, open_engine: Callable[[], Engine]) -> Method:
    """The loaded method; one that renders while it predicts gets the engine."""
    if isinstance(method, EngineUser):
        method.use_engine(RenderOnly(open_engine()))
    return method


_FUNCTIONS = {
    "__init__": "options",
    "fit": "context",
    "predict": "faces",
    "save": "folder",
    "required_weights": "options",
    "load": "folder, device",
}
"""The functions of a method and what they are called with."""
_OPTIONAL = {"use_engine": "engine", "other_engines": "options"}
"""Functions that only some methods have (`EngineUser`, `OtherEngines`)."""
_OF_CLASS = ("required_weights", "load", "other_engines")


def method_problems(method: Any) -> list[str]:
    """One sentence for each part of the contract that a method class lacks.

    Nothing is fitted.
    """
    if not isinstance(method, type):
        return ["it must be a class"]
    problems: list[str] = []
    if not isinstance(getattr(method, "meta", None), MethodMeta):
        problems.append("meta must be a MethodMeta")
    options = getattr(method, "Options", None)
    if not (isinstance(options, type) and issubclass(options, MethodOptions)):
        problems.append("Options must be a subclass of MethodOptions")
    missing = [name for name in _FUNCTIONS if not hasattr(method, name)]
    if missing:
        problems.append(f"it has no {', '.join(missing)}")
    optional = {k: v for k, v in _OPTIONAL.items() if hasattr(method, k)}
    for name, arguments in (_FUNCTIONS | optional).items():
        if name in missing:
            continue
        member = inspect.getattr_static(method, name)
        bound = isinstance(member, (classmethod, staticmethod))
        count = arguments.count(",") + 1 + (name not in _OF_CLASS)
        if name in _OF_CLASS and not bound:
            problems.append(f"{name} must be a classmethod")
        elif not _accepts(getattr(method, name), count):
            problems.append(f"{name} must take ({arguments})")
    return problems


def _accepts(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with so many positional arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a function of compiled code has no signature
        return True
    return True
