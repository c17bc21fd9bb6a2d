"""From a person to a picture: portrait, parsing map and attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.portraits.background import paint_background
from benchmark.faces.portraits.camera import Camera, frame_head
from benchmark.faces.portraits.clothes import Garment, dress, paint_cloth
from benchmark.faces.portraits.film import FILMS, develop, expose, white_balance
from benchmark.faces.portraits.flesh import REGIONS, Stage, draw_flesh
from benchmark.faces.portraits.glasses import Spectacles, fit_glasses, lens_glare
from benchmark.faces.portraits.hair.drawing import Shadows, cast_shadows, draw
from benchmark.faces.portraits.hair.grow import grow
from benchmark.faces.portraits.head import Head, build_head, topology
from benchmark.faces.portraits.light import Lights, light_rig
from benchmark.faces.portraits.people import Person, attributes
from benchmark.faces.portraits.raycast import Tracer
from benchmark.faces.portraits.shading import BOUNCE, SKY, arriving, gloss, glow
from benchmark.faces.portraits.surface import Seen, look

SIZES = (64, 512)
"""Smallest and largest edge of a portrait in pixels."""

SUPERSAMPLING = 1.5
"""Drawing resolution over the final one; the strands are anti-aliased anyway."""

_SKIN_PARTS = [PART_IDS[name] for name in ("skin", "nose")]


@dataclass(frozen=True)
class Portrait:
    """One synthetic portrait.

    Attributes:
        picture: (size, size, 3) uint8 sRGB.
        parsing: (size, size) uint8 classes of `benchmark.avatars.part_classes`.
        attributes: the person's record (`people.attributes`).
    """

    picture: np.ndarray
    parsing: np.ndarray
    attributes: dict[str, Any]


class Canvas:
    """The growing picture at drawing resolution: light, depth and classes."""

    def __init__(self, background: np.ndarray) -> None:
        """Start from a background (size, size, 3) of linear RGB."""
        size = background.shape[0]
        self.light = background.astype(np.float64)
        self.depth = np.full((size, size), np.inf, np.float32)
        self.part = np.zeros((size, size), np.uint8)

    def put(self, seen: Seen, chosen: np.ndarray, colour: np.ndarray, part) -> None:
        """Draw solid pixels `chosen` (n,) bool of `seen`, part a class or (n,)."""
        rows, columns = seen.rows[chosen], seen.columns[chosen]
        self.light[rows, columns] = colour[chosen]
        self.depth[rows, columns] = seen.depth[chosen]
        self.part[rows, columns] = np.broadcast_to(part, chosen.shape)[chosen]

    def lay(self, rgb: np.ndarray, alpha: np.ndarray, part: np.ndarray) -> None:
        """Lay a premultiplied layer over; its part holds where alpha passes a half."""
        self.light = self.light * (1 - alpha[..., None]) + rgb
        self.part = np.where(part > 0, part, self.part).astype(np.uint8)


def aim(person: Person, head: Head, size: int) -> Camera:
    """Point the person's camera at the head."""
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


def _soft_fields(
    stage: Stage, head: Head, shadows: Tracer
) -> tuple[np.ndarray, np.ndarray]:
    """Soft light (V, 3) and openness (V,) of a head, gathered at coarse vertices."""
    shared = topology()
    ids = shared.coarse
    points, normals = head.vertices[ids], head.normals[ids]
    facing = ((stage.camera.position - points) * normals).sum(1) > -10
    near = facing & (shared.canonical[ids, 1] > -21)
    light = np.zeros((len(ids), 3), np.float32)
    opening = np.zeros(len(ids), np.float32)
    radiance = stage.lights.environment.radiance(SKY)
    light[near], opening[near] = shadows.gather(
        points[near], normals[near], SKY, radiance, BOUNCE
    )
    return shared.spread @ light, shared.spread @ opening


def _cloth_at(garment: Garment, *, whole: bool) -> np.ndarray:
    """Triangles of a garment that are cloth: as a whole, or at least at a corner."""
    covered = garment.cover[garment.triangles] > 0
    return garment.triangles[covered.all(1) if whole else covered.any(1)]


def _draw_cloth(
    stage: Stage,
    garment: Garment,
    canvas: Canvas,
    hair: Shadows,
    soft: tuple[np.ndarray, np.ndarray],
) -> None:
    triangles = _cloth_at(garment, whole=False)
    hits = Tracer(garment.vertices, triangles).picture(stage.camera)
    collar = (garment.source < 0)[:, None]
    around = stage.lights.environment.radiance(garment.normals)
    fields = {
        "canonical": garment.canonical,
        "cover": garment.cover,
        "layer": garment.layer,
        "soft_light": np.where(collar, 0.7 * around, soft[0][garment.source]),
        "opening": np.where(collar[:, 0], 0.75, soft[1][garment.source]),
    }
    seen = look(stage.camera, hits, triangles, garment.normals, fields, two_sided=True)
    behind = canvas.depth[seen.rows, seen.columns]
    front = (seen.depth < behind + 0.1) & (seen.fields["cover"] > 0)
    shade = _hair_shade(hair, seen.points)
    lit = arriving(
        stage.lights,
        stage.tracer,
        seen.points,
        seen.normals,
        (seen.fields["soft_light"], seen.fields["opening"]),
        wrap=0.1,
        samples=2,
    )
    veil = shade.mean(0)[:, None]
    albedo = paint_cloth(stage.person, dict(seen.fields))
    cm = stage.camera.focal / float(stage.person.scene.distance)
    arrived = glow(lit.diffuse, seen.rows, seen.columns, stage.camera.size, cm)
    colour = albedo * arrived * veil * lit.opening[:, None] ** 0.3
    colour += 0.4 * gloss(stage.lights, lit, seen.normals, seen.view, 0.7, 0.02) * veil
    canvas.put(seen, front, colour, PART_IDS["cloth"])


