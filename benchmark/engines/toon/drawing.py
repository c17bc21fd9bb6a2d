"""Draw a whole avatar, in painting order from backdrop to glasses."""

from __future__ import annotations

from functools import cache

from benchmark.engines.toon.brows import draw_brows
from benchmark.engines.toon.eyes import Eye, draw_eyes, iris_gradient
from benchmark.engines.toon.facial_hair import draw_facial_hair, stubble_gradient
from benchmark.engines.toon.glasses import draw_arms, draw_glasses
from benchmark.engines.toon.hair import Scalp, draw_hair, hair_gradients
from benchmark.engines.toon.head import (
    Head,
    draw_ears,
    draw_face,
    draw_neck,
    skin_gradients,
)
from benchmark.engines.toon.mouth import Mouth, draw_mouth, lip_gradient, mouth_shadow
from benchmark.engines.toon.nose import Nose, draw_nose, nose_gradient
from benchmark.engines.toon.palette import HairTones, SkinTones
from benchmark.engines.toon.scene import SCENE_GRADIENTS, draw_backdrop, draw_clothes
from benchmark.engines.toon.svg import Shape
from benchmark.engines.toon.traits import Traits


def draw(traits: Traits) -> list[Shape]:
    """The shapes of an avatar in painting order."""
    skin, tones = SkinTones.of(traits.skin), HairTones.of(traits.hair_colour)
    head = Head.of(traits)
    eye, nose = Eye.of(traits, head), Nose.of(traits, head)
    mouth = Mouth.of(traits, head)
    hair = draw_hair(traits.hair, Scalp(head, tones, skin))
    glasses = traits.glasses != "none"
    return [
        *draw_backdrop(),
        *hair.back,
        *draw_neck(head, skin),
        *draw_clothes(head),
        *(draw_ears(head, skin) if hair.ears else ()),
        *draw_face(head, skin),
        mouth_shadow(mouth, skin),
        *draw_facial_hair(traits.facial_hair, head, nose, mouth, tones),
        *draw_nose(nose, skin),
        *draw_mouth(mouth, skin),
        *draw_eyes(eye, skin),
        *draw_brows(traits.brow, eye, head, tones),
        *(draw_arms(eye, head) if glasses else ()),
        *hair.front,
        *(draw_glasses(eye) if glasses else ()),
    ]


@cache
def gradients(skin: str, hair_colour: str) -> str:
    """SVG gradient definitions for a skin and a hair swatch."""
    tones = SkinTones.of(skin)
    return (
        skin_gradients(tones)
        + nose_gradient(tones)
        + lip_gradient(tones)
        + iris_gradient()
        + hair_gradients(HairTones.of(hair_colour))
        + stubble_gradient(HairTones.of(hair_colour))
        + SCENE_GRADIENTS
    )
