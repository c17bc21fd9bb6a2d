"""Hair styles of the validation and held-out families.

These shapes are outside the range of the train styles. Validation and held-out styles
differ from each other as well.
"""

from __future__ import annotations

from dataclasses import replace

from benchmark.faces.portraits.hair.style import (
    COILY,
    CURLY,
    LONG,
    SHORT,
    TIED,
    WAVY,
    Style,
    Texture,
    Tie,
)

VALIDATION_STYLES: dict[str, Style] = {
    "caesar": replace(
        SHORT, flow="forward", top=2.4, sides=1.3, back=1.3, front=2.2, lift=0.3,
        front_lift=0.15, comb=1.0, fade=0.0, fringe="full", fringe_cut=5.0,
        ragged=0.15, count=14000, points=8, volume=(0.1, 0.5), raise_=0.6,
    ),
    "fluffy_centre": replace(
        SHORT, flow="part", top=8, sides=1.6, back=2.0, front=10, fringe="curtain",
        fringe_cut=2.5, comb=0.7, gravity=0.4, hug=0.6, front_lift=1.0, lift=0.7,
        volume=(0.8, 3.0), raise_=3.5, ragged=1.5, points=20, taper=0.4,
        texture=replace(WAVY, amplitude=0.4, wavelength=5.0),
    ),
    "spiky": replace(
        SHORT, flow="up", top=4.5, sides=1.4, back=2.0, front=4.5, lift=0.85,
        front_lift=0.8, comb=0.4, fade=0.0, gravity=0.0, hug=0.0, raise_=1.0,
        count=11000, texture=Texture(0.05, 8, 0.3, 1.0, 0.08, 150, 0.3),
    ),
    "side_ponytail": replace(
        TIED, part=-0.4, texture=WAVY, points=26,
        ties=(Tie("tail", (0.9, -0.5, -0.35), 2.4, 26, (0.5, -0.5, 0.6)),),
    ),
    "lob_curtain": replace(
        LONG, cut=-13.5, fringe="curtain", fringe_cut=-2.5, texture=WAVY, points=30,
        ragged=0.9, volume=(0.7, 2.6), front_lift=0.6,
    ),
    "coily_shoulder": replace(
        LONG, cut=-13, points=46, count=5200, ragged=1.5, lift=0.8, front_lift=0.7,
        texture=replace(COILY, amplitude=0.45, wavelength=1.7, gather=0.6, locks=260),
        volume=(1.8, 4.6), raise_=3.0, gravity=0.26,
    ),
    "flipped_bob": replace(
        LONG, cut=-9.0, part=-0.45, fringe="side", fringe_cut=0.5, ragged=0.3,
        flip=3.2, volume=(0.8, 2.6), raise_=3.0, layers=0.0,
    ),
}  # fmt: skip
"""Style by family name of the shifted part of validation."""

