"""Specs of the toon engines: Tables 4 and 5 of SwiftAvatar (arXiv:2301.08153)."""

from __future__ import annotations

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
HAIRS = (
    "crew_cut",
    "side_part_short_left",
    "side_part_short_right",
    "slick_back",
    "quiff",
    "spiky",
    "fringe_short",
    "mop_straight",
    "undercut",
    "wavy_short",
    "curly_short",
    "curly_fade",
    "coily_short",
    "flat_top",
    "receding_short",
    "horseshoe",
    "buzz",
    "bald",
    "pixie",
    "afro",
    "bob_straight",
    "bob_fringe",
    "bob_side",
    "bob_wavy",
    "bob_curly",
    "curtain_medium",
    "shoulder_wavy",
    "locs",
    "long_straight",
    "long_fringe",
    "long_wavy",
    "long_curly",
    "bun_top",
    "bun_low",
    "ponytail",
    "braids_twin",
)
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
    """Table 4: 13 continuous rows (21 scalars) and 8 discrete rows."""
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
    """Table 5: six discrete rows."""
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
