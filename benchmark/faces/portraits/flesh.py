"""Draw the bare head: skin, eyes, teeth and mouth under a light rig."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.portraits.camera import Camera
from benchmark.faces.portraits.eyes import catchlights, paint_eye
from benchmark.faces.portraits.head import SURFACES, Head
from benchmark.faces.portraits.light import Lights
from benchmark.faces.portraits.mouth import CAVITY, TONGUE, paint_teeth
from benchmark.faces.portraits.people import Person
from benchmark.faces.portraits.raycast import Tracer
from benchmark.faces.portraits.shading import BOUNCE, SKY, Light, arriving, gloss, glow
from benchmark.faces.portraits.skin import paint_skin
from benchmark.faces.portraits.surface import Seen, bump

REGIONS = ("ears", "beard", "moustache", "nose", "neck", "torso", "mouth_inside")
"""Regions of the head that `draw_flesh` needs as fields."""

_EYES = (SURFACES.index("eye_l"), SURFACES.index("eye_r"))
_TEETH = (SURFACES.index("teeth_upper"), SURFACES.index("teeth_lower"))
_TONGUE = SURFACES.index("tongue")


@dataclass(frozen=True)
class Stage:
    """What shading needs beside the pixels: rig, camera, head, shadow casters."""

    person: Person
    head: Head
    camera: Camera
    lights: Lights
    tracer: Tracer

    def gather(
        self, points: np.ndarray, normals: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Soft light and openness at places (see `Tracer.gather`)."""
        radiance = self.lights.environment.radiance(SKY)
        return self.tracer.gather(points, normals, SKY, radiance, BOUNCE)


