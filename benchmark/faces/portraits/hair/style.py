"""What a style of hair is: the settings of comb, scissors and curling iron.

Lengths are centimetres on a mean head; heights are measured from the eyes (brow 2,
crown 11.5, mouth -7, chin -11, shoulders -17). The picture's right is positive.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Flow = Literal[
    "whorl", "part", "back", "forward", "up", "radial", "over", "tie", "hang"
]
"""Which way the comb went: around the whorl, off a parting, back, forward, straight
up, out on all sides, over a bald top, to a tie, or simply down."""


@dataclass(frozen=True)
class Texture:
    """How single strands bend.

    Attributes:
        amplitude: Radius of wave or curl, cm.
        wavelength: Length of one turn, cm.
        roundness: 0 a flat wave, 1 a helix.
        gather: How firmly strands keep to their lock, 0 to 1; above 1 from the root on.
        spread: Share of the root distance that is kept inside a lock.
        locks: Number of locks on the head.
        frizz: Random straying of the comb.
        unison: 1 strands of a lock wave together, 0 each by itself.
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
    """A gathered piece of hair.

    Attributes:
        kind: What the tail becomes.
        place: (3,) knot as multiples of the skull's half-extents from its middle.
        size: Bun radius or tail half width, cm.
        length: Length of tail or braid, cm.
        toward: (3,) direction in which the tail leaves the knot.
    """

    kind: Literal["bun", "tail", "braid"]
    place: tuple[float, float, float]
    size: float
    length: float = 0.0
    toward: tuple[float, float, float] = (0.0, -1.0, 0.0)


@dataclass(frozen=True)
class Style:
    """How a head of hair is combed and cut.

    Attributes:
        flow: The comb's way.
        texture: The strands' bend.
        count: Points thrown on the skull (dense hair takes 6,000 and more).
        points: Points a strand.
        radius: Half width of a drawn strand, cm.
        top: Length on top, cm.
        sides: Length over the ears, cm.
        back: Length at the back of the head, cm.
        front: Length at the forehead, cm.
        part: ScoreKey of the parting, -1 (picture left) to 1, in half widths.
        lift: 0 strands start along the skin, 1 straight off it.
        front_lift: The same at the forehead.
        comb: Strength of the comb.
        fade: How soon the comb lets go along the strand.
        gravity: Strength of gravity.
        stiffness: How much of its direction a strand keeps.
        hug: How firmly strands settle back onto the head.
        volume: Clearance (cm) at hair_volume 0 and 1.
        raise_: Extra clearance on the crown at hair_top 1, cm.
        cut: Height of the scissors at the sides, None for free tips.
        cut_back: The same at the back, None: as at the sides.
        cut_slant: How much lower (cm) the picture's right side is cut.
        ragged: Scatter of the cut, cm.
        layers: Share of its length by which the shortest strand is shorter.
        fringe: What falls over the forehead.
        fringe_cut: Height of the fringe's edge.
        shave_below: Height (crown units) under which hair is shorn.
        shave_beside: Distance from the middle (half widths) beyond which it is.
        taper: Share of the side length left at the hairline's lower edge.
        before: Share of side strands that fall before the shoulders.
        before_from: Depth (half depths, face 1) of the rearmost of them.
        ties: Gathered pieces.
        loose: Height (crown units) under which hair stays untied; 0 ties all.
        globe: Gap (cm) between skull and a round outline that the tips fill.
        lanes: Distance (cm) of rows that the hair is braided into; 0 for none.
        sidelock: Height at which the hair beside the face is cut.
        flip: How far (cm) the tips turn outwards.
        tint: Opacity of the scalp's tint under the strands.
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
"""A short cut to start from."""
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
"""Long hair to start from."""
TIED = replace(LONG, flow="tie", volume=(0.1, 0.5), raise_=0.8, before=0.6)
"""Hair combed to a tie, to start from."""
