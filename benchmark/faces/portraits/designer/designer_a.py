"""Rule tables of designer-a: restrained sliders; hair by texture and fringe first."""

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
    "fatness": _slider(cheek_fullness=0.8, head_width=0.6),
    "skin_tone": SkinSwatches(
        "skin_rgb", lightness=_CARTOON_SKIN_LIGHTNESS, lift=_CARTOON_SKIN_LIFT
    ),
    "stubble": Level(
        first_fit(
            when("0.8", facial_hair="stubble"),
            when("0.4", hair_length="buzz"),
            otherwise("0"),
        )
    ),
    "hair_type": NearestHair(FACESJS_HAIRS, HAIR_WEIGHTS),
    "back_hair": first_fit(
        when("none", hair_length=("bald", "buzz", "short")),
        when("none", hair_tied=("bun", "top_bun", "ponytail", "pigtails")),
        when("none", hair_length="chin", hair_texture=("straight", "curly", "coily")),
        when("female1", hair_texture=("curly", "coily"), hair_volume=under(0.8)),
        when("none", hair_texture="coily"),
        when("female1", hair_texture="curly"),
        when("shaggy", hair_length="chin"),
        when("female5", hair_texture="wavy", hair_length="long"),
        when("longHair", hair_texture="wavy"),
        when("female3", hair_length="shoulder"),
        otherwise("female2"),
    ),
    "hair_colour": Swatches("hair_rgb", _CARTOON_HAIR_LIGHTNESS),
    "brow_type": first_fit(
        when("eyebrow8", brow_thickness=over(0.8)),
        when("eyebrow14", brow_thickness=over(0.62), brow_arch=over(0.5)),
        when("eyebrow6", brow_thickness=over(0.62)),
        when("female2", brow_thickness=under(0.36), brow_arch=over(0.5)),
        when("eyebrow15", brow_thickness=under(0.36)),
        when("eyebrow17", brow_arch=over(0.7)),
        when("eyebrow19", brow_arch=under(0.35)),
        otherwise("eyebrow1"),
    ),
    "brow_angle": _slider(brow_angle=1.0),
    "eye_type": first_fit(
        when("eye1", eye_openness=over(0.75), eye_size=over(0.4)),
        when("eye16", eye_openness=under(0.28)),
        when("eye11", eye_hood=over(0.8)),
        when("female14", eye_rotation=over(0.75)),
        when("eye13", eye_openness=under(0.42)),
        when("eye4", eye_rotation=over(0.55)),
        otherwise("eye10"),
    ),
    "eye_angle": _slider(eye_rotation=1.0),
    "nose_type": first_fit(
        when("nose12", nose_width=over(0.7)),
        when("nose13", nose_bridge=over(0.72)),
        when("honker", nose_width=under(0.3), nose_height=over(0.5)),
        when("nose2", nose_tip=under(0.35)),
        when("nose5", nose_width=over(0.52), nose_height=under(0.5)),
        when("nose6", nose_height=over(0.6)),
        otherwise("nose11"),
    ),
    "nose_size": _slider(nose_width=0.7, nose_height=0.7),
    "mouth_type": first_fit(
        when("smile", mouth_open=over(0.5), mouth_curve=over(0.2)),
        when("smile3", mouth_teeth=SHOWN),
        when("closed", mouth_curve=under(-0.3)),
        when("smile4", mouth_curve=over(0.4)),
        when("mouth", mouth_open=over(0.2)),
        when("mouth7", mouth_volume=over(0.7)),
        when("mouth3", mouth_curve=over(0.1)),
        otherwise("mouth5"),
    ),
    "facial_hair": first_fit(
        when("none", facial_hair=("none", "stubble")),
        when("mustache1", facial_hair="moustache"),
        when("fullgoatee3", facial_hair="goatee", chin_width=over(0.5)),
        when("fullgoatee", facial_hair="goatee"),
        when("beard2", facial_hair="short_beard"),
        otherwise("beard3"),
    ),
    "glasses": first_fit(
        when("none", glasses="none"),
        when("glasses2-black", glasses="browline"),
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
