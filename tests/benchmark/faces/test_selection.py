"""Choosing a diverse set of faces by clusters."""

import numpy as np
import pytest

from benchmark.faces.pictures import FaceSetError
from benchmark.faces.selection import diverse


def clustered(counts, seed=0):
    """Embeddings around one axis for each cluster, cluster after cluster."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(np.eye(len(counts), 8), counts, axis=0)
    noise = rng.normal(0, 0.03, centres.shape)
    # Lengths must not matter.
    return ((centres + noise) * rng.uniform(1, 9, (len(centres), 1))).astype(np.float32)


def test_each_cluster_gives_one_face_and_its_size():
    counts = (1, 5, 9, 30)
    chosen = diverse(clustered(counts), 4, seed=3)
    assert sorted(chosen.values()) == sorted(counts)
    of_row = np.repeat(range(4), counts)
    assert sorted(of_row[list(chosen)]) == [0, 1, 2, 3]
    assert all(counts[of_row[row]] == size for row, size in chosen.items())


def test_the_seed_decides():
    faces = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    assert diverse(faces, 9, seed=1) == diverse(faces, 9, seed=1)
    assert diverse(faces, 9, seed=1) != diverse(faces, 9, seed=2)


def test_too_few_different_faces_are_refused():
    faces = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    with pytest.raises(FaceSetError, match="only 3 of the 12 pictures look different"):
        diverse(faces, 4, seed=0)
