"""Description of each hair option of the toon engines, read from the artwork."""

from __future__ import annotations

from benchmark.faces.portraits.designer.hair import HairShape

TOON_HAIRS: dict[str, HairShape] = {
    "crew_cut": HairShape("short", "straight", sides="short", volume=0.15, top=0.1),
    "side_part_short_left": HairShape(
        "short", "straight", "side", "left", sides="short", volume=0.4, top=0.45
    ),
    "side_part_short_right": HairShape(
        "short", "straight", "side", "right", sides="short", volume=0.4, top=0.45
    ),
    "slick_back": HairShape(
        "short", "straight", sides="short", volume=0.25, top=0.25, recession=0.25
    ),
    "quiff": HairShape("short", "straight", sides="short", volume=0.4, top=0.6),
    "spiky": HairShape("short", "straight", sides="short", volume=0.65, top=0.75),
    "fringe_short": HairShape(
        "short", "straight", "full", sides="short", volume=0.3, top=0.3
    ),
    "mop_straight": HairShape("short", "straight", "full", volume=0.6, top=0.45),
    "undercut": HairShape("short", "straight", "side", "left", sides="shaved", top=0.6),
    "wavy_short": HairShape(
        "short", "wavy", "side", sides="short", volume=0.42, top=0.37
    ),
    "curly_short": HairShape("short", "curly", "full", volume=0.6, top=0.55),
    "curly_fade": HairShape("short", "curly", sides="shaved", top=0.7),
    "coily_short": HairShape("short", "coily", sides="short", volume=0.3, top=0.3),
    "flat_top": HairShape("short", "coily", sides="shaved", volume=0.6, top=0.9),
    "receding_short": HairShape(
        "short", "straight", sides="short", volume=0.2, top=0.25, recession=0.6
    ),
    "horseshoe": HairShape(
        "short", "straight", sides="short", volume=0.2, top=0.0, recession=0.95
    ),
    "buzz": HairShape("buzz", "straight", sides="short", volume=0.0, top=0.1),
    "bald": HairShape("bald", "straight", sides="shaved", volume=0.0, top=0.0),
    "pixie": HairShape("short", "straight", "side", "left", top=0.45),
    "afro": HairShape("chin", "coily", volume=0.85, top=0.85),
    "bob_straight": HairShape("chin", "straight", parting="centre"),
    "bob_fringe": HairShape("chin", "straight", "full"),
    "bob_side": HairShape("chin", "straight", "side", "right"),
    "bob_wavy": HairShape("chin", "wavy", "side", "left", volume=0.65),
    "bob_curly": HairShape("chin", "curly", volume=0.8, top=0.6),
    "curtain_medium": HairShape("shoulder", "straight", "curtain", "centre"),
    "shoulder_wavy": HairShape("shoulder", "wavy", "side", "right", volume=0.6),
    "locs": HairShape("shoulder", "coily", parting="centre", tied="braids", volume=0.6),
    "long_straight": HairShape("long", "straight", parting="centre", volume=0.4),
    "long_fringe": HairShape("long", "straight", "full"),
    "long_wavy": HairShape("long", "wavy", "side", "left", volume=0.7, top=0.5),
    "long_curly": HairShape("long", "curly", parting="centre", volume=0.75, top=0.5),
    "bun_top": HairShape("long", "straight", tied="top_bun", volume=0.3, top=0.9),
    "bun_low": HairShape(
        "long", "straight", parting="centre", tied="bun", volume=0.3, top=0.35
    ),
    "ponytail": HairShape(
        "long", "straight", "side", "right", tied="ponytail", volume=0.4
    ),
    "braids_twin": HairShape("long", "straight", parting="centre", tied="braids"),
}
"""Description by hair option, in option order.

Afros end at the chin. Locs count as braids: they hang as ropes, and the vocabulary has
no nearer word.
"""
