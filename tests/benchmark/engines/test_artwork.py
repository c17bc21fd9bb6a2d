"""Renders of built-in engines must not change unless the engine's version does.

Cached stages and published results are keyed by the version, so a change under the same
version would mix old and new pictures. After an intended change, raise the version and
run `python tests/benchmark/engines/test_artwork.py`, which writes artwork.json again.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.avatars import AvatarVectors
from benchmark.registry import ENGINES

GOLDEN = Path(__file__).with_name("artwork.json")
NAMES = ("toon-tiktok", "toon-alter", "avataaars")
TOLERANCE = 0.2
"""Of 255: allows rounding differences between processors, but no changed shape."""


def mean_colours(engine):
    """(96, 4, 3) mean colour of each quarter of 96 sampled avatars at 64 px."""
    pictures = engine.render(AvatarVectors.sample(engine.spec, 96, seed=96), 64)
    quarters = pictures.reshape(96, 2, 32, 2, 32, 3).mean(axis=(2, 4))
    return quarters.reshape(96, 4, 3)


@pytest.mark.parametrize("name", NAMES)
def test_pictures_change_only_with_the_version(name):
    engine = ENGINES.load(name)()
    known = json.loads(GOLDEN.read_text())[name]
    assert engine.meta.version == known["version"], "write artwork.json again"
    difference = np.abs(mean_colours(engine) - np.array(known["colours"]))
    assert difference.max() < TOLERANCE, "the artwork changed: raise its version"


def write() -> None:
    engines = {name: ENGINES.load(name)() for name in NAMES}
    data = {
        name: {
            "version": engine.meta.version,
            "colours": mean_colours(engine).round(1).tolist(),
        }
        for name, engine in engines.items()
    }
    GOLDEN.write_text(json.dumps(data, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write()
