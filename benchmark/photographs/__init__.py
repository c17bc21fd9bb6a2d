"""Photographs of people: reading them, finding faces, aligning as FFHQ does."""

from benchmark.photographs.alignment import align
from benchmark.photographs.detection import DetectedFace, find_faces
from benchmark.photographs.reading import PhotographError, read_photograph

__all__ = ["DetectedFace", "PhotographError", "align", "find_faces", "read_photograph"]
