"""Grow the hair of a person: roots, plan, strands and colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from benchmark.avatars.colour import hex_to_rgb, srgb_to_linear
from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.portraits.hair.brows import grow_brows, grow_lashes
from benchmark.faces.portraits.hair.facial_hair import BEARDS, grow_beard
from benchmark.faces.portraits.hair.frame import HeadFrame, scan_head
from benchmark.faces.portraits.hair.march import curl_strands, march_strands
from benchmark.faces.portraits.hair.scalp import Roots, sample_roots
from benchmark.faces.portraits.hair.strand_guidance import (
    crosses_face,
    in_fringe,
    in_lanes,
    local_places,
    plan_strands,
)
from benchmark.faces.portraits.hair.strands import Strands
from benchmark.faces.portraits.hair.style import Style
from benchmark.faces.portraits.hair.styles import style_of
from benchmark.faces.portraits.hair.tied import grow_ties, guide_to_ties
from benchmark.faces.portraits.head import Head
from benchmark.faces.portraits.people import Person


@dataclass(frozen=True)
class HairGrowth:
    """All hair of one head, ready to be drawn.

    Attributes:
        frame: The frame of the head.
        bundles: Strands: scalp hair, ties, brows, lashes, beard.
        recession: How far the hairline recedes, 0 to 1.
        tint: Opacity of the scalp tint under the hair; 0 for bald heads.
        colour: (3,) linear RGB of the tint.
    """

    frame: HeadFrame
    bundles: tuple[Strands, ...]
    recession: float
    tint: float
    colour: np.ndarray


def hex_to_linear(colour: str) -> np.ndarray:
    """Return (3,) linear RGB of a ``#rrggbb`` colour.

    Raises:
        ValueError: If ``colour`` does not have this form.
    """
    try:
        levels = hex_to_rgb(colour) / 255
    except ValueError:
        raise ValueError(
            f"hair_rgb is {colour!r}; expected a colour like '#3b2a20'"
        ) from None
    return srgb_to_linear(levels)


def strand_colours(
    colour: np.ndarray, count: int, age: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a colour for each strand.

    Args:
        colour: (3,) linear RGB, the mean colour.
        count: Number of strands.
        age: Years; above 45, a share of strands is grey.
        rng: Random number generator.

    Returns:
        (count, 3) root albedo, (count, 3) tip albedo, (count,) gloss.
    """
    shade = np.exp(rng.normal(0, 0.2, (count, 1)))
    warmth = rng.normal(0, 0.05, (count, 1)) * np.array([1.0, 0.0, -1.0])
    body = colour * shade * (1 + warmth)
    grey = rng.random(count) < 0.3 * np.clip((age - 45) / 40, 0, 1)
    light = np.mean(colour) * 0.6 + 0.22
    body = np.where(grey[:, None], light * shade, body)
    tip = np.clip(body * rng.uniform(1.0, 1.3, (count, 1)), 0.004, 0.9)
    # Roots are darker and browner, so that light hair stays warm.
    root = np.clip(body * np.array([0.8, 0.72, 0.66]), 0.003, 0.85)
    gloss = rng.uniform(0.6, 1.3, count)
    return (
        root.astype(np.float32),
        tip.astype(np.float32),
        gloss.astype(np.float32),
    )


def _lock_leaders(style: Style, roots: Roots, rng: np.random.Generator) -> np.ndarray:
    """(S,) index of the leading strand of each strand's lock."""
    count = min(style.texture.locks, len(roots))
    chosen = rng.choice(len(roots), count, replace=False)
    _, nearest = KDTree(roots.points[chosen]).query(roots.points)
    return chosen[nearest]


def _add_frizz(
    plan_comb: np.ndarray, leader: np.ndarray, frizz: float, rng: np.random.Generator
) -> np.ndarray:
    """Add noise to combing directions: mostly per lock, a little per strand."""
    own = rng.normal(0, frizz, plan_comb.shape)
    shared = rng.normal(0, 1.6 * frizz, plan_comb.shape)[leader]
    return plan_comb + own + shared


def _curl(
    style: Style,
    frame: HeadFrame,
    paths: np.ndarray,
    leader: np.ndarray,
    fringe: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    texture, count = style.texture, len(paths)
    phase = rng.uniform(0, 2 * np.pi, count)
    phase = phase[leader] * texture.unison + phase * (1 - texture.unison)
    vary = np.exp(rng.normal(0, 0.18, count))
    own = np.exp(rng.normal(0, 0.12, count))
    full = np.ones(count)
    return curl_strands(
        frame,
        paths,
        leader,
        gather=np.clip(texture.gather + rng.normal(0, 0.15, count), 0, None)
        * np.where(fringe, 0.5, 1),
        spread=np.where(fringe, 0.8, texture.spread),
        amplitude=texture.amplitude * own * vary[leader] * frame.scale,
        wavelength=texture.wavelength * vary[leader] * frame.scale,
        phase=phase,
        roundness=texture.roundness * full,
    )


def _flip_tips(style: Style, frame: HeadFrame, paths: np.ndarray) -> np.ndarray:
    """Bend the tips outwards by ``style.flip`` cm."""
    if not style.flip:
        return paths
    out = (paths - frame.origin) * np.array([1.0, 0.0, 1.0])
    out /= np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-3)
    t = np.linspace(0, 1, paths.shape[1])[None, :, None]
    turned = out + np.array([0.0, 0.45, 0.0])
    bend = np.clip((t - 0.62) / 0.38, 0, 1) ** 2 * style.flip
    return (paths + turned * bend).astype(np.float32)


