"""Hair styles of the train families."""

from __future__ import annotations

from dataclasses import replace

from benchmark.faces.portraits.hair.style import (
    COILY,
    CURLY,
    LONG,
    SHORT,
    STRAIGHT,
    TIED,
    WAVY,
    Style,
    Texture,
    Tie,
)

TRAIN_STYLES: dict[str, Style] = {
    "buzz": replace(
        SHORT, top=0.5, sides=0.4, back=0.4, front=0.5, lift=0.7, front_lift=0.7,
        count=15000, points=4, radius=0.03, volume=(0.02, 0.15), raise_=0.1,
        taper=0.6, tint=0.62,
    ),
    "crew_cut": replace(
        SHORT, flow="forward", top=1.9, sides=0.9, back=1.0, front=2.2, lift=0.6,
        front_lift=0.8, count=13000, points=7, volume=(0.1, 0.5), raise_=0.8,
        tint=0.8,
    ),
    "side_part_left": replace(
        SHORT, flow="part", part=-0.5, top=7, sides=2.6, back=3, front=7.5,
        front_lift=0.6, comb=0.8, gravity=0.2, hug=0.7, fade=0.4, taper=0.3,
    ),
    "side_part_right": replace(
        SHORT, flow="part", part=0.5, top=7, sides=2.6, back=3, front=7.5,
        front_lift=0.6, comb=0.8, gravity=0.2, hug=0.7, fade=0.4, taper=0.3,
    ),
    "slick_back": replace(
        SHORT, flow="back", top=9, sides=4, back=5, front=9, lift=0.15,
        front_lift=0.3, comb=1.0, fade=0.2, gravity=0.03, volume=(0.3, 1.2),
        raise_=2.2, taper=0.25, ragged=0.3,
        texture=Texture(gather=0.55, frizz=0.03, locks=200),
    ),
    "quiff": replace(
        SHORT, flow="back", top=5.0, sides=1.3, back=1.6, front=7.0, lift=0.2,
        front_lift=1.0, comb=0.7, fade=0.0, gravity=0.03, hug=0.3, raise_=4.5,
        count=12000, texture=Texture(0.2, 7, 0.4, 0.55, 0.5, 150, 0.05),
    ),
    "textured_crop": replace(
        SHORT, flow="forward", top=4.5, sides=1.2, back=1.6, front=4.5, lift=0.55,
        front_lift=0.4, fringe="full", fringe_cut=5.2, gravity=0.15, count=11000,
        ragged=1.4, texture=Texture(0.3, 4.0, 0.6, 0.75, 0.35, 170, 0.28),
    ),
    "curtains": replace(
        SHORT, flow="part", top=13, sides=7, back=7, front=14, fringe="curtain",
        fringe_cut=-0.5, comb=0.7, gravity=0.22, front_lift=0.7, cut=-1.0,
        cut_back=-5, taper=0.6, volume=(0.5, 1.8), ragged=1.2,
        texture=Texture(0.25, 8, 0.3, 0.5, 0.4, 140, 0.1), points=18,
    ),
    "curly_short": replace(
        SHORT, flow="whorl", top=7.5, sides=3.4, back=4, front=6.5, lift=0.9,
        front_lift=0.6, fringe="full", fringe_cut=4.6, gravity=0.14, comb=0.25,
        texture=replace(CURLY, amplitude=0.55, wavelength=2.4), points=30,
        count=6500, volume=(0.5, 2.2), ragged=1.4, taper=0.5,
    ),
    "afro_short": replace(
        SHORT, flow="radial", lift=1.0, front_lift=1.0, gravity=0.0, comb=0.15,
        fade=0.0, hug=0.0, texture=replace(COILY, locks=900), points=18, count=11000,
        volume=(0.0, 0.3), raise_=1.6, globe=2.6, layers=0.35, radius=0.04,
    ),
    "afro_large": replace(
        SHORT, flow="radial", lift=1.0, front_lift=1.0, gravity=0.0, comb=0.1,
        fade=0.0, hug=0.0, points=30, count=9500, volume=(0.0, 0.6), raise_=3.0,
        globe=8.0, layers=0.55, radius=0.05,
        texture=replace(COILY, amplitude=0.4, wavelength=1.5, locks=900, frizz=0.22),
    ),
    "receding_short": replace(
        SHORT, flow="back", top=3.0, sides=2.2, back=2.4, front=3.2, lift=0.3,
        comb=0.6, volume=(0.1, 0.5), raise_=0.4, taper=0.6, tint=0.8, count=13000,
    ),
    "undercut": replace(
        SHORT, flow="part", part=-0.62, top=12, sides=0.5, back=0.5, front=12,
        front_lift=0.8, fringe="side", fringe_cut=2.0, comb=0.85, fade=0.3,
        gravity=0.22, hug=0.5, shave_below=0.52, volume=(0.4, 1.6), raise_=2.5,
    ),
    "pixie": replace(
        SHORT, flow="part", part=0.5, top=9, sides=5, back=5, front=10,
        fringe="side", fringe_cut=1.8, comb=0.7, gravity=0.16, fade=0.8, cut=-2.0,
        cut_back=-8, taper=0.7, ragged=1.3, texture=replace(STRAIGHT, frizz=0.14),
    ),
    "bob_straight": replace(LONG, cut=-9.5, cut_back=-9.5, ragged=0.25, layers=0.0),
    "bob_fringe": replace(
        LONG, cut=-8.5, ragged=0.2, layers=0.0, fringe="full", fringe_cut=1.9,
    ),
    "chin_wavy": replace(
        LONG, cut=-9.5, part=0.5, fringe="side", fringe_cut=-1, texture=WAVY,
        points=28, ragged=1.3, volume=(0.8, 3.0),
    ),
    "chin_curly": replace(
        LONG, cut=-8.5, texture=replace(CURLY, locks=300), points=40, count=5200,
        ragged=1.6, volume=(1.2, 4.2), part=0.2, lift=0.6, front_lift=0.6,
        gravity=0.22, raise_=3.0,
    ),
    "shoulder_straight": replace(LONG, cut=-14, part=-0.45, ragged=0.7),
    "shoulder_wavy": replace(
        LONG, cut=-14, texture=WAVY, points=32, ragged=1.4, volume=(0.8, 3.0),
    ),
    "shoulder_fringe": replace(
        LONG, cut=-13.5, fringe="full", fringe_cut=1.7, ragged=0.6,
    ),
    "long_straight_centre": replace(
        LONG, before=0.9, before_from=-0.45,
        cut=-27, ragged=1.5, points=28,
    ),
    "long_straight_side": replace(
        LONG, before=0.9, before_from=-0.45,
        cut=-27, part=0.5, fringe="side", fringe_cut=-3, ragged=1.5, points=28,
    ),
    "long_wavy": replace(
        LONG, before=0.9, before_from=-0.45,
        cut=-26, part=-0.45, texture=WAVY, points=40, ragged=2.0,
        volume=(0.9, 3.2),
    ),
    "long_curly": replace(
        LONG, before=0.9, before_from=-0.45,
        cut=-22, texture=replace(CURLY, amplitude=0.85, wavelength=4.0,
        locks=300), points=56, count=4800, ragged=2.0, volume=(1.2, 3.6), lift=0.5,
        raise_=1.6, gravity=0.24,
    ),
    "ponytail": replace(
        TIED, ties=(Tie("tail", (0.22, 0.82, -0.8), 2.8, 34, (0.95, 0.45, -0.3)),),
    ),
    "high_bun": replace(
        TIED, ties=(Tie("bun", (0.0, 1.04, -0.3), 3.0),), raise_=0.5,
    ),
    "low_bun": replace(
        TIED, ties=(Tie("bun", (0.82, -0.85, -0.65), 3.2),), part=0.0,
    ),
    "twin_braids": replace(
        TIED, ties=(Tie("braid", (-0.92, -0.8, -0.2), 1.25, 22, (-0.25, -1, 0.3)),
        Tie("braid", (0.92, -0.8, -0.2), 1.25, 22, (0.25, -1, 0.3))),
    ),
    "pigtails": replace(
        TIED, ties=(Tie("tail", (-1.05, 0.25, -0.35), 2.6, 17, (-1, 0.1, 0)),
        Tie("tail", (1.05, 0.25, -0.35), 2.6, 17, (1, 0.1, 0))),
    ),
}  # fmt: skip
"""Style by family name, except ``bald``."""