def _hair_shade(hair: Shadows, points: np.ndarray) -> np.ndarray:
    """Share (lamps + 1, n) of each lamp and of the sky that hair lets through."""
    return np.concatenate([hair.lamp_reach(points), hair.openness(points)[None]])


def _draw_glasses(stage: Stage, canvas: Canvas, glasses: Spectacles) -> None:
    hits = Tracer(glasses.vertices, glasses.triangles).picture(stage.camera)
    inside, mirrored, plane = lens_glare(
        glasses, stage.camera, stage.lights, stage.person.seed
    )
    inside &= plane < canvas.depth
    canvas.light[inside] = 0.93 * canvas.light[inside] + mirrored[inside]
    canvas.part[inside] = PART_IDS["glasses"]
    seen = look(stage.camera, hits, glasses.triangles, glasses.normals, {})
    soft = stage.gather(seen.points, seen.normals)
    lit = arriving(stage.lights, stage.tracer, seen.points, seen.normals, soft)
    shine = gloss(stage.lights, lit, seen.normals, seen.view, 0.25, 0.05)
    front = seen.depth < canvas.depth[seen.rows, seen.columns]
    canvas.put(seen, front, glasses.albedo * lit.diffuse + shine, PART_IDS["glasses"])


def _lamp_tint(lights: Lights) -> np.ndarray:
    environment = lights.environment
    total = np.array(environment.side) + np.array(environment.up)
    return total + sum(np.array(lamp.colour) for lamp in lights.lamps)


def _shrunk(light: np.ndarray, size: int) -> np.ndarray:
    """Average (S, S, 3) light down to (size, size, 3)."""
    shrink = [
        Image.fromarray(light[..., channel].astype(np.float32)).resize(
            (size, size), Image.Resampling.BOX
        )
        for channel in range(3)
    ]
    return np.stack([np.asarray(channel) for channel in shrink], -1)


def _shrunk_parts(part: np.ndarray, size: int) -> np.ndarray:
    """The class at the middle of each final pixel."""
    nearest = Image.fromarray(part).resize((size, size), Image.Resampling.NEAREST)
    return np.asarray(nearest)


def _casters(head: Head, garment: Garment, glasses: Spectacles | None) -> Tracer:
    """Everything solid that throws shadows."""
    meshes = [
        (head.vertices, head.triangles),
        (garment.vertices, _cloth_at(garment, whole=True)),
    ]
    if glasses:
        meshes.append((glasses.vertices, glasses.triangles))
    starts = np.cumsum([0, *[len(vertices) for vertices, _ in meshes]])
    triangles = [t + start for (_, t), start in zip(meshes, starts, strict=False)]
    vertices = np.concatenate([vertices for vertices, _ in meshes])
    return Tracer(vertices, np.concatenate(triangles))


def _draw_scene(person: Person, size: int) -> tuple[Canvas, Lights]:
    """Draw everything at drawing resolution."""
    scene = person.scene
    head = build_head(person)
    camera = aim(person, head, size)
    lights = light_rig(scene.rig, scene.seed)
    garment = dress(person, head)
    glasses = fit_glasses(person, head) if person.glasses != "none" else None
    body = Tracer(head.vertices, head.triangles)
    stage = Stage(person, head, camera, lights, _casters(head, garment, glasses))
    soft_light, opening = _soft_fields(stage, head, body)
    fields = {"canonical": head.canonical, "soft_light": soft_light, "opening": opening}
    hits = body.picture(camera)
    fields |= {name: head.regions[name] for name in REGIONS}
    seen = look(camera, hits, head.triangles, head.normals, fields)
    canvas = Canvas(paint_background(scene.background, scene.seed, size))
    growth = grow(person, head, np.random.default_rng(person.seed))
    hair = cast_shadows(growth, lights)
    shade = _hair_shade(hair, seen.points)
    colour, part = draw_flesh(stage, seen, shade)
    canvas.put(seen, np.ones(len(seen.rows), bool), colour, part)
    _draw_cloth(stage, garment, canvas, hair, (soft_light, opening))
    layer = draw(growth, camera, canvas.depth, lights, hair)
    if glasses:
        _draw_glasses(stage, canvas, glasses)
        hidden = layer.depth > canvas.depth + 0.4
        layer.alpha[hidden], layer.rgb[hidden], layer.part[hidden] = 0, 0, 0
    canvas.lay(layer.rgb, layer.alpha, layer.part)
    return canvas, lights


def render(person: Person, size: int) -> Portrait:
    """Take a person's portrait.

    Args:
        person: who and how.
        size: edge in pixels, within `SIZES`.

    Returns:
        The portrait.

    Raises:
        ValueError: if the size is out of range.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise ValueError(
            f"size is {size}; a portrait's edge is {SIZES[0]} to {SIZES[1]} px"
        )
    canvas, lights = _draw_scene(person, round(size * SUPERSAMPLING))
    light = _shrunk(canvas.light, size)
    parsing = _shrunk_parts(canvas.part, size)
    film = FILMS[person.scene.camera]
    rng = np.random.default_rng([person.seed, 3])
    light = white_balance(light, _lamp_tint(lights), film, rng)
    light = expose(light, np.isin(parsing, _SKIN_PARTS), film, rng)
    picture = develop(light, person.scene.camera, person.seed)
    return Portrait(picture, parsing, attributes(person))
