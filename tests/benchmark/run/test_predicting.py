from __future__ import annotations

import pytest
import torch

from benchmark.avatars import AvatarSpec, AvatarVectors, Continuous
from benchmark.run.predicting import predict_in_batches
from benchmark.run.stage_keys import PREDICT_BATCH
from benchmark.system.progress import Silent

SPEC = AvatarSpec("tiny", (Continuous("light", "head"),))


class Counting:
    """Predicts a face's mean brightness; optionally raises after some calls."""

    def __init__(self, calls=99):
        self.seen, self.calls = 0, calls

    def predict(self, faces):
        self.calls -= 1
        if self.calls < 0:
            raise RuntimeError("killed by the test")
        self.seen += len(faces)
        flat = (faces.mean((1, 2, 3), keepdim=False)[:, None] + 1) / 2
        return AvatarVectors.from_flat(SPEC, flat.numpy())


@pytest.fixture
def faces():
    count = 2 * PREDICT_BATCH + 3
    return torch.linspace(-1, 1, count).view(-1, 1, 1, 1).expand(-1, 3, 4, 4)


def test_records_come_in_the_order_of_the_faces(faces, tmp_path):
    records = predict_in_batches(Counting(), faces, SPEC, tmp_path, Silent(), "predict")
    values = [record["light"] for record in records]
    assert len(values) == len(faces)
    assert values == sorted(values)
    assert (values[0], values[-1]) == (0, 1)


def test_a_killed_run_resumes_at_the_unfinished_batch(faces, tmp_path):
    (tmp_path / "whole").mkdir()
    whole = predict_in_batches(
        Counting(), faces, SPEC, tmp_path / "whole", Silent(), "predict"
    )
    short = Counting(calls=2)
    with pytest.raises(RuntimeError, match="killed"):
        predict_in_batches(short, faces, SPEC, tmp_path, Silent(), "predict")
    rest = Counting()
    assert predict_in_batches(rest, faces, SPEC, tmp_path, Silent(), "predict") == whole
    assert rest.seen == 3
