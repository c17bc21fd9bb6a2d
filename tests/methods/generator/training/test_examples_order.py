from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import PARTS, make_faces

from methods.generator.examples import Examples, one_hot
from methods.shared.pictures import as_tensor


@settings(max_examples=30)
@given(count=st.integers(4, 30), batch=st.integers(1, 4), seed=st.integers(0, 99))
def test_every_face_comes_once_an_epoch(count, batch, seed):
    examples = Examples(make_faces(count), PARTS, batch, seed)
    epochs = count // batch
    for epoch in range(2):
        taken = [examples.indices(epoch * epochs + i) for i in range(epochs)]
        times = Counter(np.concatenate(taken).tolist())
        assert set(times.values()) == {1}
        # Faces that do not fill a batch are skipped in this epoch.
        assert len(times) == epochs * batch
        assert set(times) <= set(range(count))


def test_epochs_and_seeds_have_different_orders():
    examples = Examples(make_faces(30), PARTS, 30, seed=1)
    first, second = examples.indices(0), examples.indices(1)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, Examples(make_faces(30), PARTS, 30, 2).indices(0))


def numbers(pictures):
    return ((pictures[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_ranks_split_a_batch_deterministically():
    faces = make_faces(10)
    whole = Examples(faces, PARTS, 4, seed=3)
    for iteration in (0, 1, 5):
        shares = []
        for rank in range(2):
            examples = Examples(faces, PARTS, 4, seed=3)
            pictures, seg = examples.take(iteration, rank, 2)
            again = examples.take(iteration, rank, 2)
            assert torch.equal(pictures, again[0])
            assert torch.equal(seg, again[1])
            shares.append(numbers(pictures))
            examples.close()
        assert not set(shares[0]) & set(shares[1])
        assert sorted(shares[0] + shares[1]) == sorted(
            whole.indices(iteration).tolist()
        )


def test_reading_ahead_changes_nothing():
    faces = make_faces(9)
    ahead = Examples(faces, PARTS, 4, seed=0)
    for iteration in range(5):
        pictures, seg = ahead.take(iteration, 0, 1)
        rows = ahead.indices(iteration)
        expected, parsing = faces.batch(rows)
        assert torch.equal(pictures, as_tensor(expected))
        assert torch.equal(seg.argmax(1), torch.from_numpy(parsing).long())
    ahead.close()


def test_pictures_and_maps_reach_the_ends_of_their_range():
    white = np.full((1, 2, 2, 3), 255, np.uint8)
    assert as_tensor(white).min() == 1
    assert as_tensor(white * 0).max() == -1
    seg = one_hot(torch.tensor([[[0, 2], [1, 2]]]), 3)
    assert seg.shape == (1, 3, 2, 2)
    assert seg[0, 2].tolist() == [[-1, 1], [-1, 1]]


def test_too_few_faces_are_an_error():
    with pytest.raises(ValueError, match="tiny faces has 3 faces; a batch needs 4"):
        Examples(make_faces(3), PARTS, 4, seed=0)


def test_maps_are_channels_last():
    ids = torch.randint(0, 13, (2, 8, 8), dtype=torch.uint8)
    seg = one_hot(ids, 13)
    assert seg.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(seg.argmax(1), ids.long())
    assert torch.equal(seg.sum(1), torch.full((2, 8, 8), -11.0))
    with pytest.raises(RuntimeError, match="out of bounds"):
        one_hot(torch.full((1, 2, 2), 13), 13)
