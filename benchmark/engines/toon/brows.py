"""Draw brows: eight shapes, placed above the eyes."""

from __future__ import annotations

from typing import NamedTuple

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.eyes import Eye
from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.palette import HairTones
from benchmark.engines.toon.svg import Shape, blob


class _Brow(NamedTuple):
    """Measures in canvas units: thickness; heights of inner end, body, arch, outer end.

    Heights are positive upwards. `rise` lifts the whole brow.
    """

    thick: float
    inner: float
    body: float
    arch: float
    outer: float
    length: float = 42
    rise: float = 0


_BROWS = {
    "thin_straight": _Brow(7, 0, 1, 2, -2, 42, 8),
    "thin_arched": _Brow(6.5, 0, 10, 15, -5, 42, 9),
    "medium_straight": _Brow(13, 0, 1, 2, -2, 42, -1),
    "medium_arched": _Brow(12.5, 2, 10, 12, -8, 42, 0),
    "thick_straight": _Brow(23, 0, 1, 2, -1, 46, -2),
    "thick_arched": _Brow(22, 1, 10, 12, -8, 46, -2),
    "angled": _Brow(14, -5, 0, 9, 11, 43, 3),
    "rounded": _Brow(9, -10, 10, 8, -19, 40, 7),
}


def draw_brows(name: str, eye: Eye, head: Head, hair: HairTones) -> list[Shape]:
    """Both brows of the type `name`, in the hair's dark tone."""
    brow = _BROWS[name]
    base = EYE_LINE - max(eye.brow_gap + 15, 44) - brow.rise
    return [
        Shape(_outline(brow, eye, head, base, side), hair.dark, PART_IDS["brows"])
        for side in (-1, 1)
    ]


def _outline(brow: _Brow, eye: Eye, head: Head, base: float, side: int) -> str:
    reach = brow.length
    room = head.side(base - brow.outer) - 9
    spine = [
        (-0.94 * reach, brow.inner, 0.12),
        (-0.84 * reach, brow.inner, 0.4),
        (-0.3 * reach, brow.body, 0.5),
        (0.4 * reach, brow.arch, 0.42),
        (1.06 * reach, brow.outer, 0.1),
    ]

    def edge(sign: int) -> list[tuple[float, float]]:
        return [
            (MIDDLE + side * min(eye.x + x, room), base - y - sign * share * brow.thick)
            for x, y, share in spine
        ]

    return blob([*edge(1), *reversed(edge(-1))])
