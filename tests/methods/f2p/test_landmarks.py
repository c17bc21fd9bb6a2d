import numpy as np
import pytest

from benchmark.avatars import AvatarSpec, Continuous, Discrete
from benchmark.engines.base import EngineMeta
from benchmark.registry import ENGINES
from methods.f2p.alignment import TEMPLATES
from methods.f2p.landmarks import find_landmarks


class Drawn:
    """An engine that draws parts as squares; parameters are their brightness."""

    PLACES = {  # noqa: RUF012
        "eye": [(0.4, 0.35), (0.6, 0.35)],
        "mouth": [(0.5, 0.62)],
        "glasses": [(0.4, 0.36), (0.6, 0.36)],
        "brow": [(0.4, 0.3), (0.6, 0.3)],
        "hair": [(0.5, 0.1)],
    }

    def __init__(self, *components, lips=False):
        parameters = [
            Discrete("glasses", "glasses", ("none", "worn"), optional=True)
            if component == "glasses"
            else Continuous(f"{component}_shade", component)
            for component in components
        ]
        self.spec = AvatarSpec("drawn", tuple(parameters))
        self.meta = EngineMeta("drawn", "drawn", "1", "here", "CC0-1.0")
        self.lips = lips

    def render(self, vectors, size):
        pictures = np.full((len(vectors), size, size, 3), 180, np.uint8)
        if self.lips:
            self.paint(pictures, (0.5, 0.58), np.full(len(vectors), 90))
        for parameter in self.spec.parameters:
            shade = vectors.column(parameter.name)
            for place in self.PLACES[parameter.component]:
                self.paint(pictures, place, (180 - 150 * shade).astype(np.uint8))
        return pictures

    def paint(self, pictures, place, shades):
        size = pictures.shape[1]
        x, y = (round(p * size) for p in place)
        half = round(0.03 * size)
        square = pictures[:, y - half : y + half, x - half : x + half]
        square[:] = np.minimum(square, shades[:, None, None, None])


def test_parameters_of_eyes_and_mouth_give_their_positions():
    found = find_landmarks(Drawn("hair", "eye", "mouth", "glasses"))
    assert found.frame.eyes == pytest.approx((0.5, 0.35), abs=0.01)
    assert found.frame.mouth == pytest.approx((0.5, 0.62), abs=0.01)
    assert found.eyes_source == "eye parameters"
    assert found.mouth_source == "mouth parameters"


def test_glasses_replace_eyes_and_a_dark_band_replaces_the_mouth():
    found = find_landmarks(Drawn("hair", "glasses", lips=True))
    assert found.frame.eyes == pytest.approx((0.5, 0.36), abs=0.01)
    assert found.frame.mouth == pytest.approx((0.5, 0.58), abs=0.02)
    assert found.eyes_source == "glasses"
    assert "dark band" in found.mouth_source


def test_brows_replace_eyes_and_a_blank_face_uses_the_eyes_distance():
    found = find_landmarks(Drawn("brow"))
    assert found.frame.eyes[1] == pytest.approx(0.3 + 0.067, abs=0.01)
    assert found.frame.distance == pytest.approx(0.2, abs=0.02)
    assert found.mouth_source == "the distance between the eyes"


def test_an_engine_without_eyes_gets_the_template():
    found = find_landmarks(Drawn("hair"))
    assert found.frame == TEMPLATES["portraits"]
    assert "template" in found.eyes_source


def test_the_same_seed_gives_the_same_landmarks():
    assert find_landmarks(Drawn("eye", "mouth"), 3) == find_landmarks(
        Drawn("eye", "mouth"), 3
    )


# Measured by eye: the rows of eyes and mouth of the mean avatar.
ROWS = {
    "toon-tiktok": (0.44, 0.69),
    "toon-alter": (0.465, 0.69),
    "avataaars": (0.51, 0.72),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_landmarks_of_built_in_engines_are_right(name):
    frame = find_landmarks(ENGINES.load(name)()).frame
    assert frame.eyes[0] == pytest.approx(0.5, abs=0.01)
    assert (frame.eyes[1], frame.mouth[1]) == pytest.approx(ROWS[name], abs=0.02)
