"""What an avatar looks like, in plain values that the drawing files read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """One avatar: blend weights, scalars in 0-1, option names and swatches.

    The fixed values are what an engine without those parameters shows.
    """

    skin: str
    hair_colour: str
    hair: str
    brow: str
    glasses: str
    head: tuple[float, ...]
    head_width: float = 0.5
    head_length: float = 0.5
    eye: tuple[float, ...] = (0.35, 0.35, 0.0, 0.0)
    eye_rotation: float = 0.55
    eye_spacing: float = 0.5
    eye_size: float = 0.6
    mouth_width: float = 0.5
    mouth_volume: float = 0.5
    mouth_position: float = 0.5
    nose_width: float = 0.4
    nose_height: float = 0.5
    nose_position: float = 0.5
    mouth: str = "closed_smile"
    nose: str = "button"
    facial_hair: str = "none"
