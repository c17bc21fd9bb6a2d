"""Photographs of people: reading them, finding faces, aligning as FFHQ does."""

from benchmark.photographs.alignment import align
from benchmark.photographs.choosing import largest_face
from benchmark.photographs.detection import DetectedFace, find_faces
from benchmark.photographs.reading import (
    PhotographError,
    decode_photograph,
    read_photograph,
)

__all__ = [
    "DetectedFace",
    "PhotographError",
    "align",
    "decode_photograph",
    "find_faces",
    "largest_face",
    "read_photograph",
]
