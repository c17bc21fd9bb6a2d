"""Render a person: picture, parsing map and attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.portraits.background import paint_background
from benchmark.faces.portraits.camera import Camera, frame_head
from benchmark.faces.portraits.clothes import Garment, fit_garment, paint_cloth
from benchmark.faces.portraits.film import FILMS, develop, expose, white_balance
from benchmark.faces.portraits.glasses import Spectacles, fit_glasses, lens_glare
from benchmark.faces.portraits.hair.drawing import HairShadows, cast_shadows, draw_hair
from benchmark.faces.portraits.hair.grow import grow_hair
from benchmark.faces.portraits.head import Head, build_head, merge_meshes, topology
from benchmark.faces.portraits.head_shading import (
    REGION_FIELDS,
    ShadingContext,
    shade_head,
)
from benchmark.faces.portraits.light import Lights, light_rig
from benchmark.faces.portraits.people import Person, attributes
from benchmark.faces.portraits.raycast import Tracer
from benchmark.faces.portraits.shading import (
    ENVIRONMENT_DIRECTIONS,
    OCCLUDER_ALBEDO,
    incoming_light,
    scatter_under_skin,
    specular_light,
)
from benchmark.faces.portraits.surface import VisiblePixels, visible_pixels

SIZES = (64, 512)
"""Minimum and maximum edge of a portrait in pixels."""

SUPERSAMPLING = 1.5
"""Ratio of drawing resolution to final resolution."""

_SKIN_PARTS = [PART_IDS[name] for name in ("skin", "nose")]


@dataclass(frozen=True)
class Portrait:
    """One synthetic portrait.

    Attributes:
        picture: (size, size, 3) uint8 sRGB.
        parsing: (size, size) uint8 classes of `benchmark.avatars.part_classes`.
        attributes: record of the person (`people.attributes`).
    """

    picture: np.ndarray
    parsing: np.ndarray
    attributes: dict[str, Any]


class Canvas:
    """Picture under construction at drawing resolution.

    Attributes:
        light: (size, size, 3) linear RGB.
        depth: (size, size) float32 depth in cm; infinite for the background.
        part: (size, size) uint8 part classes.
    """

    def __init__(self, background: np.ndarray) -> None:
        """Start with a background: (size, size, 3) linear RGB."""
        size = background.shape[0]
        self.light = background.astype(np.float64)
        self.depth = np.full((size, size), np.inf, np.float32)
        self.part = np.zeros((size, size), np.uint8)

    def draw_solid(
        self,
        pixels: VisiblePixels,
        chosen: np.ndarray,
        colour: np.ndarray,
        part: np.ndarray | int,
    ) -> None:
        """Overwrite the pixels of a mesh.

        Args:
            pixels: n pixels of the mesh.
            chosen: (n,) bool mask of the pixels to draw.
            colour: (n, 3) linear RGB.
            part: one part class, or (n,) part classes.
        """
        rows, columns = pixels.rows[chosen], pixels.columns[chosen]
        self.light[rows, columns] = colour[chosen]
        self.depth[rows, columns] = pixels.depth[chosen]
        self.part[rows, columns] = np.broadcast_to(part, chosen.shape)[chosen]

    def composite(self, rgb: np.ndarray, alpha: np.ndarray, part: np.ndarray) -> None:
        """Draw a layer over the picture.

        Args:
            rgb: (size, size, 3) linear RGB, premultiplied by alpha.
            alpha: (size, size) opacity.
            part: (size, size) part classes; 0 keeps the class below.
        """
        self.light = self.light * (1 - alpha[..., None]) + rgb
        self.part = np.where(part > 0, part, self.part).astype(np.uint8)


def aim_camera(person: Person, head: Head, size: int) -> Camera:
    """Aim the camera of a person's scene at the head."""
    scene, marks = person.scene, head.landmarks
    return frame_head(
        np.stack([marks["eye_l"], marks["eye_r"]]),
        np.stack([marks["mouth_corner_l"], marks["mouth_corner_r"]]),
        yaw=scene.yaw,
        pitch=scene.pitch,
        roll=scene.roll,
        distance=scene.distance,
        size=size,
        zoom=scene.zoom,
        shift=scene.shift,
    )


