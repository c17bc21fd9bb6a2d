"""What can be set on the toon engines: Tables 4 and 5 of SwiftAvatar (2301.08153)."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.avatars import NONE, AvatarSpec, Continuous, Discrete
from benchmark.engines.toon.palette import HAIR_COLOURS, skin_swatches

HEAD_SHAPES = ("round", "square", "oval", "heart", "diamond", "pear")
EYE_SHAPES = ("round", "almond", "hooded", "droopy")
MOUTHS = (
    "neutral",
    "soft_smile",
    "closed_smile",
    "teeth_smile",
    "open_laugh",
    "straight",
    "frown",
    "pout",
    "smirk",
)
NOSES = ("straight", "button", "hooked", "broad", "pointed")
BROWS = (
    "thin_straight",
    "thin_arched",
    "medium_straight",
    "medium_arched",
    "thick_straight",
    "thick_arched",
    "angled",
    "rounded",
)
FACIAL_HAIR = (NONE, "stubble", "moustache", "goatee", "full_beard")
GLASSES = (NONE, "glasses")


@dataclass(frozen=True)
class HairNote:
    """What a hair option shows, in the words that describe a person's hair.

    length: bald, buzz, short, chin, shoulder or long; texture: straight, wavy, curly or
    coily; fringe: none, full, side or curtain; parting: none, left, centre or right as
    seen in the picture; tied: none, bun, top_bun, ponytail or braids; sides: shaved,
    short or full; volume, top (height over the crown) and recession lie in 0-1.
    """

    length: str
    texture: str
    fringe: str = "none"
    parting: str = "none"
    tied: str = "none"
    sides: str = "full"
    volume: float = 0.5
    top: float = 0.4
    recession: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.length} {self.texture}, fringe {self.fringe}, parting "
            f"{self.parting}, tied {self.tied}, sides {self.sides}, volume "
            f"{self.volume:g}, top {self.top:g}, recession {self.recession:g}"
        )


HAIR_NOTES: dict[str, HairNote] = {
    "crew_cut": HairNote("short", "straight", sides="short", volume=0.2, top=0.3),
    "side_part_short_left": HairNote(
        "short", "straight", "side", "left", sides="short", volume=0.4, top=0.45
    ),
    "side_part_short_right": HairNote(
        "short", "straight", "side", "right", sides="short", volume=0.4, top=0.45
    ),
    "slick_back": HairNote("short", "straight", sides="short", volume=0.3, top=0.35),
    "quiff": HairNote("short", "straight", sides="short", volume=0.6, top=0.8),
    "spiky": HairNote("short", "straight", sides="short", volume=0.5, top=0.65),
    "fringe_short": HairNote(
        "short", "straight", "full", sides="short", volume=0.3, top=0.3
    ),
    "mop_straight": HairNote("short", "straight", "full", volume=0.6, top=0.45),
    "undercut": HairNote(
        "short", "straight", "side", "left", sides="shaved", volume=0.5, top=0.6
    ),
    "wavy_short": HairNote(
        "short", "wavy", "side", "right", sides="short", volume=0.5, top=0.55
    ),
    "curly_short": HairNote("short", "curly", "full", volume=0.6, top=0.55),
    "curly_fade": HairNote("short", "curly", sides="shaved", volume=0.5, top=0.7),
    "coily_short": HairNote("short", "coily", sides="short", volume=0.3, top=0.3),
    "flat_top": HairNote("short", "coily", sides="shaved", volume=0.6, top=0.9),
    "receding_short": HairNote(
        "short", "straight", sides="short", volume=0.2, top=0.25, recession=0.5
    ),
    "horseshoe": HairNote(
        "short", "straight", sides="short", volume=0.2, top=0.0, recession=1.0
    ),
    "buzz": HairNote("buzz", "straight", sides="short", volume=0.0, top=0.1),
    "bald": HairNote("bald", "straight", sides="shaved", volume=0.0, top=0.0),
    "pixie": HairNote("short", "straight", "side", "left", volume=0.5, top=0.45),
    "afro": HairNote("short", "coily", volume=1.0, top=1.0),
    "bob_straight": HairNote("chin", "straight", parting="centre"),
    "bob_fringe": HairNote("chin", "straight", "full"),
    "bob_side": HairNote("chin", "straight", "side", "right"),
    "bob_wavy": HairNote("chin", "wavy", "side", "left", volume=0.65),
    "bob_curly": HairNote("chin", "curly", volume=0.8, top=0.6),
    "curtain_medium": HairNote("shoulder", "straight", "curtain", "centre"),
    "shoulder_wavy": HairNote("shoulder", "wavy", "side", "right", volume=0.6),
    "locs": HairNote("shoulder", "coily", parting="centre", volume=0.6),
    "long_straight": HairNote("long", "straight", parting="centre", volume=0.4),
    "long_fringe": HairNote("long", "straight", "full"),
    "long_wavy": HairNote("long", "wavy", "side", "left", volume=0.7, top=0.5),
    "long_curly": HairNote("long", "curly", parting="centre", volume=0.9, top=0.6),
    "bun_top": HairNote("long", "straight", tied="top_bun", volume=0.3, top=0.9),
    "bun_low": HairNote(
        "long", "straight", parting="centre", tied="bun", volume=0.3, top=0.35
    ),
    "ponytail": HairNote(
        "long", "straight", "side", "right", "ponytail", volume=0.4, top=0.4
    ),
    "braids_twin": HairNote(
        "long", "straight", parting="centre", tied="braids", volume=0.5, top=0.4
    ),
}
"""What each hair option shows, in option order."""

HAIRS = tuple(HAIR_NOTES)

ALTER_SKINS = tuple(f"d{depth:02d}_neutral" for depth in (1, 3, 4, 6, 8, 10, 11, 13))
ALTER_HAIRS = (
    "crew_cut",
    "side_part_short_left",
    "quiff",
    "spiky",
    "fringe_short",
    "mop_straight",
    "wavy_short",
    "curly_short",
    "coily_short",
    "receding_short",
    "buzz",
    "bald",
    "pixie",
    "afro",
    "bob_straight",
    "bob_fringe",
    "curtain_medium",
    "long_straight",
    "long_wavy",
    "long_curly",
    "bun_top",
    "ponytail",
)
ALTER_HAIR_COLOURS = (
    "black",
    "dark_brown",
    "brown",
    "auburn",
    "ginger",
    "blond",
    "grey",
)
ALTER_BROWS = (
    "thin_arched",
    "medium_straight",
    "medium_arched",
    "thick_straight",
    "thick_arched",
)


def tiktok_spec() -> AvatarSpec:
    """The 13 continuous rows (21 scalars) and 8 discrete rows of Table 4."""
    skins = skin_swatches()
    return AvatarSpec(
        "toon-tiktok",
        (
            *(_weight("head", shape) for shape in HEAD_SHAPES),
            *_scalars("head", "width", "length"),
            *(_weight("eye", shape) for shape in EYE_SHAPES),
            *_scalars("eye", "rotation", "spacing", "size"),
            *_scalars("mouth", "width", "volume", "position"),
            *_scalars("nose", "width", "height", "position"),
            Discrete("skin_tone", "head", tuple(skins), colours=tuple(skins.values())),
            Discrete("mouth_type", "mouth", MOUTHS),
            Discrete("nose_type", "nose", NOSES),
            Discrete("hair_type", "hair", HAIRS),
            _hair_colour(tuple(HAIR_COLOURS)),
            Discrete("brow_type", "brow", BROWS),
            Discrete("facial_hair", "facial hair", FACIAL_HAIR, optional=True),
            Discrete("glasses", "glasses", GLASSES, optional=True),
        ),
    )


def alter_spec() -> AvatarSpec:
    """The six discrete rows of Table 5."""
    skins = skin_swatches()
    return AvatarSpec(
        "toon-alter",
        (
            Discrete("head_type", "head", HEAD_SHAPES),
            Discrete(
                "skin_tone",
                "head",
                ALTER_SKINS,
                colours=tuple(skins[name] for name in ALTER_SKINS),
            ),
            Discrete("hair_type", "hair", ALTER_HAIRS),
            _hair_colour(ALTER_HAIR_COLOURS),
            Discrete("brow_type", "brow", ALTER_BROWS),
            Discrete("glasses", "glasses", GLASSES, optional=True),
        ),
    )


def _weight(component: str, shape: str) -> Continuous:
    return Continuous(f"{component}_{shape}", component, f"{component}_type", 0.0)


def _scalars(component: str, *names: str) -> tuple[Continuous, ...]:
    return tuple(Continuous(f"{component}_{name}", component) for name in names)


def _hair_colour(names: tuple[str, ...]) -> Discrete:
    swatches = tuple(HAIR_COLOURS[name] for name in names)
    return Discrete("hair_colour", "hair", names, colours=swatches)
