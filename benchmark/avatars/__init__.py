"""The data model: avatar specs, avatar vectors, part classes and colour."""

from benchmark.avatars.spec import (
    NONE,
    AvatarError,
    AvatarSpec,
    Condition,
    Continuous,
    Discrete,
    Parameter,
)
from benchmark.avatars.vectors import ActiveMask, AvatarVectors, Record

__all__ = [
    "NONE",
    "ActiveMask",
    "AvatarError",
    "AvatarSpec",
    "AvatarVectors",
    "Condition",
    "Continuous",
    "Discrete",
    "Parameter",
    "Record",
]
