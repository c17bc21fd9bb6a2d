"""Features of many pictures: computed once, resumable, one frame each."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from simulated_kill import KillAt, SimulatedKill
from tiny_training_setup import FRAME, SPEC, Pixels, make_features, painted

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.estimator.augmentation import Augmentation
from methods.f2p.features import features_of
from methods.shared.pictures import as_tensor

PICTURES = painted(AvatarVectors.sample(SPEC, 40, seed=0))


def test_features_are_the_terms_in_half_precision(tmp_path):
    term = Pixels(12)
    features = make_features(tmp_path, PICTURES, term)
    expected = term.features(as_tensor(PICTURES), FRAME)
    found = features.rows(torch.tensor([39, 3, 3]), "cpu")
    assert features.values.dtype == np.float16
    assert len(features) == 40
    torch.testing.assert_close(found, expected[[39, 3, 3]], rtol=1e-3, atol=1e-3)


def test_cached_features_are_not_computed_again(tmp_path):
    first = make_features(tmp_path, PICTURES, Pixels(12))
    term = Pixels(12)
    again = make_features(tmp_path, PICTURES, term)
    assert term.calls == 0
    assert again.digest == first.digest


def test_a_killed_build_resumes_and_ends_the_same(tmp_path):
    whole = make_features(tmp_path / "whole", PICTURES, Pixels(12))
    with pytest.raises(SimulatedKill):
        make_features(tmp_path / "pieces", PICTURES, Pixels(12), KillAt(2))
    progress, term = KillAt(0), Pixels(12)
    pieces = make_features(tmp_path / "pieces", PICTURES, term, progress)
    assert (progress.done, term.calls) == (32, 1)
    np.testing.assert_array_equal(pieces.values, whole.values)


def test_a_build_killed_before_the_rename_starts_again(tmp_path):
    whole = make_features(tmp_path, PICTURES, Pixels(12))
    (folder,) = (tmp_path / "similarity-features").glob("[!.]*")
    shutil.rmtree(folder)
    # The file was moved into the lost folder, but the record of completion remains.
    scratch = folder.with_name(f"{folder.name}.scratch")
    scratch.mkdir()
    (scratch / "done.json").write_text(str(len(PICTURES)))
    again = make_features(tmp_path, PICTURES, Pixels(12))
    np.testing.assert_array_equal(again.values, whole.values)


def test_pictures_terms_and_frames_change_the_digest(tmp_path):
    requests = [
        (PICTURES, Pixels(12), FRAME),
        (PICTURES[:20], Pixels(12), FRAME),
        (PICTURES, Pixels(12, seed=1), FRAME),
        (PICTURES, Pixels(12), replace(FRAME, eyes=(0.5, 0.4))),
    ]
    digests = {
        make_features(tmp_path, pictures, term, frame=frame).digest
        for pictures, term, frame in requests
    }
    assert len(digests) == len(requests)


def test_augmented_features_are_seeded_and_alike_for_every_term(tmp_path):
    def features(term, *augmentation):
        place = (Store(tmp_path), Silent(), "cpu", "faces")
        return features_of(PICTURES, "d", term, FRAME, *place, *augmentation)

    plain = features(Pixels(12))
    changed = features(Pixels(12), Augmentation(), 1)
    others = [
        features(Pixels(12), Augmentation(), 2),
        features(Pixels(12), Augmentation(strength=2), 1),
    ]
    for other in (plain, *others):
        assert other.digest != changed.digest
        assert not np.array_equal(other.values, changed.values)
    wider = Pixels(24)
    wider.matrix[:, :12] = Pixels(12).matrix
    same = features(wider, Augmentation(), 1).values[:, :12]
    np.testing.assert_allclose(same, changed.values, rtol=1e-2, atol=1e-2)
