import json
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import tiny_pair
import torch

from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from benchmark.weights import ALEXNET
from methods.base import MethodError
from methods.generator.sampling import draw_latents, synthesise
from methods.shared.pictures import as_tensor
from methods.shared.randomness import seed_of
from methods.shared.renders import Renders
from methods.swiftavatar.inversion import (
    CURVE_FILE,
    LATENTS_FILE,
    SEARCHED_STARTS,
    inverted_latents,
    latents_stage,
)
from methods.swiftavatar.options import InversionOptions


class Counting(Silent):
    """Counts inverted renders and raises after some batches."""

    def __init__(self, batches=None):
        self.renders, self.batches, self.done = 0, batches, None

    def task(self, label, total, done=0):
        self.done = done
        return nullcontext(self)

    def advance(self, count=1):
        self.renders += count
        if self.batches is not None:
            self.batches -= 1
            if self.batches < 0:
                raise RuntimeError("killed by the test")


@pytest.fixture
def invert(avatar, renders, start, trunks):
    def invert(
        root, count=7, progress=None, renders=renders, weights=trunks, seed=0, **options
    ):
        given = {"steps": 3, "batch": 3, "perceptual": "lpips-alex", **options}
        means = None if given.get("start") in SEARCHED_STARTS else start
        return inverted_latents(
            renders,
            count,
            avatar,
            "avatar",
            avatar,
            means,
            InversionOptions(**given),
            weights,
            seed,
            Store(root),
            progress or Silent(),
            "cpu",
        )

    return invert


@pytest.mark.slow
def test_latents_are_in_the_order_of_their_renders(invert, renders, avatar, tmp_path):
    inverted = invert(tmp_path, steps=50, latent_weight=0, perceptual_weight=0)
    assert inverted.latents.shape == (7, 27, 4)
    assert inverted.latents.dtype == torch.float16
    made = synthesise(avatar, inverted.latents.float()).pictures
    apart = made[:, None].astype(float) - renders.pictures[None].astype(float)
    nearest = np.square(apart).mean((2, 3, 4)).argmin(1)
    np.testing.assert_array_equal(nearest, np.arange(7))


def test_losses_and_curve_are_stored_with_the_latents(
    invert, renders, avatar, tmp_path
):
    inverted = invert(tmp_path)
    assert inverted.losses.shape == (7, 3)
    assert inverted.curve.shape == (4, 3)
    assert inverted.measures.keys() == {"perceptual", "pixel", "latent", "rounding"}
    ends = inverted.losses.double().mean(0)
    torch.testing.assert_close(inverted.curve[-1], ends, rtol=1e-2, atol=1e-4)
    assert inverted.measures["rounding"] < 1e-4
    made = as_tensor(synthesise(avatar, inverted.latents[:2].float()).pictures)
    error = (made - as_tensor(renders.pictures[:2])).square().mean((1, 2, 3))
    torch.testing.assert_close(inverted.losses[:2, 1], error, rtol=0.1, atol=0.01)


@pytest.mark.slow
def test_the_stage_has_half_precision_and_a_readable_curve(invert, tmp_path):
    invert(tmp_path)
    (folder,) = (tmp_path / "codes").iterdir()
    curve = json.loads((folder / CURVE_FILE).read_text())
    assert curve["renders"] == 7
    assert {k: len(v) for k, v in curve["mean_terms_before_step"].items()} == {
        "perceptual": 4,
        "pixel": 4,
        "latent": 4,
    }
    assert (folder / LATENTS_FILE).stat().st_size < 7 * 27 * 4 * 2 + 1000


def test_a_broken_run_resumes_at_the_unfinished_batch(invert, tmp_path):
    whole = invert(tmp_path / "whole")
    with pytest.raises(RuntimeError, match="killed"):
        invert(tmp_path / "pieces", progress=Counting(batches=1))
    resumed = Counting()
    inverted = invert(tmp_path / "pieces", progress=resumed)
    assert resumed.done == 6
    assert resumed.renders == 1
    assert inverted.digest == whole.digest
    files = [
        (tmp_path / place / "codes" / whole.digest[:32] / name).read_bytes()
        for place in ("whole", "pieces")
        for name in (LATENTS_FILE, CURVE_FILE)
    ]
    assert files[:2] == files[2:]


def test_stored_latents_are_read(invert, tmp_path):
    first = invert(tmp_path)
    counting = Counting()
    second = invert(tmp_path, progress=counting)
    assert counting.renders == 0
    assert torch.equal(first.latents, second.latents)
    assert torch.equal(first.curve, second.curve)


