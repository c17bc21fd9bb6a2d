"""Rule tables of designer-b: bolder sliders; hair by volume and height first."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.faces.portraits.designer.avataaars_hair import AVATAAARS_HAIRS
from benchmark.faces.portraits.designer.facesjs_hair import FACESJS_HAIRS
from benchmark.faces.portraits.designer.hair import HairWeights, NearestHair
from benchmark.faces.portraits.designer.rules import (
    SHOWN,
    Level,
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

_GAIN = 1.17
_BLEND_GAIN = 1.5
_BLEND_REST = 0.35
_SKIN_LIGHTNESS = 0.7
_HAIR_LIGHTNESS = 1.3
_SKIN_LIFT = 0.25
_CARTOON_SKIN_LIFT = 0.4
_UNDERTONE = 1.4
_CARTOON_SKIN_LIGHTNESS = 1.5
_CARTOON_HAIR_LIGHTNESS = 0.4

HAIR_WEIGHTS = HairWeights(
    length=3.8,
    texture=1.3,
    fringe=0.8,
    parting=0.3,
    tied=2.4,
    sides=1.1,
    volume=1.7,
    top=1.7,
    recession=2.6,
)


def _blend(**pushes: float) -> Slider:
    return Slider(pushes, rest=_BLEND_REST, gain=_BLEND_GAIN)


def _slider(**pushes: float) -> Slider:
    return Slider(pushes, gain=_GAIN)


HEADS = {
    "round": _blend(
        cheek_fullness=0.5, head_width=0.3, jaw_angularity=-0.4, head_length=-0.25
    ),
    "square": _blend(jaw_angularity=0.5, jaw_width=0.4, chin_width=0.45),
    "oval": _blend(
        jaw_angularity=-0.4, head_length=0.3, cheek_fullness=-0.3, chin_width=-0.2
    ),
    "heart": _blend(forehead_width=0.5, chin_width=-0.5, jaw_width=-0.25),
    "diamond": _blend(cheekbone_width=0.55, forehead_width=-0.5, jaw_width=-0.15),
    "pear": _blend(jaw_width=0.5, forehead_width=-0.35, cheek_fullness=0.45),
}

EYES = {
    "round": _blend(eye_openness=0.7, eye_hood=-0.3, eye_size=0.15),
    "almond": _blend(eye_openness=-0.4, eye_rotation=0.5, eye_hood=-0.35),
    "hooded": _blend(eye_hood=0.8, eye_openness=-0.2),
    "droopy": _blend(eye_rotation=-0.8, eye_hood=0.2),
}

TOON_TIKTOK: Mapping[str, ParameterRule] = {
    **{f"head_{shape}": slider for shape, slider in HEADS.items()},
    "head_width": _slider(head_width=0.9, cheek_fullness=0.2),
    "head_length": _slider(head_length=1.0, chin_width=-0.1),
    **{f"eye_{shape}": slider for shape, slider in EYES.items()},
    "eye_rotation": _slider(eye_rotation=1.0),
    "eye_spacing": _slider(eye_spacing=1.0),
    "eye_size": _slider(eye_size=0.9, eye_openness=0.25),
    "mouth_width": _slider(mouth_width=1.0, mouth_curve=0.05),
    "mouth_volume": _slider(mouth_volume=1.0),
    "mouth_position": _slider(mouth_position=1.0),
    "nose_width": _slider(nose_width=0.9, nose_tip=0.2),
    "nose_height": _slider(nose_height=1.0),
    "nose_position": _slider(nose_position=1.0),
    "skin_tone": SkinSwatches(
        "skin_rgb", lightness=_SKIN_LIGHTNESS, lift=_SKIN_LIFT, undertone=_UNDERTONE
    ),
    "mouth_type": first_fit(
        when("smirk", expression="smirk"),
        when("open_laugh", mouth_open=over(0.54), mouth_curve=over(0.2)),
        when("teeth_smile", mouth_teeth=SHOWN),
        when("closed_smile", mouth_curve=over(0.33)),
        when("soft_smile", mouth_curve=over(0.05)),
        when("frown", mouth_curve=under(-0.2)),
        when("pout", expression="pout"),
        when("straight", expression="straight"),
        when("straight", mouth_volume=under(0.2)),
        when("pout", mouth_volume=over(0.85), mouth_width=under(0.4)),
        otherwise("neutral"),
    ),
    "nose_type": first_fit(
        when("hooked", nose_bridge=over(0.75)),
        when("broad", nose_width=over(0.62), nose_tip=over(0.25)),
        when("pointed", nose_tip=under(0.35), nose_width=under(0.6)),
        when("button", nose_bridge=under(0.42)),
        otherwise("straight"),
    ),
    "hair_type": NearestHair(TOON_HAIRS, HAIR_WEIGHTS),
    "hair_colour": Swatches("hair_rgb", _HAIR_LIGHTNESS),
    "brow_type": first_fit(
        when("angled", brow_angle=over(0.72), brow_arch=over(0.15)),
        when(
            "rounded",
            brow_arch=over(0.55),
            brow_angle=under(0.35),
            brow_thickness=under(0.55),
        ),
        when("thin_arched", brow_thickness=under(0.32), brow_arch=over(0.45)),
        when("thin_straight", brow_thickness=under(0.32)),
        when("thick_arched", brow_thickness=over(0.66), brow_arch=over(0.45)),
        when("thick_straight", brow_thickness=over(0.66)),
        when("medium_arched", brow_arch=over(0.45)),
        otherwise("medium_straight"),
    ),
    "facial_hair": first_fit(
        when("none", facial_hair="none"),
        when("moustache", facial_hair="moustache"),
        when("goatee", facial_hair="goatee"),
        when("full_beard", facial_hair="full_beard"),
        otherwise("stubble"),
    ),
    "glasses": first_fit(when("none", glasses="none"), otherwise("glasses")),
}

TOON_ALTER: Mapping[str, ParameterRule] = {
    "head_type": Strongest(HEADS, {"round": 0.06, "oval": 0.07, "diamond": 0.03}),
    "skin_tone": SkinSwatches("skin_rgb", lightness=_SKIN_LIGHTNESS, lift=_SKIN_LIFT),
    "hair_type": NearestHair(TOON_HAIRS, HAIR_WEIGHTS),
    "hair_colour": Swatches("hair_rgb", _HAIR_LIGHTNESS),
    "brow_type": first_fit(
        when("thick_arched", brow_thickness=over(0.66), brow_arch=over(0.42)),
        when("thick_straight", brow_thickness=over(0.66)),
        when("thin_arched", brow_thickness=under(0.32)),
        when("medium_arched", brow_arch=over(0.42)),
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
        when("raisedExcited", brow_arch=over(0.75), brow_thickness=under(0.45)),
        when("raisedExcitedNatural", brow_arch=over(0.75)),
        when("angryNatural", brow_angle=over(0.75)),
        when("sadConcernedNatural", brow_angle=under(0.15)),
        when("flatNatural", brow_arch=under(0.3)),
        when("default", brow_thickness=under(0.38)),
        otherwise("defaultNatural"),
    ),
    "eye_type": first_fit(
        when("happy", mouth_curve=over(0.7), eye_openness=under(0.5)),
        when("squint", eye_openness=under(0.3)),
        when("surprised", eye_openness=over(0.8)),
        otherwise("default"),
    ),
    "mouth_type": first_fit(
        when("smile", mouth_open=over(0.47), mouth_curve=over(0.2)),
        when("grimace", mouth_teeth=SHOWN, mouth_curve=under(0.92)),
        when("smile", mouth_teeth=SHOWN),
        when("concerned", mouth_curve=under(-0.2)),
        when("twinkle", mouth_curve=over(0.08)),
        otherwise("serious"),
    ),
    "glasses": first_fit(
        when("none", glasses="none"),
        when("round", glasses="round"),
        when("prescription02", glasses="rectangle"),
        otherwise("prescription01"),
    ),
    "facial_hair": first_fit(
        when("none", facial_hair=("none", "stubble")),
        when("moustacheFancy", facial_hair="moustache", mouth_width=over(0.45)),
        when("moustacheMagnum", facial_hair="moustache"),
        when("beardMajestic", facial_hair="full_beard"),
        otherwise("beardLight"),
    ),
    "facial_hair_colour": Swatches("hair_rgb", _CARTOON_HAIR_LIGHTNESS),
}

FACESJS_HEADS = {
    "head12": HEADS["round"],
    "head16": HEADS["square"],
    "head1": HEADS["oval"],
    "female1": HEADS["heart"],
    "head10": HEADS["diamond"],
    "head18": HEADS["pear"],
}

FACESJS: Mapping[str, ParameterRule] = {
    "head_type": Strongest(
        FACESJS_HEADS, {"head12": 0.06, "head1": 0.07, "head10": 0.03}
    ),
    "fatness": _slider(cheek_fullness=0.6, head_width=0.6, jaw_width=0.1),
    "skin_tone": SkinSwatches(
        "skin_rgb", lightness=_CARTOON_SKIN_LIGHTNESS, lift=_CARTOON_SKIN_LIFT
    ),
    "stubble": Level(
        first_fit(
            when("1", facial_hair="stubble"),
            when("0.3", hair_length="buzz"),
            otherwise("0"),
        )
    ),
    "hair_type": NearestHair(FACESJS_HAIRS, HAIR_WEIGHTS),
    "back_hair": first_fit(
        when("none", hair_length=("bald", "buzz", "short")),
        when("none", hair_tied=("bun", "top_bun", "ponytail", "pigtails")),
        when("none", hair_length="chin", hair_texture=("straight", "curly", "coily")),
        when("none", hair_texture="coily", hair_volume=over(0.7)),
        when("female1", hair_texture=("curly", "coily")),
        when("shaggy", hair_length="chin"),
        when("female5", hair_texture="wavy", hair_volume=over(0.45)),
        when("longHair", hair_texture="wavy"),
        when("female2", hair_length="long"),
        otherwise("female3"),
    ),
    "hair_colour": Swatches("hair_rgb", _CARTOON_HAIR_LIGHTNESS),
    "brow_type": first_fit(
        when("eyebrow8", brow_thickness=over(0.82)),
        when("eyebrow14", brow_thickness=over(0.66), brow_arch=over(0.45)),
        when("eyebrow6", brow_thickness=over(0.66)),
        when("female2", brow_thickness=under(0.32), brow_arch=over(0.45)),
        when("eyebrow15", brow_thickness=under(0.32)),
        when("eyebrow17", brow_arch=over(0.75)),
        when("eyebrow19", brow_arch=under(0.3)),
        otherwise("eyebrow1"),
    ),
    "brow_angle": _slider(brow_angle=1.0),
    "eye_type": first_fit(
        when("eye1", eye_openness=over(0.8)),
        when("eye16", eye_openness=under(0.3)),
        when("eye11", eye_hood=over(0.85)),
        when("female14", eye_rotation=over(0.7)),
        when("eye13", eye_openness=under(0.4)),
        when("eye4", eye_rotation=over(0.52)),
        otherwise("eye10"),
    ),
    "eye_angle": _slider(eye_rotation=1.0),
    "nose_type": first_fit(
        when("nose13", nose_bridge=over(0.75)),
        when("nose12", nose_width=over(0.66)),
        when("honker", nose_width=under(0.32), nose_height=over(0.5)),
        when("nose2", nose_tip=under(0.33)),
        when("nose5", nose_width=over(0.5), nose_height=under(0.5)),
        when("nose6", nose_height=over(0.65)),
        otherwise("nose11"),
    ),
    "nose_size": _slider(nose_width=0.8, nose_height=0.6),
    "mouth_type": first_fit(
        when("smile", mouth_open=over(0.47), mouth_curve=over(0.2)),
        when("smile3", mouth_teeth=SHOWN),
        when("closed", mouth_curve=under(-0.2)),
        when("smile4", mouth_curve=over(0.33)),
        when("mouth", mouth_open=over(0.24)),
        when("mouth7", mouth_volume=over(0.75)),
        when("mouth3", mouth_curve=over(0.05)),
        otherwise("mouth5"),
    ),
    "facial_hair": first_fit(
        when("none", facial_hair=("none", "stubble")),
        when("mustache1", facial_hair="moustache"),
        when("fullgoatee", facial_hair="goatee", jaw_width=under(0.5)),
        when("fullgoatee3", facial_hair="goatee"),
        when("beard3", facial_hair="full_beard"),
        otherwise("beard2"),
    ),
    "glasses": first_fit(
        when("none", glasses="none"),
        when("glasses2-black", glasses=("browline", "rectangle")),
        otherwise("glasses1-primary"),
    ),
}

TABLES: Mapping[str, Mapping[str, ParameterRule]] = {
    "toon-tiktok": TOON_TIKTOK,
    "toon-alter": TOON_ALTER,
    "avataaars": AVATAAARS,
    "facesjs": FACESJS,
}
"""Rules by engine and parameter name."""