def tapered_radius(count: int, points: int, radius: float) -> np.ndarray:
    """Return (count, points) half widths that decrease towards the tips."""
    t = np.linspace(0, 1, points)
    profile = radius * np.minimum(1.0, 1.25 - 0.85 * t**2)
    return np.repeat(profile[None], count, 0).astype(np.float32)


def _make_strands(
    paths: np.ndarray,
    radius: float,
    opacity: float,
    part: str,
    dyed: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> Strands:
    root, tip, gloss = dyed
    # Short strands do not align, so their highlights are weaker.
    length = np.linalg.norm(np.diff(paths, axis=1), axis=2).sum(1)
    gloss = gloss * np.clip(length / 6.0, 0.25, 1.0)
    return Strands(
        paths,
        tapered_radius(len(paths), paths.shape[1], radius),
        root,
        tip,
        gloss,
        np.full(len(paths), opacity, np.float32),
        PART_IDS[part],
    )


def grow_scalp_hair(
    person: Person, frame: HeadFrame, style: Style, rng: np.random.Generator
) -> list[Strands]:
    """Grow the hair of the scalp, including tails, braids and buns.

    Args:
        person: The owner of the hair.
        frame: The frame of the head.
        style: How the hair is combed and cut.
        rng: Random number generator.

    Returns:
        One bundle of strands for the scalp and one for each tie.
    """
    roots = sample_roots(frame, style.count, person.hair_recession, rng)
    if style.lanes:
        roots = roots.keep(in_lanes(style, frame, roots))
    if style.fringe != "none":
        # A denser fringe: no skin may show through it.
        more = sample_roots(frame, 2 * style.count, person.hair_recession, rng)
        roots = roots.joined(more.keep(in_fringe(style, local_places(frame, more))))
    plan = plan_strands(
        style, frame, roots, volume=person.hair_volume, top=person.hair_top, rng=rng
    )
    if style.ties and not style.lanes:
        guide_to_ties(style, frame, roots, plan, rng)
    fringe = in_fringe(style, local_places(frame, roots))
    leader = _lock_leaders(style, roots, rng)
    plan.comb = _add_frizz(plan.comb, leader, style.texture.frizz, rng)
    paths = march_strands(frame, plan, style.points)
    paths = _flip_tips(style, frame, paths)
    paths = _curl(style, frame, paths, leader, fringe, rng)
    stray = crosses_face(style, frame, paths)
    paths = [paths[~stray]]
    paths += grow_ties(style, frame, rng)
    colour, radius = hex_to_linear(person.hair_rgb), style.radius * frame.scale
    bundles = [
        _make_strands(
            p, radius, 0.85, "hair", strand_colours(colour, len(p), person.age, rng)
        )
        for p in paths
    ]
    bundles[0].radius[fringe[~stray]] *= 1.5
    return bundles


def grow_face_hair(
    person: Person, head: Head, frame: HeadFrame, rng: np.random.Generator
) -> list[Strands]:
    """Grow brows, lashes and facial hair. Lashes and facial hair have class skin.

    Args:
        person: The owner of the hair.
        head: The head in its expression.
        frame: The frame of the head.
        rng: Random number generator.

    Returns:
        One bundle of strands for each kind.
    """
    colour = hex_to_linear(person.hair_rgb)
    # Brows are darker than light hair.
    brown = np.array([0.16, 0.085, 0.045])
    brow = np.minimum(colour, 0.55 * colour + 0.45 * brown) * 0.75
    paths = grow_brows(person, head, frame, rng)
    opacity = 0.5 + 0.35 * person.brow_thickness
    dyed = strand_colours(brow, len(paths), 20, rng)
    bundles = [_make_strands(paths, 0.032, opacity, "brows", dyed)]
    paths = grow_lashes(head, rng)
    dyed = strand_colours(0.35 * brow, len(paths), 20, rng)
    thick = 0.03 if person.sex == "female" else 0.018
    bundles.append(_make_strands(paths, thick, 0.8, "skin", dyed))
    if person.facial_hair != "none":
        paths = grow_beard(person.facial_hair, head, frame, rng)
        beard = BEARDS[person.facial_hair]
        dyed = strand_colours(colour * 0.85, len(paths), person.age, rng)
        bundles.append(_make_strands(paths, beard.radius, beard.opacity, "skin", dyed))
    return bundles


def grow_hair(person: Person, head: Head, rng: np.random.Generator) -> HairGrowth:
    """Grow all hair of a person.

    Args:
        person: The owner of the hair.
        head: The person's head.
        rng: Random number generator; equal seeds give equal hair.

    Returns:
        The hair.
    """
    style = style_of(person.hair_family)
    frame = scan_head(head)
    bundles = grow_face_hair(person, head, frame, rng)
    if style is not None:
        bundles = grow_scalp_hair(person, frame, style, rng) + bundles
    tint = 0.0 if style is None else style.tint
    colour = hex_to_linear(person.hair_rgb)
    return HairGrowth(frame, tuple(bundles), person.hair_recession, tint, colour)