def shade_skin(
    stage: Stage, seen: Seen, skin_at: np.ndarray, shade: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shade skin pixels.

    Args:
        stage: the set.
        seen: all pixels of the head.
        skin_at: (n,) which of them are skin.
        shade: (lamps + 1, n) share of each lamp, and of the soft light, that hair,
            glasses and clothes let through.

    Returns:
        (m, 3) linear RGB of the skin pixels and (m,) weight of the lips.
    """
    fields = {name: values[skin_at] for name, values in seen.fields.items()}
    resolution = stage.camera.focal / float(np.median(seen.depth))
    skin = paint_skin(
        stage.person,
        fields["canonical"],
        fields["ears"],
        fields["beard"] + fields["moustache"],
        resolution,
    )
    relief = np.zeros(len(seen.rows), np.float32)
    relief[skin_at] = skin.relief
    normals = bump(seen, relief, stage.camera)[skin_at]
    view = seen.view[skin_at]
    points = seen.points[skin_at]
    soft = (fields["soft_light"], fields["opening"])
    plain = arriving(
        stage.lights, stage.tracer, points, seen.normals[skin_at], soft, wrap=0.22
    )
    through = shade[:-1, skin_at]
    relit = np.zeros_like(plain.diffuse)
    relit += soft[0] * shade[-1, skin_at][:, None]
    for lamp, arrives, veil in zip(
        stage.lights.lamps, plain.shadow, through, strict=True
    ):
        cosine = np.clip((normals @ lamp.direction + 0.18) / 1.18, 0, 1)
        relit += (cosine * arrives * veil)[:, None] * lamp.colour
    light = Light(relit, plain.shadow * through, plain.opening * shade[-1, skin_at])
    rows, columns = seen.rows[skin_at], seen.columns[skin_at]
    deep = glow(light.diffuse, rows, columns, stage.camera.size, resolution)
    shine = gloss(stage.lights, light, normals, view, skin.roughness)
    inner = fields["mouth_inside"][:, None]
    albedo = skin.albedo * (1 - inner) + CAVITY * inner
    crease = np.clip(light.opening * 1.25, 0, 1)[:, None] ** 0.35
    colour = albedo * deep * crease + shine * skin.gloss[:, None] * (1 - inner)
    return colour, skin.lips * (1 - inner[:, 0])


def shade_eyes(stage: Stage, seen: Seen, at: np.ndarray, side: int) -> np.ndarray:
    """Linear RGB (m, 3) of an eyeball's pixels `at` (n,); side 1 is the left eye."""
    centre = stage.head.landmarks["eye_l" if side > 0 else "eye_r"]
    points = seen.points[at]
    paint = paint_eye(
        stage.person, points, centre, stage.camera.position, stage.head.eye_radius, side
    )
    ball = points - centre
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    soft = stage.gather(points, ball)
    light = arriving(
        stage.lights, stage.tracer, points, ball, soft, wrap=0.3, samples=8
    )
    lid = np.clip(light.opening * 1.7, 0, 1)[:, None] ** 1.2
    matt = paint.albedo * light.diffuse * (0.25 + 0.75 * lid)
    glint = catchlights(stage.lights, paint.normals, seen.view[at], light.shadow)
    return matt + glint * (0.3 + 0.7 * paint.cornea[:, None]) * lid


def _facing_light(lights: Lights, normals: np.ndarray) -> np.ndarray:
    """Lamp light (n, 3) as if nothing stood in its way."""
    total = np.zeros((len(normals), 3))
    for lamp in lights.lamps:
        total += np.clip(normals @ lamp.direction, 0, 1)[:, None] * lamp.colour
    return total


def shade_mouth(stage: Stage, seen: Seen, at: np.ndarray, kind: int) -> np.ndarray:
    """Linear RGB (m, 3) of teeth or tongue pixels `at` (n,)."""
    places = seen.fields["canonical"][at]
    if kind == _TONGUE:
        albedo = np.broadcast_to(TONGUE, places.shape)
    else:
        albedo = paint_teeth(places, stage.person.age, upper=kind == _TEETH[0])
    points, normals = seen.points[at], seen.normals[at]
    soft = stage.gather(points, normals)
    light = arriving(stage.lights, stage.tracer, points, normals, soft, wrap=0.25)
    shine = gloss(stage.lights, light, normals, seen.view[at], 0.25, 0.04)
    depth = np.clip(light.opening * 5, 0, 1)[:, None]
    # Light also seeps in through the lips, which no ray of ours follows.
    seep = 0.45 * stage.lights.environment.radiance(normals) + 0.2 * _facing_light(
        stage.lights, normals
    )
    return (albedo * (light.diffuse + seep * depth) + shine) * (0.2 + 0.8 * depth)


def draw_flesh(
    stage: Stage, seen: Seen, shade: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shade every pixel of the head.

    Args:
        stage: the set.
        seen: pixels, with canonical, soft_light, opening and the regions as fields.
        shade: see `shade_skin`.

    Returns:
        (n, 3) linear RGB and (n,) uint8 part classes.
    """
    kind = stage.head.surface[seen.face]
    colour = np.zeros((len(seen.rows), 3))
    part = np.full(len(seen.rows), PART_IDS["skin"], np.uint8)
    skin_at = kind == 0
    colour[skin_at], lips = shade_skin(stage, seen, skin_at, shade)
    fields = seen.fields
    for region, name in (("neck", "neck"), ("torso", "neck"), ("ears", "ears")):
        part[skin_at & (fields[region] > 0.5)] = PART_IDS[name]
    part[skin_at & (fields["nose"] > 0.5)] = PART_IDS["nose"]
    part[skin_at & (fields["mouth_inside"] > 0.5)] = PART_IDS["mouth"]
    part[np.nonzero(skin_at)[0][lips > 0.5]] = PART_IDS["mouth"]
    veil = shade.mean(0)[:, None]
    for index, side in zip(_EYES, (1, -1), strict=True):
        at = kind == index
        if at.any():
            colour[at] = shade_eyes(stage, seen, at, side) * (0.25 + 0.75 * veil[at])
            part[at] = PART_IDS["eyes"]
    for index in (*_TEETH, _TONGUE):
        at = kind == index
        if at.any():
            colour[at] = shade_mouth(stage, seen, at, index) * (0.4 + 0.6 * veil[at])
            part[at] = PART_IDS["mouth"]
    return colour, part
