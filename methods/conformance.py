"""Conformance checks of the method contract; `check_method` runs all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from benchmark.engines.conformance import Finding
from methods.base import FitContext, Method, MethodOptions, with_engine

ADVICE = {
    "fit": "fit must learn any engine from its spec and its renders. Read names and "
    "options of parameters from engine.spec.",
    "predict": "predict must return one vector of the engine's spec for each face, "
    "for any number of faces.",
    "batches": "The prediction for a face must not depend on the other faces of its "
    "batch. Put networks into eval mode.",
    "refusals": "predict must raise ValueError for faces of another size, type or "
    "range; methods.shared.pictures.check_faces does it.",
    "saving": "save must write all that predict needs as JSON and safetensors, and "
    "load must read it without the engine; methods.shared.saving does both.",
    "determinism": "The same seed must give the same method. Draw random numbers from "
    "context.seed only, and keep nothing between fits.",
    "not fitted": "predict must raise an error before fit, and load must raise one "
    "for a folder without a saved method.",
}
"""What each check demands, and the remedy."""
ROUNDING = 1e-4
"""Largest difference of continuous values that batches of other sizes may cause."""
SUFFIXES = {".json", ".safetensors"}

MakeContext = Callable[[], FitContext]


def check_method(
    method: type[Method], options: MethodOptions, contexts: dict[str, MakeContext]
) -> Iterator[Finding]:
    """Fit a method to each engine, twice to the first, and check the contract.

    Args:
        method: the class.
        options: small enough for a fit that takes seconds.
        contexts: make a context with a new store, by the name of the engine.

    Yields:
        The findings; nothing if the method conforms.
    """
    yield from _attempt("not fitted", "predict", _check_unfitted, method, options)
    for number, (engine, make) in enumerate(contexts.items()):
        findings = [*_attempt("fit", engine, _check_fit, method, options, engine, make)]
        yield from findings
        fitted = not any(finding.check == "fit" for finding in findings)
        if fitted and number == 0:
            subject = "a second fit"
            yield from _attempt(
                "determinism", subject, _check_determinism, method, options, make
            )


def _attempt(
    check: str, subject: str, function: Callable[..., Iterator[Finding]], *given: Any
) -> Iterator[Finding]:
    """The findings of a check; whatever a plugin raises is one."""
    try:
        yield from function(*given)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # such as SystemExit
        yield Finding(check, subject, f"raised {_in_words(error)}")


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _fit(method: type[Method], options: MethodOptions, context: FitContext) -> Method:
    torch.manual_seed(context.seed)
    instance = method(options)
    instance.fit(context)
    return instance


def _check_unfitted(method: type[Method], options: MethodOptions) -> Iterator[Finding]:
    if not _raises(lambda: method(options).predict(_faces(1, options))):
        yield Finding("not fitted", "predict", "predicts before it is fitted")
    with tempfile.TemporaryDirectory() as empty:
        if not _raises(lambda: method.load(Path(empty))):
            yield Finding("not fitted", "load", "loads an empty folder")


def _raises(call: Callable[[], Any]) -> bool:
    try:
        call()
    except Exception:
        return True
    return False


def _check_fit(
    method: type[Method], options: MethodOptions, engine: str, make: MakeContext
) -> Iterator[Finding]:
    context = make()
    fitted = _fit(method, options, context)
    checks = (
        ("predict", _check_counts),
        ("batches", _check_batches),
        ("refusals", _check_refusals),
        ("saving", _check_saving),
    )
    for name, check in checks:
        yield from _attempt(name, engine, check, fitted, options, context.engine)


def _faces(count: int, options: MethodOptions) -> Tensor:
    """(count, 3, S, S) noise in [-1, 1]."""
    generator = torch.Generator().manual_seed(3)
    size = options.input_size
    return torch.rand(count, 3, size, size, generator=generator) * 2 - 1


def _check_counts(
    fitted: Method, options: MethodOptions, engine: Engine
) -> Iterator[Finding]:
    spec, name = engine.spec, engine.meta.name
    for count in (0, 1, 5):
        vectors: Any = fitted.predict(_faces(count, options))
        if not isinstance(vectors, AvatarVectors):
            kind = type(vectors).__name__
            yield Finding("predict", name, f"returned {kind}, not AvatarVectors")
        elif vectors.spec != spec or len(vectors) != count:
            message = (
                f"returned {len(vectors)} vectors of {vectors.spec.name} for {count} "
                f"faces of {spec.name}"
            )
            yield Finding("predict", name, message)


def _check_batches(
    fitted: Method, options: MethodOptions, engine: Engine
) -> Iterator[Finding]:
    name = engine.meta.name
    faces = _faces(5, options)
    alone = [fitted.predict(faces[row : row + 1]) for row in range(len(faces))]
    if not _alike(fitted.predict(faces), AvatarVectors.concatenate(alone)):
        yield Finding("batches", name, "five faces together and one by one differ")
    if not _alike(fitted.predict(faces), fitted.predict(faces)):
        yield Finding("batches", name, "the same faces give other vectors")


def _alike(first: AvatarVectors, second: AvatarVectors) -> bool:
    return np.array_equal(first.discrete, second.discrete) and np.allclose(
        first.continuous, second.continuous, rtol=0, atol=ROUNDING
    )


def _check_refusals(
    fitted: Method, options: MethodOptions, engine: Engine
) -> Iterator[Finding]:
    name = engine.meta.name
    good = _faces(2, options)
    bad = {
        "faces of another size": good[:, :, ::2, ::2],
        "channels last": good.permute(0, 2, 3, 1),
        "one face without a batch": good[0],
        "values outside [-1, 1]": good * 255,
        "values that are not finite": torch.full_like(good, float("nan")),
        "float64": good.double(),
    }
    for subject, faces in bad.items():
        try:
            fitted.predict(faces)
        except ValueError:
            continue
        except Exception as error:
            message = f"{name}: predict raises {type(error).__name__}, not ValueError"
        else:
            message = f"{name}: predict raises no ValueError"
        yield Finding("refusals", subject, message)


def _check_saving(
    fitted: Method, options: MethodOptions, engine: Engine
) -> Iterator[Finding]:
    name = engine.meta.name
    faces = _faces(4, options)
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        paths = [path for path in Path(folder).rglob("*") if path.is_file()]
        others = sorted(path.name for path in paths if path.suffix not in SUFFIXES)
        if others:
            yield Finding("saving", name, f"writes {', '.join(others)}")
        loaded: Any = type(fitted).load(Path(folder))
        if not isinstance(loaded, type(fitted)):
            message = f"load returned a {type(loaded).__name__}"
            yield Finding("saving", name, message)
            return
        loaded = with_engine(loaded, lambda: engine)
        if not _alike(loaded.predict(faces), fitted.predict(faces)):
            yield Finding("saving", name, "the loaded method predicts other vectors")
        if loaded.options != fitted.options:
            yield Finding("saving", name, "the loaded method has other options")
        type(fitted).load(folder)  # a path as text


def _check_determinism(
    method: type[Method], options: MethodOptions, make: MakeContext
) -> Iterator[Finding]:
    faces = _faces(4, options)
    first, second = (_fit(method, options, make()).predict(faces) for _ in range(2))
    if not _alike(first, second):
        message = "two fits with the same seed predict other vectors"
        yield Finding("determinism", "a second fit", message)
