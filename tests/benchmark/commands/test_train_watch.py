"""What a training logs, and how it continues when MLflow fails."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmark import weights
from benchmark.commands.train_watch import Watch, open_quality
from benchmark.faces.parsed import ParsedArrays
from benchmark.tracking import TrackingError


class Failing:
    """A tracker that fails after some figures."""

    def __init__(self, after):
        self.left, self.heard = after, []

    def figures(self, values, step):
        if not self.left:
            raise TrackingError("MLflow at home cannot be used: refused")
        self.left -= 1
        self.heard.append((step, dict(values)))

    def close(self, status):
        raise AssertionError("a failed tracker must not be used again")


def test_a_failing_tracker_is_reported_once_and_then_skipped(tmp_path):
    said, tracker = [], Failing(after=2)
    watch = Watch(tmp_path, 4, None, tracker, said.append)
    for iteration in range(20, 120, 20):
        watch.figures({"train/mask": 1.0}, iteration)
    watch.close("FINISHED")
    assert [step for step, _ in tracker.heard] == [20, 40]
    (sentence,) = said
    assert (
        "the training continues without it: MLflow at home cannot be used: refused"
        in sentence
    )


def test_images_per_second_are_logged(tmp_path, monkeypatch):
    clock = iter((100.0, 110.0))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    tracker = Failing(after=9)
    watch = Watch(tmp_path, 4, None, tracker, print)
    watch.figures({"train/mask": 1.0}, 20)
    watch.figures({"train/mask": 1.0}, 40)
    (_, first), (_, second) = tracker.heard
    assert first == {"train/mask": 1.0}
    assert second == {"train/mask": 1.0, "train/images_per_second": 20 * 4 / 10}


class Hearing:
    """A tracker that records only tags."""

    def __init__(self):
        self.tags = {}

    def started(self, curve):
        pass

    def sheets(self, *paths):
        pass

    def tag(self, key, text):
        self.tags[key] = text


def test_the_identity_of_the_quality_metric_is_logged(tmp_path):
    pictures, parsing = np.zeros((2, 8, 8, 3), np.uint8), np.zeros((2, 8, 8), np.uint8)
    faces = ParsedArrays("two", pictures, parsing, "CC0-1.0", stand_in=True)
    tracker, quality = Hearing(), SimpleNamespace(identity="features of a network")
    Watch(tmp_path, 4, quality, tracker, print).started(faces, [])
    assert tracker.tags == {"quality": "features of a network"}


@pytest.mark.parametrize(
    ("faces", "count", "expected"),
    [
        (10, 0, []),
        (10, 500, ["avatarbench weights fetch efficientnet-lite0"]),
    ],
)
def test_a_missing_score_is_explained(faces, count, expected, monkeypatch):
    monkeypatch.setattr(weights, "find", lambda name: None)
    said = []
    assert open_quality([None] * faces, count, "cpu", said.append) is None
    assert len(said) == len(expected)
    assert all(part in sentence for part, sentence in zip(expected, said, strict=True))


def test_too_few_faces_are_not_scored(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "find", lambda name: tmp_path)
    said = []
    assert open_quality([None] * 7, 500, "cpu", said.append) is None
    assert said == ["no quality score: 7 faces: too few for two real samples"]
