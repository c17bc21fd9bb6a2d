"""Shade the head without hair: skin, eyes, teeth and mouth under a light rig."""

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
from benchmark.faces.portraits.shading import (
    ENVIRONMENT_DIRECTIONS,
    OCCLUDER_ALBEDO,
    IncomingLight,
    incoming_light,
    scatter_under_skin,
    specular_light,
)
from benchmark.faces.portraits.skin import paint_skin
from benchmark.faces.portraits.surface import VisiblePixels, bump_normals

REGION_FIELDS = ("ears", "beard", "moustache", "nose", "neck", "torso", "mouth_inside")
"""Head regions that `shade_head` reads from the fields of the pixels."""

_EYES = (SURFACES.index("eye_l"), SURFACES.index("eye_r"))
_TEETH = (SURFACES.index("teeth_upper"), SURFACES.index("teeth_lower"))
_TONGUE = SURFACES.index("tongue")


@dataclass(frozen=True)
class ShadingContext:
    """Inputs of shading that are the same for all pixels.

    Attributes:
        person: the person.
        head: the head in its expression.
        camera: the view.
        lights: the light rig.
        tracer: everything that casts shadows.
    """

    person: Person
    head: Head
    camera: Camera
    lights: Lights
    tracer: Tracer

    def gather_light(
        self, points: np.ndarray, normals: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ambient light (n, 3) and openness (n,) at points (see `Tracer`)."""
        radiance = self.lights.environment.radiance(ENVIRONMENT_DIRECTIONS)
        return self.tracer.gather_light(
            points, normals, ENVIRONMENT_DIRECTIONS, radiance, OCCLUDER_ALBEDO
        )


def shade_skin(
    context: ShadingContext,
    pixels: VisiblePixels,
    skin_at: np.ndarray,
    shade: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Shade skin pixels.

    Args:
        context: scene inputs.
        pixels: the n pixels of the head.
        skin_at: (n,) bool mask of the m skin pixels.
        shade: (lamps + 1, n) share of each lamp, then of ambient light, that passes
            the hair.

    Returns:
        (m, 3) linear RGB of the skin pixels and (m,) weight of the lips.
    """
    fields = {name: values[skin_at] for name, values in pixels.fields.items()}
    resolution = context.camera.focal / float(np.median(pixels.depth))
    skin = paint_skin(
        context.person,
        fields["canonical"],
        fields["ears"],
        fields["beard"] + fields["moustache"],
        resolution,
    )
    relief = np.zeros(len(pixels.rows), np.float32)
    relief[skin_at] = skin.relief
    normals = bump_normals(pixels, relief, context.camera)[skin_at]
    view = pixels.view[skin_at]
    points = pixels.points[skin_at]
    soft = (fields["soft_light"], fields["openness"])
    plain = incoming_light(
        context.lights, context.tracer, points, pixels.normals[skin_at], soft, wrap=0.22
    )
    through = shade[:-1, skin_at]
    relit = np.zeros_like(plain.diffuse)
    relit += soft[0] * shade[-1, skin_at][:, None]
    for lamp, arrives, veil in zip(
        context.lights.lamps, plain.shadow, through, strict=True
    ):
        cosine = np.clip((normals @ lamp.direction + 0.18) / 1.18, 0, 1)
        relit += (cosine * arrives * veil)[:, None] * lamp.colour
    light = IncomingLight(
        relit, plain.shadow * through, plain.openness * shade[-1, skin_at]
    )
    rows, columns = pixels.rows[skin_at], pixels.columns[skin_at]
    deep = scatter_under_skin(
        light.diffuse, rows, columns, context.camera.size, resolution
    )
    shine = specular_light(context.lights, light, normals, view, skin.roughness)
    inner = fields["mouth_inside"][:, None]
    albedo = skin.albedo * (1 - inner) + CAVITY * inner
    crease = np.clip(light.openness * 1.25, 0, 1)[:, None] ** 0.35
    colour = albedo * deep * crease + shine * skin.gloss[:, None] * (1 - inner)
    return colour, skin.lips * (1 - inner[:, 0])


def shade_eyes(
    context: ShadingContext, pixels: VisiblePixels, at: np.ndarray, side: int
) -> np.ndarray:
    """Linear RGB (m, 3) of the eyeball pixels in mask `at` (n,); side 1 is left."""
    centre = context.head.landmarks["eye_l" if side > 0 else "eye_r"]
    points = pixels.points[at]
    paint = paint_eye(
        context.person,
        points,
        centre,
        context.camera.position,
        context.head.eye_radius,
        side,
    )
    ball = points - centre
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    soft = context.gather_light(points, ball)
    light = incoming_light(
        context.lights, context.tracer, points, ball, soft, wrap=0.3, samples=8
    )
    lid = np.clip(light.openness * 1.7, 0, 1)[:, None] ** 1.2
    matt = paint.albedo * light.diffuse * (0.25 + 0.75 * lid)
    glint = catchlights(context.lights, paint.normals, pixels.view[at], light.shadow)
    return matt + glint * (0.3 + 0.7 * paint.cornea[:, None]) * lid


def _facing_light(lights: Lights, normals: np.ndarray) -> np.ndarray:
    """Lamp light (n, 3) without shadows."""
    total = np.zeros((len(normals), 3))
    for lamp in lights.lamps:
        total += np.clip(normals @ lamp.direction, 0, 1)[:, None] * lamp.colour
    return total


def shade_mouth(
    context: ShadingContext, pixels: VisiblePixels, at: np.ndarray, kind: int
) -> np.ndarray:
    """Linear RGB (m, 3) of the pixels in mask `at` (n,) on surface `kind`."""
    places = pixels.fields["canonical"][at]
    if kind == _TONGUE:
        albedo = np.broadcast_to(TONGUE, places.shape)
    else:
        albedo = paint_teeth(places, context.person.age, upper=kind == _TEETH[0])
    points, normals = pixels.points[at], pixels.normals[at]
    soft = context.gather_light(points, normals)
    light = incoming_light(
        context.lights, context.tracer, points, normals, soft, wrap=0.25
    )
    shine = specular_light(context.lights, light, normals, pixels.view[at], 0.25, 0.04)
    depth = np.clip(light.openness * 5, 0, 1)[:, None]
    # Light that passes through the lips is not traced, so add a constant share.
    seep = 0.45 * context.lights.environment.radiance(normals) + 0.2 * _facing_light(
        context.lights, normals
    )
    return (albedo * (light.diffuse + seep * depth) + shine) * (0.2 + 0.8 * depth)


def shade_head(
    context: ShadingContext, pixels: VisiblePixels, shade: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shade every pixel of the head.

    Args:
        context: scene inputs.
        pixels: the n pixels of the head, with fields canonical, soft_light, openness
            and `REGION_FIELDS`.
        shade: see `shade_skin`.

    Returns:
        (n, 3) linear RGB and (n,) uint8 part classes.
    """
    kind = context.head.surface[pixels.face]
    colour = np.zeros((len(pixels.rows), 3))
    part = np.full(len(pixels.rows), PART_IDS["skin"], np.uint8)
    skin_at = kind == 0
    colour[skin_at], lips = shade_skin(context, pixels, skin_at, shade)
    fields = pixels.fields
    for region, name in (("neck", "neck"), ("torso", "neck"), ("ears", "ears")):
        part[skin_at & (fields[region] > 0.5)] = PART_IDS[name]
    part[skin_at & (fields["nose"] > 0.5)] = PART_IDS["nose"]
    part[skin_at & (fields["mouth_inside"] > 0.5)] = PART_IDS["mouth"]
    part[np.nonzero(skin_at)[0][lips > 0.5]] = PART_IDS["mouth"]
    veil = shade.mean(0)[:, None]
    for index, side in zip(_EYES, (1, -1), strict=True):
        at = kind == index
        if at.any():
            colour[at] = shade_eyes(context, pixels, at, side) * (
                0.25 + 0.75 * veil[at]
            )
            part[at] = PART_IDS["eyes"]
    for index in (*_TEETH, _TONGUE):
        at = kind == index
        if at.any():
            colour[at] = shade_mouth(context, pixels, at, index) * (
                0.4 + 0.6 * veil[at]
            )
            part[at] = PART_IDS["mouth"]
    return colour, part
