import numpy as np
import pytest

from benchmark.avatars import AvatarSpec, Continuous, Discrete
from benchmark.engines.base import EngineMeta
from benchmark.registry import ENGINES
from methods.f2p.alignment import TEMPLATES
from methods.f2p.landmarks import locate


class Drawn:
    """A grey face whose parts are squares: each of a parameter's own brightness."""

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


def test_parameters_of_eyes_and_mouth_tell_where_they_are():
    found = locate(Drawn("hair", "eye", "mouth", "glasses"))
    assert found.frame.eyes == pytest.approx((0.5, 0.35), abs=0.01)
    assert found.frame.mouth == pytest.approx((0.5, 0.62), abs=0.01)
    assert (found.eyes_by, found.mouth_by) == ("eye parameters", "mouth parameters")


def test_glasses_stand_for_eyes_and_lips_are_seen():
    found = locate(Drawn("hair", "glasses", lips=True))
    assert found.frame.eyes == pytest.approx((0.5, 0.36), abs=0.01)
    assert found.frame.mouth == pytest.approx((0.5, 0.58), abs=0.02)
    assert found.eyes_by == "glasses"
    assert "dark band" in found.mouth_by


def test_brows_lie_above_eyes_and_a_blank_face_has_its_mouth_an_eyes_distance_below():
    found = locate(Drawn("brow"))
    assert found.frame.eyes[1] == pytest.approx(0.3 + 0.067, abs=0.01)
    assert found.frame.distance == pytest.approx(0.2, abs=0.02)
    assert found.mouth_by == "the distance between the eyes"


def test_an_engine_that_tells_nothing_gets_the_template_and_says_so():
    found = locate(Drawn("hair"))
    assert found.frame == TEMPLATES["portraits"]
    assert "template" in found.eyes_by


def test_the_same_seed_finds_the_same():
    assert locate(Drawn("eye", "mouth"), 3) == locate(Drawn("eye", "mouth"), 3)


# Seen in pictures with marks: the rows of eyes and mouth of the mean avatar.
ROWS = {
    "toon-tiktok": (0.44, 0.69),
    "toon-alter": (0.465, 0.69),
    "avataaars": (0.51, 0.72),
}


@pytest.mark.parametrize("name", ROWS)
def test_built_in_engines_show_eyes_and_mouth_where_they_are_found(name):
    frame = locate(ENGINES.load(name)()).frame
    assert frame.eyes[0] == pytest.approx(0.5, abs=0.01)
    assert (frame.eyes[1], frame.mouth[1]) == pytest.approx(ROWS[name], abs=0.02)
