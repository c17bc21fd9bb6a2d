"""Find faces and five landmarks of each in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmark.photographs.yunet import load_yunet

SIDES = (320, 640, 1280)
"""Longer sides to which a picture is scaled for detection. The detector finds faces of
10 to 300 pixels."""
LEAST_SCORE = 0.6
CERTAIN = 0.93
"""If no face has this score, quarter turns of the picture are tried. Upright faces of
sharp photographs have it; faces that stand on their head do not."""
OVERLAP = 0.4
"""Of two boxes with a larger intersection over union, the one with the lower score is
dropped."""
CLOSE_SIDE = 160
"""Side of the close-ups in which the landmarks are located again."""
CLOSE_FACES = (50, 70)
"""Sizes of the face in the close-ups. Their mean, over each close-up and its mirror
image, varies six times less with the place and size of the face than one detection."""


@dataclass(frozen=True)
class DetectedFace:
    """A face in a picture; coordinates are pixels of the picture, x before y.

    Attributes:
        box: left, top, right and bottom.
        score: confidence in [0, 1].
        landmarks: (5, 2): the eye on the left of the picture, the other eye, the nose,
            the left and the right corner of the mouth.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Area of the box in square pixels."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


def find_faces(
    picture: NDArray[np.uint8], only_largest: bool = False
) -> list[DetectedFace]:
    """The faces in a picture, the largest first; empty if there is none.

    Pictures that lie on their side or upside down are turned to find faces in them.

    Args:
        picture: (H, W, 3) uint8 RGB of any size.
        only_largest: return the largest face only, which is several times faster.
    """
    sides = _useful_sides(picture)
    found: list[DetectedFace] = []
    for step in [(side,) for side in sides] if only_largest else [sides]:
        found = found or detect(picture, step)
    turns = 0
    if _best_score(found) < CERTAIN:
        found, turns = _best_turn(picture, found)
    found.sort(key=lambda face: -face.area)
    turned = np.ascontiguousarray(np.rot90(picture, turns))
    return [
        _turn_back(_locate(turned, face), turns, picture.shape[:2])
        for face in (found[:1] if only_largest else found)
    ]


def _useful_sides(picture: NDArray[np.uint8]) -> tuple[int, ...]:
    """The sides for detection that do not only enlarge the picture."""
    longer = max(picture.shape[:2])
    return (SIDES[0], *(side for side in SIDES[1:] if side < 2 * longer))


def _best_score(faces: Sequence[DetectedFace]) -> float:
    return max((face.score for face in faces), default=0.0)


def _best_turn(
    picture: NDArray[np.uint8], found: list[DetectedFace]
) -> tuple[list[DetectedFace], int]:
    """The faces in the picture or in one of its quarter turns, and how many turns.

    The detector also finds faces that lie or stand on their head, but with a lower
    score and wrong landmarks.
    """
    best, best_turns = found, 0
    for turns in (1, 3, 2):
        turned = np.ascontiguousarray(np.rot90(picture, turns))
        others = detect(turned, SIDES[:1])
        if _best_score(others) > _best_score(best):
            best, best_turns = others, turns
    return best, best_turns


def _turn_back(face: DetectedFace, turns: int, shape: tuple[int, ...]) -> DetectedFace:
    """A face of `np.rot90(picture, turns)` as a face of the picture.

    `shape` is the height and width of the picture.
    """
    points = np.vstack([face.landmarks, np.reshape(face.box, (2, 2))])
    for turn in range(turns, 0, -1):
        # The picture before this turn is as wide as the one after it is high.
        width = shape[1] if turn % 2 else shape[0]
        points = np.stack([width - 1 - points[:, 1], points[:, 0]], 1)
    low, high = points[5:].min(0).tolist(), points[5:].max(0).tolist()
    return replace(face, box=(*low, *high), landmarks=points[:5])


def detect(picture: NDArray[np.uint8], sides: Sequence[int]) -> list[DetectedFace]:
    """Distinct faces found with the longer side of the picture scaled to `sides`."""
    return _distinct([face for side in sides for face in _detect_at(picture, side)])


def _detect_at(picture: NDArray[np.uint8], side: int) -> list[DetectedFace]:
    """Faces found with the longer side of the picture scaled to `side`."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = _resize(Image.fromarray(picture), size)
    padded = np.zeros((side, side, 3), np.uint8)
    padded[: size[1], : size[0]] = np.asarray(scaled)
    scores, boxes, points = _run(padded[None])
    keep = scores[0] >= LEAST_SCORE
    ratio = np.array([width / size[0], height / size[1]])
    return [
        DetectedFace(
            (*(box[:2] * ratio).tolist(), *(box[2:] * ratio).tolist()),
            float(score),
            _scaled(landmarks, ratio),
        )
        for score, box, landmarks in zip(
            scores[0, keep], boxes[0, keep], points[0, keep], strict=True
        )
    ]


def _locate(picture: NDArray[np.uint8], face: DetectedFace) -> DetectedFace:
    """The face with landmarks from close-ups; unchanged if it is in none of them."""
    centre = np.add(face.box[:2], face.box[2:]) / 2
    image = Image.fromarray(picture)
    close: list[NDArray[np.uint8]] = []
    places: list[tuple[NDArray[np.int64], float]] = []
    for size in CLOSE_FACES:
        side = max(round(np.sqrt(face.area) * CLOSE_SIDE / size), 1)
        origin = np.rint(centre - side / 2).astype(np.int64)
        cut = image.crop((*origin, *(origin + side)))
        pixels = np.asarray(_resize(cut, (CLOSE_SIDE, CLOSE_SIDE)))
        close += [pixels, pixels[:, ::-1]]
        places += [(origin, side / CLOSE_SIDE)] * 2
    points: list[NDArray[np.float64]] = []
    for index, candidates in enumerate(zip(*_run(np.stack(close)), strict=True)):
        landmarks = _mean_landmarks(*candidates)
        if landmarks is None:
            continue
        if index % 2:
            landmarks = landmarks[[1, 0, 2, 4, 3]] * (-1, 1) + (CLOSE_SIDE - 1, 0)
        origin, scale = places[index]
        points.append(origin + _scaled(landmarks, scale))
    return replace(face, landmarks=np.mean(points, 0)) if points else face


def _mean_landmarks(
    scores: NDArray[np.float64],
    boxes: NDArray[np.float64],
    points: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Mean landmarks of the candidates for the face in the middle; None without one."""
    middle = np.full(2, CLOSE_SIDE / 2)
    inside = (boxes[:, :2] < middle).all(1) & (boxes[:, 2:] > middle).all(1)
    weights = np.where(inside & (scores >= LEAST_SCORE), scores, 0) ** 4
    if not weights.any():
        return None
    return np.average(points, 0, weights)


def _resize(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _scaled(
    points: NDArray[np.float64], scale: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points of a picture that becomes larger; they are relative to pixel centres."""
    return (points + 0.5) * scale - 0.5


def _run(pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float64], ...]:
    """The detector on (n, S, S, 3) pictures: scores, boxes and landmarks."""
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        return tuple(each.double().numpy() for each in load_yunet()(batch))


def _distinct(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    """The faces without those that overlap one with a higher score."""
    kept: list[DetectedFace] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(_overlap(face, other) <= OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(one: DetectedFace, other: DetectedFace) -> float:
    """Intersection over union of two boxes."""
    left, top = np.maximum(one.box[:2], other.box[:2])
    right, bottom = np.minimum(one.box[2:], other.box[2:])
    common = max(right - left, 0) * max(bottom - top, 0)
    return float(common / (one.area + other.area - common))
