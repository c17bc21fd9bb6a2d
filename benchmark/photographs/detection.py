"""Find faces and five landmarks of each in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import interpolate

from benchmark.photographs.yunet import load_yunet

SIDES = (320, 640, 1280)
"""Longer sides to which a picture is scaled for detection. The detector finds faces of
10 to 300 pixels."""
LEAST_SCORE = 0.6
CERTAIN = 0.93
"""Faces with a lower score may lie or stand on their head, so quarter turns are tried.
Upright faces of sharp photographs have this score."""
UPRIGHT = 0.91
"""Score in close-ups from which a face that is tilted by less than `SLIGHT` is upright.
Those of faces on their side or head are below 0.9."""
SLIGHT = np.radians(30)
OVERLAP = 0.6
"""Of two boxes that share more of the smaller one, the one with the lower score is
dropped."""
CLOSE_SIDE = 160
"""Side of the close-ups in which the landmarks are located again."""
CLOSE_FACES = (50, 70)
"""Sizes of the face in the close-ups. Their mean, over each close-up and its mirror
image, varies six times less with the place and size of the face than one detection."""
TILT_SIDE, TILT_FACE = 320, 250
"""Side of the close-ups in which the tilt is found, and size of the face in them. In
smaller ones, landmarks hardly follow the tilt."""
TILT_GAIN = 1.3
"""The detector finds about 0.7 of the tilt."""
SETTLED = np.radians(2)
"""A tilt that needs no further look."""
LOOKS = 5
"""Largest number of looks at the tilt."""
_BASE_FACE, _BASE_SIDE = 160, 720
"""Size of the face in the picture that close-ups are cut from, and its side: enough for
any angle."""


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

    def enlarged(self, factor: float) -> DetectedFace:
        """The face in the picture enlarged by a factor."""
        left, top, right, bottom = (factor * edge for edge in self.box)
        landmarks = _scaled(self.landmarks, factor)
        return DetectedFace((left, top, right, bottom), self.score, landmarks)


def find_faces(
    picture: NDArray[np.uint8], only_largest: bool = False
) -> list[DetectedFace]:
    """The faces in a picture, the largest first; empty if there is none.

    Faces may lie on their side or stand on their head.

    Args:
        picture: (H, W, 3) uint8 RGB of any size.
        only_largest: return the largest face only, which is several times faster.
    """
    sides = _useful_sides(picture)
    found: list[DetectedFace] = []
    for step in [(side,) for side in sides] if only_largest else [sides]:
        found = found or detect(picture, step)
    found = found or _detect_lying(picture)
    found.sort(key=lambda face: -face.area)
    return [_locate(picture, face) for face in (found[:1] if only_largest else found)]


def _useful_sides(picture: NDArray[np.uint8]) -> tuple[int, ...]:
    """The sides for detection that do not only enlarge the picture."""
    longer = max(picture.shape[:2])
    return (SIDES[0], *(side for side in SIDES[1:] if side < 2 * longer))


def _detect_lying(picture: NDArray[np.uint8]) -> list[DetectedFace]:
    """Faces that are found only if the picture is turned by a quarter, if any."""
    # A score below CERTAIN, so that the face is turned upright to be located.
    turned = np.ascontiguousarray(np.rot90(picture))
    corner = np.array([picture.shape[1] - 1, 0])
    back = np.array([[0, 1], [-1, 0]])
    found: list[DetectedFace] = []
    for face in detect(turned, SIDES[:1]):
        corners = np.reshape(face.box, (2, 2)) @ back + corner
        (left, top), (right, bottom) = corners.min(0).tolist(), corners.max(0).tolist()
        box = (left, top, right, bottom)
        found.append(DetectedFace(box, LEAST_SCORE, face.landmarks @ back + corner))
    return found


def detect(picture: NDArray[np.uint8], sides: Sequence[int]) -> list[DetectedFace]:
    """Distinct faces found with the longer side of the picture scaled to `sides`."""
    return _distinct([face for side in sides for face in _detect_at(picture, side)])


def _detect_at(picture: NDArray[np.uint8], side: int) -> list[DetectedFace]:
    """Faces found with the longer side of the picture scaled to `side`."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    padded = np.zeros((side, side, 3), np.uint8)
    padded[: size[1], : size[0]] = resize(picture, size)
    ((scores, boxes, points),) = _run(padded[None])
    ratio = np.array([width / size[0], height / size[1]])
    return [
        DetectedFace(
            (*(box[:2] * ratio).tolist(), *(box[2:] * ratio).tolist()),
            float(score),
            _scaled(landmarks, ratio),
        )
        for score, box, landmarks in zip(scores, boxes, points, strict=True)
    ]


def _locate(picture: NDArray[np.uint8], face: DetectedFace) -> DetectedFace:
    """The face with landmarks from close-ups; unchanged if it is in none of them."""
    size = np.sqrt(face.area)
    # Faces that are larger than the close-ups need are made smaller first.
    factor = max(int(size / _BASE_FACE), 1)
    side = max(round(size / factor * _BASE_SIDE / _BASE_FACE), 1)
    centre = np.add(face.box[:2], face.box[2:]) / 2 / factor
    origin = np.rint(centre - side / 2).astype(np.int64)
    cut = _cut_reduced(picture, origin, side, factor)
    base = Image.fromarray(resize(cut, (_BASE_SIDE, _BASE_SIDE)))
    best_score, best = 0.0, None
    for quarter in range(1 if face.score >= CERTAIN else 4):
        angle = quarter * np.pi / 2
        score, landmarks = _look_closely(base, angle)
        if landmarks is None or score <= best_score:
            continue
        best_score, best = score, landmarks
        eyes = complex(*(landmarks[1] - landmarks[0])) * np.exp(-1j * angle)
        if score >= UPRIGHT and abs(np.angle(eyes)) < SLIGHT:
            break
    if best is None:
        return face
    edges = (origin + best * (side / _BASE_SIDE)) * factor
    return replace(face, landmarks=edges - 0.5)


