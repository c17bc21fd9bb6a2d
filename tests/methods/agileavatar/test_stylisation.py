"""Stylisation with a tiny pair of generators, and the mapper's entropy."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_pair
import torch
from simulated_kill import KillAt, SimulatedKill
from tiny_training_setup import SPEC

from benchmark.avatars.part_classes import PART_IDS
from benchmark.storage.store import Store
from methods.agileavatar.options import StylisationOptions
from methods.agileavatar.stylisation import (
    NEUTRAL_PARTS,
    dual_pictures,
    neutral,
    stylised,
    trained_stylist,
)
from methods.estimator.augmentation import Augmentation
from methods.f2p.relaxed import entropy, mean_avatar
from methods.generator.sampling import draw_latents

OPTIONS = StylisationOptions(
    samples=20, width=4, steps=6, batch=4, checkpoint_steps=2, learning_rate=0.01
)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Two tiny generators: the realistic one, and one that replaces the adapted one."""
    pair = tiny_pair.make_pair(tmp_path_factory.mktemp("pair") / "pair")
    avatar = tiny_pair.make_networks(seed=1)[0].eval()
    return SimpleNamespace(
        pair=pair, adapted=SimpleNamespace(generator=avatar, digest="adapted")
    )


@pytest.fixture(scope="module")
def context(make_context, mixed_engine):
    return make_context(mixed_engine)


def test_only_the_shapes_of_expressive_parts_become_neutral(chain):
    generator = chain.adapted.generator
    latents = draw_latents(generator, 3, 0)
    changed = (neutral(generator, latents) != latents).any(dim=(0, 2))
    rows = {generator.layout.shape_row(PART_IDS[part]) for part in NEUTRAL_PARTS}
    assert set(changed.nonzero().flatten().tolist()) == rows


def test_faces_and_avatars_come_from_the_same_latent_codes(chain, context):
    pairs = dual_pictures(chain, OPTIONS, 0, context)
    assert pairs.pictures.shape[:2] == (20, 2)
    plain = dual_pictures(
        chain, OPTIONS.model_copy(update={"neutral": False}), 0, context
    )
    np.testing.assert_array_equal(pairs.pictures[:, 0], plain.pictures[:, 0])
    assert pairs.digest != plain.digest


def test_a_killed_training_ends_with_the_same_network(chain, context, tmp_path):
    pairs = dual_pictures(chain, OPTIONS, 0, context)

    def train(root, progress=None):
        own = replace(context, store=Store(root))
        if progress is not None:
            own = replace(own, progress=progress)
        return trained_stylist(pairs, 16, OPTIONS, Augmentation(), own)

    whole = train(tmp_path / "whole").network
    with pytest.raises(SimulatedKill):
        train(tmp_path / "pieces", KillAt(3))
    progress = KillAt()
    pieces = train(tmp_path / "pieces", progress).network
    assert progress.done == 2  # of 6: it was resumed
    for one, other in zip(whole.parameters(), pieces.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not any(parameter.requires_grad for parameter in pieces.parameters())


def test_faces_of_any_size_are_stylised_and_without_a_stylist_only_resized(
    chain, context
):
    pairs = dual_pictures(chain, OPTIONS, 0, context)
    network = trained_stylist(pairs, 16, OPTIONS, Augmentation(), context).network
    faces = torch.rand(2, 3, 40, 40) * 2 - 1
    drawn, plain = stylised(faces, network, 16), stylised(faces, None, 16)
    assert drawn.shape == plain.shape == (2, 3, 16, 16)
    assert float(drawn.abs().max()) <= 1
    assert not torch.equal(drawn, plain)


def test_the_entropy_of_choices_falls_from_uniform_to_strict():
    uniform = mean_avatar(SPEC, 2)
    logs = [np.log(len(choice.options)) for choice in SPEC.discrete]
    assert float(entropy(SPEC, uniform)) == pytest.approx(np.mean(logs), abs=1e-4)
    strict = torch.zeros_like(uniform)
    for choice in SPEC.discrete:
        strict[:, SPEC.flat_slices[choice.name].start] = 1.0
    assert float(entropy(SPEC, strict)) == pytest.approx(0, abs=1e-4)
