"""Description of each hair option of facesjs, read from its artwork.

Hair behind the head is another parameter, so these are the front and the sides.
"""

from __future__ import annotations

from benchmark.faces.portraits.designer.hair import HairShape

FACESJS_HAIRS: dict[str, HairShape] = {
    "short": HairShape("short", "straight", sides="short", volume=0.15, top=0.1),
    "bald": HairShape("bald", "straight", sides="shaved", volume=0.0, top=0.0),
    "short-bald": HairShape(
        "short", "straight", sides="short", volume=0.2, top=0.0, recession=0.9
    ),
    "short-fade": HairShape("buzz", "straight", sides="short", volume=0.0, top=0.05),
    "crop-fade": HairShape("short", "straight", sides="shaved", volume=0.2, top=0.2),
    "short3": HairShape("short", "coily", sides="short", volume=0.3, top=0.3),
    "hair": HairShape(
        "short", "wavy", "side", "left", sides="short", volume=0.5, top=0.5
    ),
    "parted": HairShape(
        "short", "straight", "side", "right", sides="short", volume=0.4, top=0.45
    ),
    "emo": HairShape("short", "straight", "side", "left", sides="short", top=0.2),
    "middle-part": HairShape(
        "short", "straight", "curtain", "centre", sides="short", volume=0.45
    ),
    "messy": HairShape("short", "wavy", sides="short", volume=0.5, top=0.45),
    "spike": HairShape("short", "straight", sides="short", volume=0.65, top=0.7),
    "juice": HairShape("short", "straight", sides="short", volume=0.4, top=0.6),
    "high": HairShape("short", "coily", sides="shaved", volume=0.6, top=0.9),
    "shaggy2": HairShape("short", "wavy", "full", volume=0.5, top=0.45),
    "shortBangs": HairShape(
        "short", "straight", "full", sides="short", volume=0.3, top=0.3
    ),
    "curly3": HairShape("short", "curly", volume=0.6, top=0.5),
    "afro": HairShape("chin", "coily", volume=0.85, top=0.75),
    "female1": HairShape("chin", "straight", "full"),
    "female5": HairShape("chin", "straight", "side", "right"),
    "female6": HairShape("chin", "straight", "curtain", "centre", volume=0.6),
    "female4": HairShape("chin", "straight", "side", "left", volume=0.5, top=0.5),
    "longHair": HairShape("chin", "wavy", "side", "left", volume=0.4),
    "female7": HairShape("long", "straight", "full", volume=0.4),
    "female9": HairShape("long", "straight", parting="centre", volume=0.4, top=0.45),
    "female10": HairShape("long", "wavy", "side", "right", volume=0.7, top=0.5),
    "female2": HairShape("long", "straight", parting="centre", tied="pigtails"),
    "female3": HairShape("long", "straight", "side", "left", "ponytail", top=0.5),
    "female8": HairShape("long", "straight", "curtain", tied="top_bun", top=0.9),
    "female11": HairShape("long", "straight", tied="bun", volume=0.4, top=0.5),
}
"""Description by hair option, in option order."""