def _look_closely(
    base: Image.Image, angle: float
) -> tuple[float, NDArray[np.float64] | None]:
    """Score and landmarks of the face in the middle of `base`, tilted by about `angle`.

    Landmarks are relative to the corner of `base`; None if no face is found there.
    """
    for _ in range(LOOKS):
        _, landmarks = _turned_landmarks(base, angle, TILT_SIDE, (TILT_FACE,))
        if landmarks is None:
            break
        across = landmarks[1] - landmarks[0] + landmarks[4] - landmarks[3]
        tilt = np.angle(complex(*across) * np.exp(-1j * angle))
        angle += TILT_GAIN * float(tilt)
        if abs(tilt) < SETTLED:
            break
    return _turned_landmarks(base, angle, CLOSE_SIDE, CLOSE_FACES)


def _turned_landmarks(
    base: Image.Image, angle: float, side: int, faces: Sequence[int]
) -> tuple[float, NDArray[np.float64] | None]:
    """As `_look_closely`, from close-ups that are turned back by the angle.

    `side` is that of the close-ups, and `faces` are the sizes of the face in them.
    """
    close: list[NDArray[np.uint8]] = []
    matrices: list[NDArray[np.float64]] = []
    for size in faces:
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = np.array([[cosine, -sine], [sine, cosine]]) * (_BASE_FACE / size)
        start = _BASE_SIDE / 2 - turn @ np.full(2, side / 2)
        matrix = np.column_stack([turn, start])
        cut = base.transform(
            (side, side),
            Image.Transform.AFFINE,
            tuple(matrix.ravel().tolist()),
            Image.Resampling.BILINEAR,
        )
        mirrored = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        close += [np.asarray(cut), np.asarray(mirrored)]
        matrices += [matrix] * 2
    scores: list[float] = []
    points: list[NDArray[np.float64]] = []
    for index, candidates in enumerate(_run(np.stack(close))):
        score, landmarks = _mean_landmarks(side / 2, *candidates)
        scores.append(score)
        if landmarks is None:
            continue
        landmarks = landmarks + 0.5
        if index % 2:
            landmarks = landmarks[[1, 0, 2, 4, 3]] * (-1, 1) + (side, 0)
        matrix = matrices[index]
        points.append(landmarks @ matrix[:, :2].T + matrix[:, 2])
    return float(np.mean(scores)), np.mean(points, 0) if points else None


def _mean_landmarks(
    middle: float,
    scores: NDArray[np.float64],
    boxes: NDArray[np.float64],
    points: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64] | None]:
    """Score and mean landmarks of the candidates for the face in the middle."""
    inside = (boxes[:, :2] < middle).all(1) & (boxes[:, 2:] > middle).all(1)
    weights = np.where(inside, scores, 0) ** 4
    if not weights.any():
        return 0.0, None
    return float(weights.max() ** 0.25), np.average(points, 0, weights)


def _cut_reduced(
    picture: NDArray[np.uint8], origin: NDArray[np.int64], side: int, factor: int
) -> NDArray[np.uint8]:
    """A square of the picture reduced by `factor`; black where it leaves the picture.

    `origin` (x, y) and `side` are in pixels of the reduced picture.
    """
    reduced = [-(-edge // factor) for edge in picture.shape[1::-1]]
    (left, top), (right, bottom) = (
        np.clip(corner, 0, reduced) for corner in (origin, origin + side)
    )
    used = picture[top * factor : bottom * factor, left * factor : right * factor]
    cut = np.zeros((side, side, 3), np.uint8)
    if used.size:
        x, y = (left, top) - origin
        if factor > 1:
            used = np.asarray(Image.fromarray(used).reduce(factor))
        cut[y : y + bottom - top, x : x + right - left] = used
    return cut


def resize(
    picture: NDArray[np.uint8], size: tuple[int, int], mode: str = "bilinear"
) -> NDArray[np.uint8]:
    """Resize to (width, height); several times faster than Pillow.

    Args:
        picture: (H, W, 3) uint8.
        size: width and height in pixels.
        mode: bilinear or bicubic.
    """
    writable = np.require(picture, requirements="W")
    pixels = torch.from_numpy(writable).permute(2, 0, 1)[None]
    resized = interpolate(pixels, size[::-1], mode=mode, antialias=True)
    return resized[0].permute(1, 2, 0).numpy()


def _scaled(
    points: NDArray[np.float64], scale: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points of a picture that becomes larger; they are relative to pixel centres."""
    return (points + 0.5) * scale - 0.5


def _run(
    pictures: NDArray[np.uint8],
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Scores, boxes and landmarks of the candidates in each of (n, S, S, 3) pictures.

    Their scores are `LEAST_SCORE` or higher.
    """
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        return [
            (scores.double().numpy(), boxes.double().numpy(), points.double().numpy())
            for scores, boxes, points in load_yunet()(batch, LEAST_SCORE)
        ]


def _distinct(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    """The faces without those that overlap one with a higher score."""
    kept: list[DetectedFace] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(_overlap(face, other) <= OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(one: DetectedFace, other: DetectedFace) -> float:
    """Intersection of two boxes, as a share of the smaller one."""
    left, top = np.maximum(one.box[:2], other.box[:2])
    right, bottom = np.minimum(one.box[2:], other.box[2:])
    common = max(right - left, 0) * max(bottom - top, 0)
    return float(common / max(min(one.area, other.area), 1e-9))
