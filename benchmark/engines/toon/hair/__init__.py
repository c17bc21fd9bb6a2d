"""Hairstyles: one drawing function per hair option."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.engines.toon.hair import cropped, curly, falling, short, tied
from benchmark.engines.toon.hair.scalp import Hair, Scalp, hair_gradients

__all__ = ["HAIRSTYLES", "Hair", "Scalp", "draw_hair", "hair_gradients"]

HAIRSTYLES: dict[str, Callable[[Scalp], Hair]] = {
    style.__name__: style
    for style in (
        cropped.crew_cut,
        short.side_part_short_left,
        short.side_part_short_right,
        short.slick_back,
        short.quiff,
        short.spiky,
        short.fringe_short,
        short.mop_straight,
        short.undercut,
        short.wavy_short,
        cropped.receding_short,
        cropped.horseshoe,
        cropped.buzz,
        cropped.bald,
        short.pixie,
        curly.curly_short,
        curly.curly_fade,
        curly.coily_short,
        curly.flat_top,
        curly.afro,
        curly.bob_curly,
        curly.long_curly,
        curly.locs,
        falling.bob_straight,
        falling.bob_fringe,
        falling.bob_side,
        falling.bob_wavy,
        falling.curtain_medium,
        falling.shoulder_wavy,
        falling.long_straight,
        falling.long_fringe,
        falling.long_wavy,
        tied.bun_top,
        tied.bun_low,
        tied.ponytail,
        tied.braids_twin,
    )
}
"""Drawing functions by hair option."""


def draw_hair(name: str, scalp: Scalp) -> Hair:
    """Draw the hairstyle `name` on a scalp."""
    return HAIRSTYLES[name](scalp)