def _ambient_fields(
    context: ShadingContext, head: Head, shadows: Tracer
) -> tuple[np.ndarray, np.ndarray]:
    """Ambient light (V, 3) and openness (V,), computed at coarse vertices only."""
    shared = topology()
    ids = shared.coarse
    points, normals = head.vertices[ids], head.normals[ids]
    facing = ((context.camera.position - points) * normals).sum(1) > -10
    near = facing & (shared.canonical[ids, 1] > -21)
    light = np.zeros((len(ids), 3), np.float32)
    openness = np.zeros(len(ids), np.float32)
    radiance = context.lights.environment.radiance(ENVIRONMENT_DIRECTIONS)
    light[near], openness[near] = shadows.gather_light(
        points[near], normals[near], ENVIRONMENT_DIRECTIONS, radiance, OCCLUDER_ALBEDO
    )
    return shared.spread @ light, shared.spread @ openness


def _cloth_triangles(garment: Garment, *, whole: bool) -> np.ndarray:
    """Triangles of a garment with cloth at all corners (`whole`) or at any corner."""
    covered = garment.cover[garment.triangles] > 0
    return garment.triangles[covered.all(1) if whole else covered.any(1)]


def _draw_cloth(
    context: ShadingContext,
    garment: Garment,
    canvas: Canvas,
    hair: HairShadows,
    soft: tuple[np.ndarray, np.ndarray],
) -> None:
    triangles = _cloth_triangles(garment, whole=False)
    hits = Tracer(garment.vertices, triangles).cast_camera_rays(context.camera)
    collar = (garment.source < 0)[:, None]
    around = context.lights.environment.radiance(garment.normals)
    fields = {
        "canonical": garment.canonical,
        "cover": garment.cover,
        "layer": garment.layer,
        "soft_light": np.where(collar, 0.7 * around, soft[0][garment.source]),
        "openness": np.where(collar[:, 0], 0.75, soft[1][garment.source]),
    }
    pixels = visible_pixels(
        context.camera, hits, triangles, garment.normals, fields, two_sided=True
    )
    behind = canvas.depth[pixels.rows, pixels.columns]
    front = (pixels.depth < behind + 0.1) & (pixels.fields["cover"] > 0)
    shade = _hair_transmission(hair, pixels.points)
    lit = incoming_light(
        context.lights,
        context.tracer,
        pixels.points,
        pixels.normals,
        (pixels.fields["soft_light"], pixels.fields["openness"]),
        wrap=0.1,
        samples=2,
    )
    veil = shade.mean(0)[:, None]
    albedo = paint_cloth(context.person, dict(pixels.fields))
    cm = context.camera.focal / float(context.person.scene.distance)
    arrived = scatter_under_skin(
        lit.diffuse, pixels.rows, pixels.columns, context.camera.size, cm
    )
    colour = albedo * arrived * veil * lit.openness[:, None] ** 0.3
    colour += (
        0.4
        * specular_light(context.lights, lit, pixels.normals, pixels.view, 0.7, 0.02)
        * veil
    )
    canvas.draw_solid(pixels, front, colour, PART_IDS["cloth"])


def _hair_transmission(hair: HairShadows, points: np.ndarray) -> np.ndarray:
    """(lamps + 1, n) share of each lamp, then of ambient light, that passes hair."""
    return np.concatenate(
        [hair.lamp_transmission(points), hair.ambient_transmission(points)[None]]
    )


def _draw_glasses(context: ShadingContext, canvas: Canvas, glasses: Spectacles) -> None:
    hits = Tracer(glasses.vertices, glasses.triangles).cast_camera_rays(context.camera)
    inside, mirrored, plane = lens_glare(
        glasses, context.camera, context.lights, context.person.seed
    )
    inside &= plane < canvas.depth
    canvas.light[inside] = 0.93 * canvas.light[inside] + mirrored[inside]
    canvas.part[inside] = PART_IDS["glasses"]
    pixels = visible_pixels(
        context.camera, hits, glasses.triangles, glasses.normals, {}
    )
    soft = context.gather_light(pixels.points, pixels.normals)
    lit = incoming_light(
        context.lights, context.tracer, pixels.points, pixels.normals, soft
    )
    shine = specular_light(context.lights, lit, pixels.normals, pixels.view, 0.25, 0.05)
    front = pixels.depth < canvas.depth[pixels.rows, pixels.columns]
    canvas.draw_solid(
        pixels, front, glasses.albedo * lit.diffuse + shine, PART_IDS["glasses"]
    )


