"""Rule tables of designer-a: restrained sliders; hair by texture and fringe first."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.faces.portraits.designer.avataaars_hair import AVATAAARS_HAIRS
from benchmark.faces.portraits.designer.hair import HairWeights, NearestHair
from benchmark.faces.portraits.designer.rules import (
    SHOWN,
    ParameterRule,
    SkinSwatches,
    Slider,
    Strongest,
    Swatches,
    first_fit,
    otherwise,
    over,
    under,
    when,
)
from benchmark.faces.portraits.designer.toon_hair import TOON_HAIRS

_GAIN = 0.9
_BLEND_GAIN = 1.2
_BLEND_REST = 0.3
_SKIN_LIFT = 0.3
_CARTOON_SKIN_LIFT = 0.5
_UNDERTONE = 1.2
_CARTOON_SKIN_LIGHTNESS = 2.0
_CARTOON_HAIR_LIGHTNESS = 0.35

HAIR_WEIGHTS = HairWeights(
    length=4.2,
    texture=2.6,
    fringe=1.6,
    parting=0.8,
    tied=2.6,
    sides=1.1,
    volume=0.6,
    top=0.8,
    recession=3.0,
)


def _blend(**pushes: float) -> Slider:
    return Slider(pushes, rest=_BLEND_REST, gain=_BLEND_GAIN)


def _slider(**pushes: float) -> Slider:
    return Slider(pushes, gain=_GAIN)


HEADS = {
    "round": _blend(
        cheek_fullness=0.5,
        head_width=0.25,
        jaw_angularity=-0.35,
        head_length=-0.35,
        chin_width=0.2,
    ),
    "square": _blend(jaw_angularity=0.55, jaw_width=0.45, chin_width=0.35),
    "oval": _blend(
        jaw_angularity=-0.45, head_length=0.4, cheek_fullness=-0.4, jaw_width=-0.2
    ),
    "heart": _blend(forehead_width=0.55, chin_width=-0.45, jaw_width=-0.35),
    "diamond": _blend(cheekbone_width=0.6, forehead_width=-0.45, chin_width=-0.3),
    "pear": _blend(jaw_width=0.5, forehead_width=-0.45, cheek_fullness=0.35),
}

EYES = {
    "round": _blend(eye_openness=0.75, eye_hood=-0.35),
    "almond": _blend(eye_openness=-0.5, eye_rotation=0.45, eye_hood=-0.4),
    "hooded": _blend(eye_hood=0.75, eye_openness=-0.3),
    "droopy": _blend(eye_rotation=-0.75, eye_hood=0.3),
}

_BEARDS = (
    when("stubble", facial_hair="stubble"),
    when("moustache", facial_hair="moustache"),
    when("goatee", facial_hair="goatee"),
    when("full_beard", facial_hair=("short_beard", "full_beard")),
)

TOON_TIKTOK: Mapping[str, ParameterRule] = {
    **{f"head_{shape}": slider for shape, slider in HEADS.items()},
    "head_width": _slider(head_width=1.0),
    "head_length": _slider(head_length=1.0),
    **{f"eye_{shape}": slider for shape, slider in EYES.items()},
    "eye_rotation": _slider(eye_rotation=1.0),
    "eye_spacing": _slider(eye_spacing=1.0),
    "eye_size": _slider(eye_size=1.0),
    "mouth_width": _slider(mouth_width=1.0),
    "mouth_volume": _slider(mouth_volume=1.0),
    "mouth_position": _slider(mouth_position=1.0),
    "nose_width": _slider(nose_width=1.0),
    "nose_height": _slider(nose_height=1.0),
    "nose_position": _slider(nose_position=1.0),
    "skin_tone": SkinSwatches("skin_rgb", lift=_SKIN_LIFT, undertone=_UNDERTONE),
    "mouth_type": first_fit(
        when("open_laugh", mouth_open=over(0.6), mouth_curve=over(0.2)),
        when("teeth_smile", mouth_teeth=SHOWN, mouth_curve=over(0.2)),
        when("smirk", expression="smirk"),
        when("pout", expression="pout"),
        when("closed_smile", mouth_curve=over(0.5)),
        when("soft_smile", mouth_curve=over(0.15)),
        when("frown", mouth_curve=under(-0.3)),
        when("straight", expression="straight"),
        otherwise("neutral"),
    ),
    "nose_type": first_fit(
        when("broad", nose_width=over(0.7)),
        when("hooked", nose_bridge=over(0.72)),
        when("button", nose_bridge=under(0.4), nose_tip=over(0.4)),
        when("pointed", nose_tip=under(0.35)),
        otherwise("straight"),
    ),
    "hair_type": NearestHair(TOON_HAIRS, HAIR_WEIGHTS),
    "hair_colour": Swatches("hair_rgb"),
    "brow_type": first_fit(
        when("angled", brow_angle=over(0.78)),
        when(
            "rounded",
            brow_arch=over(0.5),
            brow_angle=under(0.3),
            brow_thickness=under(0.6),
        ),
        when("thin_arched", brow_thickness=under(0.36), brow_arch=over(0.5)),
        when("thin_straight", brow_thickness=under(0.36)),
        when("thick_arched", brow_thickness=over(0.62), brow_arch=over(0.5)),
        when("thick_straight", brow_thickness=over(0.62)),
        when("medium_arched", brow_arch=over(0.5)),
        otherwise("medium_straight"),
    ),
    "facial_hair": first_fit(*_BEARDS, otherwise("none")),
    "glasses": first_fit(when("none", glasses="none"), otherwise("glasses")),
}

TOON_ALTER: Mapping[str, ParameterRule] = {
    "head_type": Strongest(HEADS, {"round": 0.06, "oval": 0.07, "diamond": 0.03}),
    "skin_tone": SkinSwatches("skin_rgb", lift=_SKIN_LIFT),
    "hair_type": NearestHair(TOON_HAIRS, HAIR_WEIGHTS),
    "hair_colour": Swatches("hair_rgb"),
    "brow_type": first_fit(
        when("thin_arched", brow_thickness=under(0.36)),
        when("thick_arched", brow_thickness=over(0.62), brow_arch=over(0.5)),
        when("thick_straight", brow_thickness=over(0.62)),
        when("medium_arched", brow_arch=over(0.5)),
        otherwise("medium_straight"),
    ),
    "glasses": first_fit(when("none", glasses="none"), otherwise("glasses")),
}

AVATAAARS: Mapping[str, ParameterRule] = {
    "skin_tone": SkinSwatches(
        "skin_rgb", lightness=_CARTOON_SKIN_LIGHTNESS, lift=_CARTOON_SKIN_LIFT
    ),
    "hair_type": NearestHair(AVATAAARS_HAIRS, HAIR_WEIGHTS),
    "hair_colour": Swatches("hair_rgb", _CARTOON_HAIR_LIGHTNESS),
    "brow_type": first_fit(
        when("angryNatural", brow_angle=over(0.8)),
        when("sadConcernedNatural", brow_angle=under(0.18)),
        when("raisedExcited", brow_arch=over(0.7), brow_thickness=under(0.4)),
        when("raisedExcitedNatural", brow_arch=over(0.7)),
        when("default", brow_thickness=under(0.35)),
        when("flatNatural", brow_arch=under(0.35)),
        otherwise("defaultNatural"),
    ),
    "eye_type": first_fit(
        when("happy", mouth_curve=over(0.75), eye_openness=under(0.45)),
        when("squint", eye_openness=under(0.28)),
        when("squint", eye_hood=over(0.92)),
        when("surprised", eye_openness=over(0.75), eye_size=over(0.4)),
        otherwise("default"),
    ),
    "mouth_type": first_fit(
        when("smile", mouth_teeth=SHOWN, mouth_curve=over(0.2)),
        when("grimace", mouth_teeth=SHOWN),
        when("concerned", mouth_curve=under(-0.3)),
        when("twinkle", mouth_curve=over(0.15)),
        otherwise("serious"),
    ),
    "glasses": first_fit(
        when("none", glasses="none"),
        when("round", glasses="round"),
        when("prescription01", glasses="oval"),
        otherwise("prescription02"),
    ),
    "facial_hair": first_fit(
        when("none", facial_hair=("none", "stubble")),
        when("moustacheFancy", facial_hair="moustache", mouth_width=over(0.55)),
        when("moustacheMagnum", facial_hair="moustache"),
        when("beardMajestic", facial_hair="full_beard"),
        when("beardMedium", facial_hair="short_beard"),
        otherwise("beardLight"),
    ),
    "facial_hair_colour": Swatches("hair_rgb", _CARTOON_HAIR_LIGHTNESS),
}

TABLES: Mapping[str, Mapping[str, ParameterRule]] = {
    "toon-tiktok": TOON_TIKTOK,
    "toon-alter": TOON_ALTER,
    "avataaars": AVATAAARS,
}
"""Rules by engine and parameter name."""