HELDOUT_STYLES: dict[str, Style] = {
    "mohawk": replace(
        SHORT, flow="up", top=7, sides=6, back=6, front=6.5, lift=1.0, front_lift=1.0,
        comb=0.3, fade=0.0, gravity=0.0, hug=0.0, count=16000, points=12,
        shave_beside=0.3, taper=1.0, layers=0.1,
        texture=Texture(0.15, 8, 0.3, 0.6, 0.5, 200, 0.08), tint=0.6,
    ),
    "mullet": replace(
        SHORT, flow="forward", top=6, sides=2.4, back=30, front=7, taper=0.9,
        fringe="full", fringe_cut=3.6, cut=-16, cut_back=-16, gravity=0.25, points=26,
        ragged=1.6, volume=(0.4, 1.6), texture=replace(WAVY, amplitude=0.35),
    ),
    "bowl_cut": replace(
        LONG, flow="whorl", cut=0.6, cut_back=-1.0, fringe="full", fringe_cut=2.3,
        ragged=0.15, layers=0.0, shave_below=-0.12, volume=(0.8, 2.4), points=16,
        comb=0.5, fade=1.0, hug=0.5,
    ),
    "pompadour": replace(
        SHORT, flow="back", top=7, sides=2.2, back=3.5, front=9.5, lift=0.2,
        front_lift=1.0, comb=0.75, fade=0.0, gravity=0.02, hug=0.25, raise_=6.0,
        volume=(0.2, 1.0), taper=0.3, ragged=0.2, points=18,
        texture=Texture(0.1, 9, 0.3, 0.55, 0.5, 160, 0.03),
    ),
    "combed_over": replace(
        SHORT, flow="over", top=19, sides=3, back=3, front=12, lift=0.1,
        front_lift=0.1, comb=0.9, fade=0.0, gravity=0.02, hug=0.7, taper=0.2,
        volume=(0.05, 0.2), raise_=0.1, points=18, tint=0.55,
        texture=Texture(0.08, 9, 0.3, 0.6, 0.5, 70, 0.05),
    ),
    "balding_long_sides": replace(
        LONG, flow="hang", cut=-8.5, texture=replace(WAVY, frizz=0.2), points=26,
        ragged=1.8, volume=(1.2, 4.0), raise_=0.2, comb=0.2, gravity=0.25, lift=0.9,
        tint=0.6,
    ),
    "dreadlocks": replace(
        LONG, cut=-15, points=30, count=7000, radius=0.045, ragged=1.8, comb=0.6,
        texture=Texture(0.22, 1.8, 1.0, 6.0, 0.22, 100, 0.2, 0.3), lift=0.6,
        front_lift=0.6, volume=(0.8, 2.4), raise_=2.0, tint=0.7,
    ),
    "cornrows": replace(
        SHORT, flow="back", top=14, sides=12, back=8, front=16, lift=0.02,
        front_lift=0.02, comb=1.4, fade=0.0, gravity=0.0, hug=1.2, taper=1.0,
        count=16000, points=26, volume=(0.1, 0.3), raise_=0.1, lanes=2.1, tint=0.12,
        texture=Texture(0.1, 1.3, 0.6, 0.0, 1.0, 300, 0.01, 0.4),
        ties=(Tie("braid", (-0.75, -1.0, -0.5), 0.9, 20, (-0.5, -1, 0.4)),
        Tie("braid", (0.75, -1.0, -0.5), 0.9, 20, (0.5, -1, 0.4)),
        Tie("braid", (-0.5, -1.0, -0.7), 0.9, 20, (-0.3, -1, -0.1)),
        Tie("braid", (0.5, -1.0, -0.7), 0.9, 20, (0.3, -1, -0.1))),
    ),
    "asymmetric_bob": replace(
        LONG, cut=-5.5, cut_slant=8.0, part=-0.5, fringe="side", fringe_cut=-1.5,
        ragged=0.25, layers=0.0, hug=0.45,
    ),
    "space_buns": replace(
        TIED, ties=(Tie("bun", (-0.72, 0.92, -0.1), 2.8),
        Tie("bun", (0.72, 0.92, -0.1), 2.8)), raise_=0.4,
    ),
    "half_up": replace(
        LONG, before=0.85, before_from=-0.4,
        flow="hang", loose=0.42, cut=-25, texture=WAVY, points=36, ragged=1.8,
        volume=(0.7, 2.4), ties=(Tie("bun", (0.0, 1.02, -0.55), 2.5),),
    ),
    "hime_cut": replace(
        LONG, before=0.85, before_from=-0.4,
        flow="whorl", cut=-27, fringe="full", fringe_cut=2.0, sidelock=-6.5,
        ragged=0.25, layers=0.0, points=28, hug=0.5, volume=(0.4, 1.2),
    ),
    "wolf_cut": replace(
        LONG, cut=-14, fringe="curtain", fringe_cut=-1.0, layers=0.95, ragged=2.6,
        texture=replace(WAVY, amplitude=0.6, wavelength=5.0, gather=0.85, locks=110,
        frizz=0.2), points=30, volume=(1.0, 3.6), raise_=3.5, lift=0.7,
        front_lift=0.8, flip=1.4,
    ),
    "messy_perm": replace(
        LONG, flow="whorl", cut=-6.5, points=46, count=4800, ragged=2.2,
        texture=replace(CURLY, amplitude=0.6, wavelength=2.4, frizz=0.3, gather=0.8,
        spread=0.3, locks=420), radius=0.05,
        volume=(1.6, 4.8), raise_=4.5, lift=0.9, front_lift=0.8, fringe="full",
        fringe_cut=3.2, gravity=0.16, hug=0.15,
    ),
}  # fmt: skip
"""Style by family name of the held-out families."""
