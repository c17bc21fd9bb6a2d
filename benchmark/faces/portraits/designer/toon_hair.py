"""The toon engines' hairs as a designer reads them in the artwork."""

from __future__ import annotations

from dataclasses import asdict, replace

from benchmark.engines.toon.spec import HAIR_NOTES
from benchmark.faces.portraits.designer.hair import HairShape

_AS_NOTED = {name: HairShape(**asdict(note)) for name, note in HAIR_NOTES.items()}

TOON_HAIRS: dict[str, HairShape] = _AS_NOTED | {
    "afro": replace(_AS_NOTED["afro"], length="chin", volume=0.85, top=0.85),
    "crew_cut": replace(_AS_NOTED["crew_cut"], volume=0.15, top=0.1),
    "horseshoe": replace(_AS_NOTED["horseshoe"], recession=0.95),
    "slick_back": replace(
        _AS_NOTED["slick_back"], volume=0.25, top=0.25, recession=0.25
    ),
    "locs": replace(_AS_NOTED["locs"], tied="braids"),
    "long_curly": replace(_AS_NOTED["long_curly"], volume=0.75, top=0.5),
    "receding_short": replace(_AS_NOTED["receding_short"], recession=0.6),
    "wavy_short": replace(
        _AS_NOTED["wavy_short"], parting="none", volume=0.42, top=0.37
    ),
    "spiky": replace(_AS_NOTED["spiky"], volume=0.65, top=0.75),
    "quiff": replace(_AS_NOTED["quiff"], volume=0.4, top=0.6),
}
"""What each option shows: its note, but for what the picture says otherwise.

An afro's locks end at the chin; locs hang as ropes, which is nearest to braids: loose
coils are better drawn as curls.
"""
