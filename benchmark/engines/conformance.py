"""What every engine must keep to; run it on an engine of your own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
LOOK = 256
"""Side in pixels of the renders that changes are measured on."""
COLOUR_LOOK = 64
"""Side of those that colours are compared on, pixel by pixel."""

CHANNEL_STEP = 8
"""A pixel has moved when a channel differs by more than this (of 255)."""
LEAST_MOVED = 0.005
"""Share of the pixels that an option or a range must move."""
LEAST_DIFFERENCE = 1.0
"""CIEDE2000 that two swatches must be apart."""

COMPONENT_PARTS = {
    "head": "skin",
    "eye": "eyes",
    "brow": "brows",
    "mouth": "mouth",
    "nose": "nose",
    "hair": "hair",
    "glasses": "glasses",
}
"""Part that must show up in part maps, by the component of a parameter."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Finding:
    """One way in which an engine breaks the contract: which check, where, how."""

    check: str
    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: {self.message}"


def check_engine(engine: Engine, twin: Engine | None = None) -> list[Finding]:
    """Every finding on `engine`; one that conforms gives an empty list.

    `twin`, a second instance, is held against the first where it is given. Takes some
    hundred renders at 256 px.
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


def share_moved(first: Picture, second: Picture) -> float:
    """Share (0-1) of pixels in which a channel differs by more than 8 of 255."""
    gap = np.maximum(first, second) - np.minimum(first, second)
    return float((gap.max(axis=-1) > CHANNEL_STEP).mean())


def check_output(engine: Engine) -> Iterator[Finding]:
    """Shape and type at every size, for batches of two, one and none."""
    vectors = AvatarVectors.sample(engine.spec, 2, seed=0)
    for size in SIZES:
        for rows in (vectors, vectors[:1], vectors[:0]):
            pictures = engine.render(rows, size)
            expected = (len(rows), size, size, 3)
            if pictures.shape != expected or pictures.dtype != np.uint8:
                yield Finding(
                    "output",
                    f"size {size}",
                    f"gave {pictures.dtype} {pictures.shape}, not uint8 {expected}",
                )


def check_determinism(engine: Engine, twin: Engine) -> Iterator[Finding]:
    """The same bytes again, from another instance, and one by one."""
    vectors = AvatarVectors.sample(engine.spec, 5, seed=1)
    for size in (COLOUR_LOOK, LOOK):
        first = engine.render(vectors, size)
        alone = [engine.render(vectors[row], size)[0] for row in range(len(vectors))]
        others = {
            "called again": engine.render(vectors, size),
            "another instance": twin.render(vectors, size),
            "one by one": np.stack(alone),
        }
        for subject, pictures in others.items():
            if not np.array_equal(first, pictures):
                yield Finding("determinism", subject, f"other pixels at {size} px")


def check_refusals(engine: Engine) -> Iterator[Finding]:
    """Vectors of another spec, sizes out of range and bad values raise AvatarError."""
    spec = engine.spec
    vectors = AvatarVectors.defaults(spec)
    foreign = AvatarVectors.defaults(AvatarSpec("another", spec.parameters))
    requests = [(foreign, LOOK), *((vectors, size) for size in (0, 63, 1025))]
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
        yield Finding("refusals", parameter.name, "a bad value is not refused by name")


def check_continuous(engine: Engine) -> Iterator[Finding]:
    """Every continuous parameter moves enough pixels from 0 to 1."""
    for scalar in engine.spec.continuous:
        ends = engine.render(sweep_in_context(engine.spec, scalar.name, 2), LOOK)
        moved = share_moved(ends[0], ends[1])
        if moved < LEAST_MOVED:
            yield Finding("continuous", scalar.name, _too_little(moved, "its range"))


def check_shapes(engine: Engine) -> Iterator[Finding]:
    """Every pair of options of every shape differs in enough pixels."""
    for choice in engine.spec.discrete:
        if choice.kind != "shape":
            continue
        pictures = engine.render(options_in_context(engine.spec, choice), LOOK)
        for one, other in combinations(range(len(choice.options)), 2):
            moved = share_moved(pictures[one], pictures[other])
            if moved < LEAST_MOVED:
                pair = f"{choice.options[one]} against {choice.options[other]}"
                yield Finding("shapes", choice.name, _too_little(moved, pair))


def check_colours(engine: Engine) -> Iterator[Finding]:
    """Every pair of colours is apart as swatches and in the renders."""
    for choice in engine.spec.discrete:
        if choice.kind != "colour":
            continue
        swatches = srgb_to_lab(np.stack([hex_to_rgb(c) for c in choice.colours]))
        vectors = options_in_context(engine.spec, choice)
        pictures = srgb_to_lab(engine.render(vectors, COLOUR_LOOK))
        for one, other in combinations(range(len(choice.options)), 2):
            pair = f"{choice.options[one]} against {choice.options[other]}"
            apart = float(ciede2000(swatches[one], swatches[other]))
            if apart < LEAST_DIFFERENCE:
                message = f"{pair}: swatches are {apart:.2f} CIEDE2000 apart"
                yield Finding("colours", choice.name, message)
            gap = ciede2000(pictures[one], pictures[other])
            moved = float((gap >= LEAST_DIFFERENCE).mean())
            if moved < LEAST_MOVED:
                yield Finding("colours", choice.name, _too_little(moved, pair))


def check_inactive(engine: Engine) -> Iterator[Finding]:
    """While a parameter is inactive its value changes nothing."""
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
            pictures = engine.render(AvatarVectors.concatenate(ends), LOOK)
            if not np.array_equal(pictures[0], pictures[1]):
                message = f"changes the picture while {owner.name} is {option}"
                yield Finding("inactive", parameter.name, message)


def check_parts(engine: PartMapped, spec: AvatarSpec) -> Iterator[Finding]:
    """Part maps have the right form, show what the spec controls and hide the rest."""
    vectors = AvatarVectors.sample(spec, 24, seed=2)
    maps = engine.parts(vectors, LOOK)
    expected = (len(vectors), LOOK, LOOK)
    if maps.shape != expected or maps.dtype != np.uint8:
        message = f"gave {maps.dtype} {maps.shape}, not uint8 {expected}"
        yield Finding("parts", "form", message)
        return
    if maps.max() >= len(PART_NAMES):
        yield Finding("parts", "form", f"holds class {maps.max()}")
    if not np.array_equal(maps, engine.parts(vectors, LOOK)):
        yield Finding("parts", "form", "differs from call to call")
    for part in sorted(_controlled(spec.parameters)):
        if not (maps == PART_IDS[part]).any():
            yield Finding("parts", part, "is controlled by the spec but never shown")
    yield from _check_absent_glasses(engine, spec)


def check_beards(engine: BeardMapped, spec: AvatarSpec) -> Iterator[Finding]:
    """Maps of facial hair have the right form and show it at every option but none."""
    vectors = AvatarVectors.sample(spec, 24, seed=2)
    maps = engine.beards(vectors, LOOK)
    expected = (len(vectors), LOOK, LOOK)
    if maps.shape != expected or maps.dtype != np.bool_:
        message = f"gave {maps.dtype} {maps.shape}, not bool {expected}"
        yield Finding("beards", "form", message)
        return
    if not np.array_equal(maps, engine.beards(vectors, LOOK)):
        yield Finding("beards", "form", "differs from call to call")
    for choice in spec.discrete:
        if choice.component != "facial hair" or not choice.optional:
            continue
        worn = [m.any() for m in engine.beards(options_in_context(spec, choice), LOOK)]
        for option, seen in zip(choice.options, worn, strict=True):
            if seen == (option == NONE):
                message = f"maps {'show' if seen else 'lack'} facial hair at {option}"
                yield Finding("beards", choice.name, message)


def _check_absent_glasses(engine: PartMapped, spec: AvatarSpec) -> Iterator[Finding]:
    for choice in spec.discrete:
        if COMPONENT_PARTS.get(choice.component) != "glasses" or not choice.optional:
            continue
        shown = engine.parts(options_in_context(spec, choice), LOOK)
        present = (shown == PART_IDS["glasses"]).any(axis=(1, 2))
        for option, seen in zip(choice.options, present, strict=True):
            if seen == (option == NONE):
                message = f"part maps {'show' if seen else 'lack'} glasses at {option}"
                yield Finding("parts", choice.name, message)


def _controlled(parameters: Iterable[Parameter]) -> set[str]:
    components = {parameter.component for parameter in parameters}
    return {part for name, part in COMPONENT_PARTS.items() if name in components}


def _ends(parameter: Parameter) -> tuple[float | str, float | str]:
    if isinstance(parameter, Discrete):
        return parameter.options[0], parameter.options[-1]
    return 0.0, 1.0


def _too_little(moved: float, what: str) -> str:
    return f"{what} moves {moved:.2%} of the pixels; {LEAST_MOVED:.1%} is the least"
