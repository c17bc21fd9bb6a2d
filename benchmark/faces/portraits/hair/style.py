"""The parameters of a hair style.

Lengths are in cm on the mean head. Heights are cm above the eyes (brow 2, crown 11.5,
mouth -7, chin -11, shoulders -17), unless stated otherwise. The right side of the
picture is positive.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Flow = Literal[
    "whorl", "part", "back", "forward", "up", "radial", "over", "tie", "hang"
]
"""Combing direction: away from the whorl, away from a parting, back, forward, up, out
on all sides, across a bald top, towards a tie, or down."""


@dataclass(frozen=True)
class Texture:
    """Shape of strands and locks.

    Attributes:
        amplitude: Radius of the wave or curl, cm.
        wavelength: Length of one turn, cm.
        roundness: 0 for a flat wave, 1 for a helix.
        gather: How closely strands follow their lock, 0 to 1; above 1, closer to the
            root.
        spread: Share of the distance between roots that is kept inside a lock.
        locks: Number of locks on the head.
        frizz: Standard deviation of the noise on combing directions.
        unison: 1 if the strands of a lock wave in phase, 0 if independently.
    """

    amplitude: float = 0.12
    wavelength: float = 9.0
    roundness: float = 0.3
    gather: float = 0.35
    spread: float = 0.5
    locks: int = 260
    frizz: float = 0.06
    unison: float = 0.8


STRAIGHT = Texture()
WAVY = Texture(0.55, 6.5, 0.5, 0.6, 0.45, 170, 0.1, 0.9)
CURLY = Texture(0.75, 3.4, 1.0, 1.3, 0.32, 260, 0.18, 0.97)
COILY = Texture(0.28, 1.0, 1.0, 0.35, 0.6, 500, 0.3, 0.5)


@dataclass(frozen=True)
class Tie:
    """A bun, tail or braid.

    Attributes:
        kind: Kind of tie.
        place: (3,) position of the knot relative to the half-extents of the skull.
        size: Radius of the bun or half width of the tail, cm.
        length: Length of the tail or braid, cm.
        toward: (3,) direction in which the tail leaves the knot.
    """

    kind: Literal["bun", "tail", "braid"]
    place: tuple[float, float, float]
    size: float
    length: float = 0.0
    toward: tuple[float, float, float] = (0.0, -1.0, 0.0)


@dataclass(frozen=True)
class Style:
    """How hair is combed and cut.

    Attributes:
        flow: Combing direction.
        texture: Shape of strands and locks.
        count: Number of sampled roots (6,000 and more for dense hair).
        points: Points per strand.
        radius: Half width of a drawn strand, cm.
        top: Length on top, cm.
        sides: Length over the ears, cm.
        back: Length at the back of the head, cm.
        front: Length at the forehead, cm.
        part: Position of the parting, -1 (picture left) to 1, in half widths.
        lift: Direction at the root: 0 along the skin, 1 perpendicular to it.
        front_lift: The same at the forehead.
        comb: Strength of combing.
        fade: How early combing fades along the strand; 0 for never.
        gravity: Strength of gravity.
        stiffness: Weight of the previous direction of a strand.
        hug: Strength of the pull towards the head.
        volume: Distance from the head (cm) at ``hair_volume`` 0 and 1.
        raise_: Extra distance on the crown at ``hair_top`` 1, cm.
        cut: Height of the cut at the sides; None for no cut.
        cut_back: Height of the cut at the back; None for that of the sides.
        cut_slant: How much lower the right side of the picture is cut, cm.
        ragged: Random variation of the cut, cm.
        layers: Largest relative shortening of a strand, 0 to 1.
        fringe: Kind of fringe.
        fringe_cut: Height of the edge of the fringe.
        shave_below: Height (1 at the crown) below which hair is shaved.
        shave_beside: Distance from the middle (half widths) beyond which hair is
            shaved.
        taper: Share of the length that is left at the lower edge of the hairline.
        before: Share of side strands that fall in front of the shoulders.
        before_from: z (half depths, 1 at the face) from which strands may do so.
        ties: Buns, tails and braids.
        loose: Height (1 at the crown) below which hair is not tied; 0 ties all.
        globe: Distance of a round outline from the skull, cm; 0 for none.
        lanes: Distance between the rows of a braided scalp, cm; 0 for none.
        sidelock: Height of the cut beside the face; None for that of the sides.
        flip: How far the tips bend outwards, cm.
        tint: Opacity of the scalp tint under the strands.
    """

    flow: Flow
    texture: Texture = STRAIGHT
    count: int = 9000
    points: int = 14
    radius: float = 0.035
    top: float = 5.0
    sides: float = 3.0
    back: float = 4.0
    front: float = 5.0
    part: float = 0.0
    lift: float = 0.35
    front_lift: float = 0.35
    comb: float = 0.5
    fade: float = 1.0
    gravity: float = 0.12
    stiffness: float = 1.0
    hug: float = 0.35
    volume: tuple[float, float] = (0.3, 1.2)
    raise_: float = 2.0
    cut: float | None = None
    cut_back: float | None = None
    cut_slant: float = 0.0
    ragged: float = 0.5
    layers: float = 0.2
    fringe: Literal["none", "full", "side", "curtain"] = "none"
    fringe_cut: float = 2.6
    shave_below: float = -9.0
    shave_beside: float = 9.0
    taper: float = 1.0
    before: float = 0.5
    before_from: float = -0.15
    ties: tuple[Tie, ...] = field(default=())
    loose: float = 0.0
    globe: float = 0.0
    lanes: float = 0.0
    sidelock: float | None = None
    flip: float = 0.0
    tint: float = 0.85


SHORT = Style("whorl", taper=0.3, ragged=0.6)
"""Base of short styles."""
LONG = Style(
    "part",
    count=8000,
    points=24,
    radius=0.044,
    top=60,
    sides=60,
    back=60,
    front=60,
    lift=0.25,
    front_lift=0.3,
    comb=0.75,
    gravity=0.3,
    fade=2.0,
    volume=(0.5, 2.2),
)
"""Base of long styles."""
TIED = replace(LONG, flow="tie", volume=(0.1, 0.5), raise_=0.8, before=0.6)
"""Base of tied styles."""