@pytest.mark.slow
def test_a_smaller_count_inverts_the_first_renders(invert, tmp_path):
    few, all_of_them = invert(tmp_path, count=3), invert(tmp_path)
    assert len(few.latents) == 3
    assert torch.equal(few.latents, all_of_them.latents[:3])


def test_the_key_has_only_options_that_are_used(renders, trunks):
    def key(count=7, renders=renders, digest="avatar", start="start", **options):
        options = InversionOptions(**{"perceptual": "lpips-alex", **options})
        args = (renders, count, 32, digest, start, options, trunks, 0, "cpu")
        return latents_stage(*args).key

    others = [
        key(count=6),
        key(renders=replace(renders, digest="others")),
        key(digest="another"),
        key(start="another"),
        key(steps=9),
        key(batch=5),
        key(perceptual="lpips-vgg"),
        key(perceptual_size=16),
        key(perceptual_weight=0),
        key(latent_weight=0),
        key(space="w"),
        key(schedule="ramped"),
    ]
    assert len({key(), *others}) == 13
    # Renders of 32 px are not enlarged.
    assert key() == key(perceptual_size=32)
    silent = key(perceptual_weight=0)
    assert silent == key(perceptual_weight=0, perceptual="lpips-vgg")
    assert silent == key(perceptual_weight=0, perceptual_size=16)


def test_the_seed_is_part_of_the_key_only_for_nearest_starts(renders, trunks):
    def key(seed=0, **options):
        options = InversionOptions(perceptual_weight=0, **options)
        means = "start" if options.start == "mean" else None
        args = (renders, 7, 32, "avatar", means, options, trunks, seed, "cpu")
        return latents_stage(*args).key

    assert key() == key(seed=1) == key(start_samples=5)
    near = {"start": "nearest", "start_samples": 5}
    parts = {**near, "start": "parts"}
    keys = {key(), key(**near), key(seed=1, **near), key(start="nearest")}
    keys |= {key(**parts), key(seed=1, **parts)}
    assert len(keys) == 6


def test_mean_latents_and_the_option_start_must_agree(renders, trunks):
    for means, name in (("start", "nearest"), (None, "mean"), (None, "encoder")):
        options = InversionOptions(perceptual_weight=0, start=name)
        args = (renders, 7, 32, "avatar", means, options, trunks, 0, "cpu")
        with pytest.raises(ValueError, match="give mean latent codes or an encoder"):
            latents_stage(*args)


def test_each_render_starts_at_its_most_similar_sample(invert, avatar, tmp_path):
    samples = draw_latents(avatar, 50, seed_of(3, "starts"))
    wanted = torch.tensor([4, 31, 17])
    pictures = synthesise(avatar, samples[wanted]).pictures
    vectors = tiny_pair.make_renders(count=3).vectors
    alike = Renders(vectors, pictures.shape[1], "samples", lambda: pictures)
    start = {"start": "nearest", "start_samples": 50, "learning_rate": 1e-6}
    for net in ({}, {"perceptual_weight": 0}):
        inverted = invert(tmp_path, 3, renders=alike, seed=3, **start, **net)
        torch.testing.assert_close(
            inverted.latents.float(), samples[wanted], atol=2e-3, rtol=2e-3
        )
        assert inverted.measures["latent"] < 1e-6


def test_a_start_of_parts_takes_each_row_from_a_sample(invert, avatar, tmp_path):
    start = {"start": "parts", "start_samples": 50, "learning_rate": 1e-6}
    inverted = invert(tmp_path, seed=3, perceptual_weight=0, **start)
    samples = draw_latents(avatar, 50, seed_of(3, "starts"))
    for row in range(samples.shape[1]):
        apart = torch.cdist(inverted.latents[:, row].float(), samples[:, row])
        assert float(apart.min(1).values.max()) < 0.05
    again = invert(tmp_path / "again", seed=3, perceptual_weight=0, **start)
    assert torch.equal(inverted.latents, again.latents)


def test_without_perceptual_weight_no_file_is_read(invert, tmp_path):
    inverted = invert(tmp_path, weights={}, perceptual_weight=0)
    assert inverted.measures["perceptual"] == 0


def test_bad_inputs_are_refused(invert, tmp_path):
    with pytest.raises(MethodError, match=f"weights fetch {ALEXNET}"):
        invert(tmp_path, weights={})
    with pytest.raises(MethodError, match="8 of 7 renders"):
        invert(tmp_path, count=8)
    other = tiny_pair.make_renders(count=7, size=64)
    with pytest.raises(MethodError, match=r"have 64 px .* 32 px: render the"):
        invert(tmp_path, renders=other)
    assert not list(tmp_path.rglob("*.safetensors"))
