"""The descriptor of TOS, with untrained networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from simulated_kill import KillAt, SimulatedKill
from tiny_similarity import narrow_lightcnn, write_lightcnn, write_tiny_parser

from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from benchmark.weights import LIGHTCNN_V4
from benchmark.weights.folders import CARD, PARSER
from methods.base import MethodError
from methods.estimator.augmentation import Augmentation
from methods.f2p.alignment import TEMPLATES
from methods.tos.descriptor import Descriptor, descriptors_of
from methods.tos.options import DescriptorOptions

FRAME = TEMPLATES["portraits"]
ALL = {"identity_weight": 1.0, "content_weight": 2.0, "colour_weight": 3.0, "side": 2}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    with narrow_lightcnn():
        write_lightcnn(folder / "v4.pth.tar")
        write_tiny_parser(folder / "tiny")
        files = {f"tiny/{file}": folder / "tiny" / file for file in (CARD, PARSER)}
        yield {LIGHTCNN_V4: folder / "v4.pth.tar", **files}


def make(weights, **changes):
    options = {"parser": "tiny", **ALL, **changes}
    return Descriptor(weights, DescriptorOptions(**options))


def some_pictures(count=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, 64, 64, generator=generator) * 2 - 1


def test_distances_are_the_weighted_means_of_the_parts(weights):
    pictures, others = some_pictures(), some_pictures(seed=1)
    whole = make(weights)
    apart = whole.distances(whole.of(pictures, FRAME), whole.of(others, FRAME))
    assert list(whole.sizes) == ["identity", "content", "colour"]
    assert whole.sizes["colour"] == 3 * 2 * 2
    assert whole.length == sum(whole.sizes.values())
    for column, name in enumerate(whole.sizes):
        zero = {f"{part}_weight": 0.0 for part in whole.sizes}
        single = make(weights, **{**zero, f"{name}_weight": 1.0})
        difference = single.of(pictures, FRAME) - single.of(others, FRAME)
        expected = ALL[f"{name}_weight"] * difference.square().sum(dim=1)
        torch.testing.assert_close(apart[:, column], expected)
        assert single.length == whole.sizes[name]


def test_gradients_reach_pictures_and_no_network(weights):
    pictures = some_pictures().requires_grad_()
    make(weights).of(pictures, FRAME).square().sum().backward()
    assert pictures.grad is not None
    assert float(pictures.grad.abs().sum()) > 0


def test_the_digest_covers_networks_and_options(weights):
    changes = ({}, {"side": 4}, {"content_weight": 9.0}, {"parts": {"hair": 2.0}})
    digests = {make(weights, **change).digest for change in changes}
    assert len(digests) == len(changes)
    assert make(weights).digest in digests


def test_missing_files_and_weights_are_reported(weights):
    alone = {LIGHTCNN_V4: weights[LIGHTCNN_V4]}
    with pytest.raises(MethodError, match="needs the weight file tiny/parser"):
        make(alone)
    make(alone, content_weight=0, colour_weight=0)
    with pytest.raises(ValidationError, match="all 0"):
        DescriptorOptions(identity_weight=0)


def test_views_cycle_through_the_pictures_and_survive_a_kill(weights, tmp_path):
    descriptor, calls = make(weights, identity_weight=0), []
    pictures = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)

    def load():
        calls.append(1)
        return pictures

    def views(root, count, augmentation=None, progress=None):
        place = (FRAME, Store(root), progress or Silent(), "cpu", "faces")
        return descriptors_of(count, load, "d", descriptor, *place, augmentation, 0)

    plain = views(tmp_path, 20)
    np.testing.assert_array_equal(plain.values[5:10], plain.values[:5])
    changed = views(tmp_path, 20, Augmentation())
    assert not np.array_equal(changed.values[5:10], changed.values[:5])
    with pytest.raises(SimulatedKill):
        views(tmp_path / "again", 20, Augmentation(), KillAt(1))
    again = views(tmp_path / "again", 20, Augmentation())
    np.testing.assert_array_equal(again.values, changed.values)
    before = len(calls)
    assert views(tmp_path, 20).digest == plain.digest
    assert len(calls) == before  # cached descriptors need no pictures