def _lamp_tint(lights: Lights) -> np.ndarray:
    environment = lights.environment
    total = np.array(environment.side) + np.array(environment.up)
    return total + sum(np.array(lamp.colour) for lamp in lights.lamps)


def _downsample(light: np.ndarray, size: int) -> np.ndarray:
    """Box-filter (S, S, 3) light to (size, size, 3)."""
    shrink = [
        Image.fromarray(light[..., channel].astype(np.float32)).resize(
            (size, size), Image.Resampling.BOX
        )
        for channel in range(3)
    ]
    return np.stack([np.asarray(channel) for channel in shrink], -1)


def _downsample_parts(part: np.ndarray, size: int) -> np.ndarray:
    """Nearest-neighbour resampling of (S, S) part classes to (size, size)."""
    nearest = Image.fromarray(part).resize((size, size), Image.Resampling.NEAREST)
    return np.asarray(nearest)


def _shadow_casters(head: Head, garment: Garment, glasses: Spectacles | None) -> Tracer:
    """One mesh of everything that casts shadows: head, clothes and glasses."""
    meshes = [
        (head.vertices, head.triangles),
        (garment.vertices, _cloth_triangles(garment, whole=True)),
    ]
    if glasses:
        meshes.append((glasses.vertices, glasses.triangles))
    return Tracer(*merge_meshes(meshes))


def _draw_scene(person: Person, size: int) -> tuple[Canvas, Lights]:
    """Draw a portrait at drawing resolution `size`, without camera effects."""
    scene = person.scene
    head = build_head(person)
    camera = aim_camera(person, head, size)
    lights = light_rig(scene.rig, scene.seed)
    garment = fit_garment(person, head)
    glasses = fit_glasses(person, head) if person.glasses != "none" else None
    body = Tracer(head.vertices, head.triangles)
    context = ShadingContext(
        person, head, camera, lights, _shadow_casters(head, garment, glasses)
    )
    soft_light, openness = _ambient_fields(context, head, body)
    fields = {
        "canonical": head.canonical,
        "soft_light": soft_light,
        "openness": openness,
    }
    hits = body.cast_camera_rays(camera)
    fields |= {name: head.regions[name] for name in REGION_FIELDS}
    pixels = visible_pixels(camera, hits, head.triangles, head.normals, fields)
    canvas = Canvas(paint_background(scene.background, scene.seed, size))
    growth = grow_hair(person, head, np.random.default_rng(person.seed))
    hair = cast_shadows(growth, lights)
    shade = _hair_transmission(hair, pixels.points)
    colour, part = shade_head(context, pixels, shade)
    canvas.draw_solid(pixels, np.ones(len(pixels.rows), bool), colour, part)
    _draw_cloth(context, garment, canvas, hair, (soft_light, openness))
    layer = draw_hair(growth, camera, canvas.depth, lights, hair)
    if glasses:
        _draw_glasses(context, canvas, glasses)
        hidden = layer.depth > canvas.depth + 0.4
        layer.alpha[hidden], layer.rgb[hidden], layer.part[hidden] = 0, 0, 0
    canvas.composite(layer.rgb, layer.alpha, layer.part)
    return canvas, lights


def render(person: Person, size: int) -> Portrait:
    """Render the portrait of a person.

    Args:
        person: the person and their scene.
        size: edge in pixels, within `SIZES`.

    Returns:
        The portrait.

    Raises:
        ValueError: if the size is out of range.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise ValueError(f"size is {size}; expected {SIZES[0]} to {SIZES[1]} px")
    canvas, lights = _draw_scene(person, round(size * SUPERSAMPLING))
    light = _downsample(canvas.light, size)
    parsing = _downsample_parts(canvas.part, size)
    film = FILMS[person.scene.camera]
    rng = np.random.default_rng([person.seed, 3])
    light = white_balance(light, _lamp_tint(lights), film, rng)
    light = expose(light, np.isin(parsing, _SKIN_PARTS), rng)
    picture = develop(light, person.scene.camera, person.seed)
    return Portrait(picture, parsing, attributes(person))
