"""How each family is combed and cut: one record of tool settings a family.

Lengths are centimetres on a mean head; heights are measured from the eyes (brow 2,
crown 11.5, mouth -7, chin -11, shoulders -17). The picture's right is positive.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Flow = Literal["whorl", "part", "back", "forward", "up", "radial", "tie", "hang"]
"""Which way the comb went: around the whorl, off a parting, back, forward, straight
up, out on all sides, to a tie, or simply down."""


@dataclass(frozen=True)
class Texture:
    """How single strands bend.

    Attributes:
        amplitude: Radius of wave or curl, cm.
        wavelength: Length of one turn, cm.
        roundness: 0 a flat wave, 1 a helix.
        gather: How firmly strands keep to their lock, 0 to 1.
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
CURLY = Texture(0.75, 3.4, 1.0, 0.7, 0.4, 230, 0.18, 0.92)
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
        part: Place of the parting, -1 (picture left) to 1, in half widths.
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
        ties: Gathered pieces.
        loose: Share of strands (below the tie) that hang free.
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
    ties: tuple[Tie, ...] = field(default=())
    loose: float = 0.0
    tint: float = 0.85


_SHORT = Style("whorl", taper=0.3, ragged=0.6)
_LONG = Style(
    "part",
    count=8000,
    points=24,
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
_TIED = replace(_LONG, flow="tie", volume=(0.1, 0.5), raise_=0.8, before=0.6)

STYLES: dict[str, Style] = {
    "buzz": replace(
        _SHORT, top=0.5, sides=0.4, back=0.4, front=0.5, lift=0.7, front_lift=0.7,
        count=15000, points=4, radius=0.03, volume=(0.02, 0.15), raise_=0.1,
        taper=0.6, tint=0.62,
    ),
    "crew_cut": replace(
        _SHORT, flow="forward", top=1.9, sides=0.9, back=1.0, front=2.2, lift=0.6,
        front_lift=0.8, count=13000, points=7, volume=(0.1, 0.5), raise_=0.8,
        tint=0.8,
    ),
    "side_part_left": replace(
        _SHORT, flow="part", part=-0.5, top=8, sides=2.6, back=3, front=8.5,
        front_lift=0.6, comb=0.8, gravity=0.06, fade=0.4, taper=0.25,
    ),
    "side_part_right": replace(
        _SHORT, flow="part", part=0.5, top=8, sides=2.6, back=3, front=8.5,
        front_lift=0.6, comb=0.8, gravity=0.06, fade=0.4, taper=0.25,
    ),
    "slick_back": replace(
        _SHORT, flow="back", top=9, sides=4, back=5, front=9, lift=0.15,
        front_lift=0.3, comb=1.0, fade=0.2, gravity=0.03, volume=(0.1, 0.8),
        raise_=1.2, taper=0.25, ragged=0.3,
        texture=Texture(gather=0.55, frizz=0.03, locks=200),
    ),
    "quiff": replace(
        _SHORT, flow="back", top=5.5, sides=1.3, back=1.6, front=6.5, lift=0.6,
        front_lift=1.0, comb=0.35, fade=0.0, gravity=0.0, hug=0.05, raise_=4.0,
        count=11000, texture=Texture(0.25, 7, 0.4, 0.6, 0.4, 150, 0.12),
    ),
    "textured_crop": replace(
        _SHORT, flow="forward", top=4.5, sides=1.2, back=1.6, front=4.5, lift=0.55,
        front_lift=0.4, fringe="full", fringe_cut=5.2, gravity=0.15, count=11000,
        ragged=1.4, texture=Texture(0.3, 4.0, 0.6, 0.75, 0.35, 170, 0.28),
    ),
    "curtains": replace(
        _SHORT, flow="part", top=13, sides=7, back=7, front=14, fringe="curtain",
        fringe_cut=-0.5, comb=0.7, gravity=0.22, front_lift=0.7, cut=-1.0,
        cut_back=-5, taper=0.6, volume=(0.5, 1.8), ragged=1.2,
        texture=Texture(0.25, 8, 0.3, 0.5, 0.4, 140, 0.1), points=18,
    ),
    "curly_short": replace(
        _SHORT, flow="whorl", top=7.5, sides=3.4, back=4, front=6.5, lift=0.9,
        front_lift=0.6, fringe="full", fringe_cut=4.6, gravity=0.14, comb=0.25,
        texture=replace(CURLY, amplitude=0.55, wavelength=2.4), points=30,
        count=6500, volume=(0.5, 2.2), ragged=1.4, taper=0.5,
    ),
    "afro_short": replace(
        _SHORT, flow="radial", top=3.0, sides=1.5, back=1.7, front=2.5, lift=1.0,
        front_lift=1.0, gravity=0.0, comb=0.15, fade=0.0, hug=0.0, texture=COILY,
        points=18, count=9000, volume=(0.0, 0.4), raise_=0.8, taper=0.5,
    ),
    "afro_large": replace(
        _SHORT, flow="radial", top=8.5, sides=8.0, back=8, front=6.5, lift=1.0,
        front_lift=1.0, gravity=0.02, comb=0.12, fade=0.0, hug=0.0,
        texture=replace(COILY, amplitude=0.4, wavelength=1.5, locks=700),
        points=30, count=7500, volume=(0.0, 1.0), raise_=1.0, taper=1.0,
        layers=0.45,
    ),
    "receding_short": replace(
        _SHORT, flow="back", top=3.0, sides=2.2, back=2.4, front=3.2, lift=0.3,
        comb=0.6, volume=(0.1, 0.5), raise_=0.4, taper=0.35, tint=0.6,
    ),
    "undercut": replace(
        _SHORT, flow="part", part=-0.62, top=12, sides=0.5, back=0.5, front=12,
        front_lift=0.8, fringe="side", fringe_cut=2.0, comb=0.85, fade=0.3,
        gravity=0.10, shave_below=0.52, volume=(0.4, 1.6), raise_=2.5,
    ),
    "pixie": replace(
        _SHORT, flow="part", part=0.5, top=9, sides=5, back=5, front=10,
        fringe="side", fringe_cut=1.8, comb=0.7, gravity=0.16, fade=0.8, cut=-2.0,
        cut_back=-8, taper=0.7, ragged=1.3, texture=replace(STRAIGHT, frizz=0.14),
    ),
    "bob_straight": replace(_LONG, cut=-9.5, cut_back=-9.5, ragged=0.25, layers=0.0),
    "bob_fringe": replace(
        _LONG, cut=-8.5, ragged=0.2, layers=0.0, fringe="full", fringe_cut=1.9,
    ),
    "chin_wavy": replace(
        _LONG, cut=-9.5, part=0.5, fringe="side", fringe_cut=-1, texture=WAVY,
        points=28, ragged=1.3, volume=(0.8, 3.0),
    ),
    "chin_curly": replace(
        _LONG, cut=-8.5, texture=replace(CURLY, locks=300), points=40, count=5200,
        ragged=1.6, volume=(1.2, 4.2), part=0.2, lift=0.6, front_lift=0.6,
        gravity=0.22, raise_=3.0,
    ),
    "shoulder_straight": replace(_LONG, cut=-15.5, part=-0.45, ragged=0.7),
    "shoulder_wavy": replace(
        _LONG, cut=-15.5, texture=WAVY, points=32, ragged=1.4, volume=(0.8, 3.0),
    ),
    "shoulder_fringe": replace(
        _LONG, cut=-15, fringe="full", fringe_cut=1.7, ragged=0.6,
    ),
    "long_straight_centre": replace(_LONG, cut=-27, ragged=1.5, points=28),
    "long_straight_side": replace(
        _LONG, cut=-27, part=0.5, fringe="side", fringe_cut=-3, ragged=1.5, points=28,
    ),
    "long_wavy": replace(
        _LONG, cut=-26, part=-0.45, texture=WAVY, points=40, ragged=2.0,
        volume=(0.9, 3.2),
    ),
    "long_curly": replace(
        _LONG, cut=-22, texture=replace(CURLY, amplitude=0.85, wavelength=4.0,
        locks=300), points=56, count=4800, ragged=2.0, volume=(1.4, 4.5), lift=0.5,
        raise_=3.0, gravity=0.24,
    ),
    "ponytail": replace(
        _TIED, ties=(Tie("tail", (0.22, 0.82, -0.8), 2.2, 34, (0.95, 0.45, -0.3)),),
    ),
    "high_bun": replace(
        _TIED, ties=(Tie("bun", (0.0, 1.15, -0.35), 3.3),), raise_=0.5,
    ),
    "low_bun": replace(
        _TIED, ties=(Tie("bun", (0.62, -0.55, -0.78), 3.3),), part=0.0,
    ),
    "twin_braids": replace(
        _TIED, ties=(Tie("braid", (-0.92, -0.8, -0.2), 1.25, 22, (-0.25, -1, 0.3)),
        Tie("braid", (0.92, -0.8, -0.2), 1.25, 22, (0.25, -1, 0.3))),
    ),
    "pigtails": replace(
        _TIED, ties=(Tie("tail", (-1.05, 0.25, -0.35), 2.0, 17, (-1, 0.1, 0)),
        Tie("tail", (1.05, 0.25, -0.35), 2.0, 17, (1, 0.1, 0))),
    ),
}  # fmt: skip
"""Styles by family; ``bald`` has none."""
