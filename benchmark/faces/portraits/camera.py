"""A pinhole camera that frames a head like an FFHQ crop with a wider margin.

World space is head space: centimetres, y up, face towards +z, the person's left at +x.
Camera space: x right, y down, z forward (depth). Pixels: x right, y down; the centre of
the first pixel is at 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MARGIN = 1.2
"""Edge of the frame relative to the FFHQ crop; leaves room for hair."""


@dataclass(frozen=True)
class Camera:
    """A view of the head.

    Attributes:
        rotation: (3, 3) rotation from world to camera space.
        position: (3,) pinhole in world space, in cm.
        focal: focal length in pixels.
        centre: (2,) principal point in pixels; off-centre because of the crop.
        size: edge of the square picture in pixels.
    """

    rotation: np.ndarray
    position: np.ndarray
    focal: float
    centre: np.ndarray
    size: int


def project(camera: Camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project world points to pixels.

    Args:
        camera: the view.
        points: (..., 3) in cm.

    Returns:
        Pixels (..., 2) and depths (...) in cm along the optical axis.
    """
    local = (points - camera.position) @ camera.rotation.T
    depth = local[..., 2]
    return local[..., :2] / depth[..., None] * camera.focal + camera.centre, depth


def pixel_rays(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Return one ray per pixel.

    Returns:
        Origin (3,) and unit directions (size, size, 3), float32, in world space.
    """
    grid = np.arange(camera.size, dtype=np.float32) + 0.5
    x = (grid - camera.centre[0]) / camera.focal
    y = (grid - camera.centre[1]) / camera.focal
    local = np.stack(
        [*np.meshgrid(x, y), np.ones((camera.size, camera.size), np.float32)], -1
    )
    local /= np.linalg.norm(local, axis=-1, keepdims=True)
    directions = (local @ camera.rotation).astype(np.float32)
    return camera.position.astype(np.float32), directions


def _turn(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Head rotation from degrees: yaw to its left, pitch up, roll clockwise."""
    a, b, c = np.deg2rad([yaw, -pitch, roll])
    ry = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    rx = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rz @ rx @ ry


def frame_head(
    eyes: np.ndarray,
    mouth: np.ndarray,
    *,
    yaw: float,
    pitch: float,
    roll: float,
    distance: float,
    size: int,
    zoom: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Camera:
    """Aim a camera at a head; crop like FFHQ, with the eyes about 46 % down.

    The camera moves around a fixed head, so light and shoulders turn with the head.

    Args:
        eyes: (2, 3) eye centres in cm.
        mouth: (2, 3) mouth corners in cm.
        yaw: degrees the head turns to its left, within about ±15.
        pitch: degrees the face looks up.
        roll: degrees the head leans, clockwise in the picture.
        distance: from eyes to pinhole in cm (40 for a selfie, 200 for a portrait lens).
        size: edge of the picture in pixels.
        zoom: zoom of the crop; above 1 shows less.
        shift: shift of the crop (right, down), as fractions of its edge.

    Returns:
        The camera.
    """
    facing = np.diag([1.0, -1.0, -1.0])
    rotation = facing @ _turn(yaw, pitch, roll)
    middle = eyes.mean(0)
    position = middle - distance * rotation[2]
    unit = Camera(rotation, position, 1.0, np.zeros(2), size)
    eye_points, _ = project(unit, eyes)
    mouth_points, _ = project(unit, mouth)
    across = float(np.linalg.norm(eye_points[1] - eye_points[0]))
    down = float(np.linalg.norm(mouth_points.mean(0) - eye_points.mean(0)))
    # FFHQ uses the larger of the two. The sum keeps wide-set eyes visibly wide.
    side = (2.0 * across + 1.8 * down) * MARGIN / zoom
    focal = size / side
    aim = eye_points.mean(0) + 0.1 * (mouth_points.mean(0) - eye_points.mean(0))
    aim = aim + side * np.array([shift[0], 0.02 + shift[1]])
    return Camera(rotation, position, focal, size / 2 - aim * focal, size)
