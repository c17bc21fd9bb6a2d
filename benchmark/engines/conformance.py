"""Conformance checks of the engine contract; `check_engine` runs all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.avatars.colour import ciede2000, hex_to_rgb, srgb_to_lab
from benchmark.avatars.part_classes import PART_IDS, PART_NAMES
from benchmark.avatars.spec import NONE, AvatarError, AvatarSpec, Discrete, Parameter
from benchmark.engines.base import BeardMapped, Engine, PartMapped
from benchmark.engines.contexts import options_in_context, sweep_in_context

SIZES = (64, 200, 256, 1024)
"""Render sizes of `check_output`, in pixels."""
RENDER_SIZE = 256
"""Edge of the renders of all other checks, in pixels."""
COLOUR_SIZE = 64
"""Edge of the renders whose colours are compared, in pixels."""

CHANNEL_TOLERANCE = 8
"""A pixel counts as changed if a channel differs by more than this (of 255)."""
MIN_CHANGED_SHARE = 0.005
"""Share of pixels (0-1) that must change with an option or over a range."""
MIN_COLOUR_DIFFERENCE = 1.0
"""CIEDE2000 difference that two swatches or two rendered pixels must reach."""

COMPONENT_PARTS = {
    "head": "skin",
    "eye": "eyes",
    "brow": "brows",
    "mouth": "mouth",
    "nose": "nose",
    "hair": "hair",
    "glasses": "glasses",
}
"""Part that part maps must show, by the component of a parameter."""

Picture = NDArray[np.uint8]
"""(size, size, 3) uint8 RGB."""


@dataclass(frozen=True)
class Finding:
    """One violation of the contract.

    Attributes:
        check: name of the check, such as `determinism`.
        subject: the parameter, size or part that it is about.
        message: what is wrong.
        pair: two pictures that show it, which differ too much or too little.
    """

    check: str
    subject: str
    message: str
    pair: tuple[Picture, Picture] | None = field(
        default=None, repr=False, compare=False
    )

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: {self.message}"


def check_engine(engine: Engine, twin: Engine | None = None) -> list[Finding]:
    """Run all checks. They take some hundred renders at 256 px.

    Args:
        engine: the engine to check.
        twin: a second instance, which must render the same pixels.

    Returns:
        The findings; an empty list if the engine conforms.
    """
    findings = [
        *check_output(engine),
        *check_determinism(engine, engine if twin is None else twin),
        *check_refusals(engine),
        *check_continuous(engine),
        *check_shapes(engine),
        *check_colours(engine),
        *check_inactive(engine),
    ]
    if isinstance(engine, PartMapped):
        findings += check_parts(engine, engine.spec)
    if isinstance(engine, BeardMapped):
        findings += check_beards(engine, engine.spec)
    return findings


def changed_share(first: Picture, second: Picture) -> float:
    """Share (0-1) of pixels in which a channel differs by more than 8 of 255."""
    difference = np.maximum(first, second) - np.minimum(first, second)
    return float((difference.max(axis=-1) > CHANNEL_TOLERANCE).mean())


def check_output(engine: Engine) -> Iterator[Finding]:
    """Renders have the right shape and type, for batches of two, one and none."""
    vectors = AvatarVectors.sample(engine.spec, 2, seed=0)
    for size in SIZES:
        for rows in (vectors, vectors[:1], vectors[:0]):
            pictures = engine.render(rows, size)
            expected = (len(rows), size, size, 3)
            if pictures.shape != expected or pictures.dtype != np.uint8:
                yield Finding(
                    "output",
                    f"size {size}",
                    f"returned {pictures.dtype} {pictures.shape}, not uint8 {expected}",
                )


def check_determinism(engine: Engine, twin: Engine) -> Iterator[Finding]:
    """A second call, another instance and single rows give the same pixels."""
    vectors = AvatarVectors.sample(engine.spec, 5, seed=1)
    for size in (COLOUR_SIZE, RENDER_SIZE):
        first = engine.render(vectors, size)
        alone = [engine.render(vectors[row], size)[0] for row in range(len(vectors))]
        others = {
            "called again": engine.render(vectors, size),
            "another instance": twin.render(vectors, size),
            "one by one": np.stack(alone),
        }
        for subject, pictures in others.items():
            differs = (first != pictures).reshape(len(first), -1).mean(axis=1)
            if differs.any():
                worst = int(differs.argmax())
                message = f"different pixels at {size} px"
                pair = first[worst], pictures[worst]
                yield Finding("determinism", subject, message, pair)


def check_refusals(engine: Engine) -> Iterator[Finding]:
    """Vectors of another spec, sizes out of range and bad values raise AvatarError."""
    spec = engine.spec
    vectors = AvatarVectors.defaults(spec)
    foreign = AvatarVectors.defaults(AvatarSpec("another", spec.parameters))
    requests = [(foreign, RENDER_SIZE), *((vectors, size) for size in (0, 63, 1025))]
    for rows, size in requests:
        try:
            engine.render(rows, size)
        except AvatarError:
            continue
        yield Finding("refusals", f"{rows.spec.name} at {size} px", "was rendered")
    for parameter in spec.parameters:
        bad = "no such option" if isinstance(parameter, Discrete) else 1.5
        try:
            vectors.with_value(parameter.name, bad)
        except AvatarError as error:
            if parameter.name in str(error):
                continue
        message = "a bad value raises no AvatarError that names the parameter"
        yield Finding("refusals", parameter.name, message)


def check_continuous(engine: Engine) -> Iterator[Finding]:
    """Every continuous parameter changes enough pixels between 0 and 1."""
    for scalar in engine.spec.continuous:
        ends = engine.render(sweep_in_context(engine.spec, scalar.name, 2), RENDER_SIZE)
        changed = changed_share(ends[0], ends[1])
        if changed < MIN_CHANGED_SHARE:
            message = _describe_change(changed, "its range")
            yield Finding("continuous", scalar.name, message, (ends[0], ends[1]))


def check_shapes(engine: Engine) -> Iterator[Finding]:
    """Every two options of a shape parameter differ in enough pixels."""
    for choice in engine.spec.discrete:
        if choice.kind != "shape":
            continue
        pictures = engine.render(options_in_context(engine.spec, choice), RENDER_SIZE)
        for one, other in combinations(range(len(choice.options)), 2):
            changed = changed_share(pictures[one], pictures[other])
            if changed < MIN_CHANGED_SHARE:
                pair = f"{choice.options[one]} against {choice.options[other]}"
                message = _describe_change(changed, pair)
                shown = pictures[one], pictures[other]
                yield Finding("shapes", choice.name, message, shown)


def check_colours(engine: Engine) -> Iterator[Finding]:
    """Every two colours of a parameter differ as swatches and in the renders."""
    for choice in engine.spec.discrete:
        if choice.kind != "colour":
            continue
        swatches = srgb_to_lab(np.stack([hex_to_rgb(c) for c in choice.colours]))
        vectors = options_in_context(engine.spec, choice)
        pictures = engine.render(vectors, COLOUR_SIZE)
        colours = srgb_to_lab(pictures)
        for one, other in combinations(range(len(choice.options)), 2):
            pair = f"{choice.options[one]} against {choice.options[other]}"
            difference = float(ciede2000(swatches[one], swatches[other]))
            if difference < MIN_COLOUR_DIFFERENCE:
                message = f"{pair}: swatches are {difference:.2f} CIEDE2000 apart"
                yield Finding("colours", choice.name, message)
            differences = ciede2000(colours[one], colours[other])
            changed = float((differences >= MIN_COLOUR_DIFFERENCE).mean())
            if changed < MIN_CHANGED_SHARE:
                message = _describe_change(changed, pair)
                shown = pictures[one], pictures[other]
                yield Finding("colours", choice.name, message, shown)


def check_inactive(engine: Engine) -> Iterator[Finding]:
    """The value of an inactive parameter changes no pixel."""
    spec = engine.spec
    for parameter in spec.parameters:
        condition = parameter.active_when
        if condition is None:
            continue
        owner = spec[condition.parameter]
        assert isinstance(owner, Discrete)
        off = [option for option in owner.options if option not in condition.options]
        for option in off:
            context = AvatarVectors.defaults(spec).with_value(owner.name, option)
            ends = [context.with_value(parameter.name, v) for v in _ends(parameter)]
            pictures = engine.render(AvatarVectors.concatenate(ends), RENDER_SIZE)
            if not np.array_equal(pictures[0], pictures[1]):
                message = f"changes the picture while {owner.name} is {option}"
                shown = pictures[0], pictures[1]
                yield Finding("inactive", parameter.name, message, shown)


def check_parts(engine: PartMapped, spec: AvatarSpec) -> Iterator[Finding]:
    """Part maps have the right shape and type, and show the parts of the spec."""
    vectors = AvatarVectors.sample(spec, 24, seed=2)
    maps = engine.parts(vectors, RENDER_SIZE)
    expected = (len(vectors), RENDER_SIZE, RENDER_SIZE)
    if maps.shape != expected or maps.dtype != np.uint8:
        message = f"returned {maps.dtype} {maps.shape}, not uint8 {expected}"
        yield Finding("parts", "form", message)
        return
    if maps.max() >= len(PART_NAMES):
        yield Finding("parts", "form", f"has the unknown class {maps.max()}")
    if not np.array_equal(maps, engine.parts(vectors, RENDER_SIZE)):
        yield Finding("parts", "form", "differs from call to call")
    for part in sorted(_controlled_parts(spec.parameters)):
        if not (maps == PART_IDS[part]).any():
            yield Finding("parts", part, "is controlled by the spec but never shown")
    yield from _check_absent_glasses(engine, spec)


def check_beards(engine: BeardMapped, spec: AvatarSpec) -> Iterator[Finding]:
    """Facial-hair maps have the right shape and type, and are empty only for `none`."""
    vectors = AvatarVectors.sample(spec, 24, seed=2)
    maps = engine.beards(vectors, RENDER_SIZE)
    expected = (len(vectors), RENDER_SIZE, RENDER_SIZE)
    if maps.shape != expected or maps.dtype != np.bool_:
        message = f"returned {maps.dtype} {maps.shape}, not bool {expected}"
        yield Finding("beards", "form", message)
        return
    if not np.array_equal(maps, engine.beards(vectors, RENDER_SIZE)):
        yield Finding("beards", "form", "differs from call to call")
    for choice in spec.discrete:
        if choice.component != "facial hair" or not choice.optional:
            continue
        maps = engine.beards(options_in_context(spec, choice), RENDER_SIZE)
        shown = [facial_hair.any() for facial_hair in maps]
        for option, visible in zip(choice.options, shown, strict=True):
            if visible == (option == NONE):
                verb = "show" if visible else "lack"
                message = f"maps {verb} facial hair at {option}"
                yield Finding("beards", choice.name, message)


def _check_absent_glasses(engine: PartMapped, spec: AvatarSpec) -> Iterator[Finding]:
    for choice in spec.discrete:
        if COMPONENT_PARTS.get(choice.component) != "glasses" or not choice.optional:
            continue
        maps = engine.parts(options_in_context(spec, choice), RENDER_SIZE)
        shown = (maps == PART_IDS["glasses"]).any(axis=(1, 2))
        for option, visible in zip(choice.options, shown, strict=True):
            if visible == (option == NONE):
                verb = "show" if visible else "lack"
                message = f"part maps {verb} glasses at {option}"
                yield Finding("parts", choice.name, message)


def _controlled_parts(parameters: Iterable[Parameter]) -> set[str]:
    components = {parameter.component for parameter in parameters}
    return {part for name, part in COMPONENT_PARTS.items() if name in components}


def _ends(parameter: Parameter) -> tuple[float | str, float | str]:
    if isinstance(parameter, Discrete):
        return parameter.options[0], parameter.options[-1]
    return 0.0, 1.0


def _describe_change(changed: float, what: str) -> str:
    return (
        f"{what} changes {changed:.2%} of the pixels, less than {MIN_CHANGED_SHARE:.1%}"
    )
