"""The pretraining: its pictures, its stage and its measures."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tiny_easycraft import encoder_stage

from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.base import MethodError, Pictures
from methods.easycraft.pretraining import (
    DECODER,
    ENCODER,
    MEASURES,
    cropped,
    planned_render_stages,
    pretraining_styles,
    trained_encoder,
)


class Killed(BaseException):
    pass


class Killing(Silent):
    """Raises after `alive` units of a bar."""

    def __init__(self, alive):
        self.alive = alive

    def advance(self, count=1):
        self.alive -= 1
        if self.alive < 0:
            raise Killed

    def task(self, label, total, done=0):
        return self if label == "encoder" else super().task(label, total, done)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


@pytest.fixture
def context(mixed_engine, make_context, tmp_path):
    return make_context(mixed_engine, store=Store(tmp_path))


def test_one_encoder_serves_all_engines_and_seeds(
    easy_options, engine, make_context, context
):
    other = make_context(engine, seed=5)
    keys = {encoder_stage(easy_options(), one).key for one in (context, other)}
    assert len(keys) == 1
    assert encoder_stage(easy_options(seed=1), context).key not in keys
    assert encoder_stage(easy_options(face_share=0.2), context).key not in keys


def test_the_autoencoder_sees_faces_and_renders_of_all_engines(easy_options, context):
    encoder = trained_encoder(easy_options(), context)
    assert set(encoder.measures) == {"faces", "toon-tiktok", "toon-alter"}
    assert all(0.2 < error < 3 for error in encoder.measures.values())
    built = planned_render_stages(easy_options())
    assert all(context.store.folder(stage).exists() for stage in built)
    assert len(list(context.store.records("renders"))) == len(built) == 2
    assert not any(p.requires_grad for p in encoder.network.parameters())


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, ["toon-tiktok", "toon-alter"]), (1.0, ["faces"])],
)
def test_faces_or_renders_can_be_left_out(easy_options, context, share, expected):
    options = easy_options(face_share=share)
    styles = pretraining_styles(options, context)
    assert [style.name for style in styles] == expected
    assert list(trained_encoder(options, context).measures) == expected


def test_pictures_reach_the_networks_size_from_any_other(easy_options, context):
    encoder = trained_encoder(easy_options(), context)
    faces = torch.rand(2, 3, 64, 64) * 2 - 1
    features = encoder.features(faces)
    assert features.shape == (2, 8 * 17)
    assert not torch.allclose(features[0], features[1])


@pytest.mark.parametrize("alive", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_resumed_pretraining_equals_an_unbroken_one(
    easy_options, mixed_engine, make_context, tmp_path, alive
):
    options, files = easy_options(steps=4), []
    whole = make_context(mixed_engine, store=Store(tmp_path / "whole"))
    trained_encoder(options, whole)
    broken = Store(tmp_path / "broken")
    with pytest.raises(Killed):
        trained_encoder(
            options,
            make_context(mixed_engine, store=broken, progress=Killing(alive)),
        )
    trained_encoder(options, make_context(mixed_engine, store=broken))
    stage = encoder_stage(options, whole)
    for store in (whole.store, broken):
        folder = store.folder(stage)
        names = (ENCODER, DECODER, MEASURES)
        files.append([(folder / name).read_bytes() for name in names])
    assert files[0] == files[1]


def test_an_unknown_engine_is_named(easy_options, context):
    with pytest.raises(MethodError, match=r"pretraining.engines: .*'toon-titok'"):
        trained_encoder(easy_options(engines=["toon-titok"]), context)


def test_missing_train_faces_are_reported(easy_options, context):
    nobody = Pictures(np.empty((0, 64, 64, 3), np.uint8), "nobody")
    alone = replace(context, faces=nobody)
    with pytest.raises(MethodError, match=r"set pretraining.face_share to 0"):
        trained_encoder(easy_options(), alone)
    trained_encoder(easy_options(face_share=0.0), alone)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"size": 18}, "size: 18 px is no multiple of patch: 4 px"),
        ({"size": 16, "patch": 16}, "hidden_share: 0.75 of 1 patches"),
        ({"hidden_share": 0.01}, "hidden_share: 0.01 of 16 patches"),
        ({"batch": 3}, "have no place for toon-alter"),
        ({"face_share": 0.01}, "have no place for faces"),
        ({"heads": 3}, "heads: a token of 8 numbers"),
        ({"decoder_width": 10}, "decoder_heads: a token of 10 numbers"),
        ({"engines": []}, "engines is empty"),
        ({"engines": ["toon-alter", "toon-alter"]}, "engines names an engine twice"),
    ],
)
def test_wrong_options_are_refused(easy_options, changes, complaint):
    with pytest.raises(ValidationError, match=complaint):
        easy_options(**changes)


def test_engines_share_what_faces_leave(easy_options):
    engines = ["toon-tiktok", "toon-alter", "avataaars"]
    counts = easy_options(engines=engines, batch=64).pretraining.counts
    assert list(counts.values()) == [32, 11, 11, 10]
    alone = easy_options(engines=engines, batch=8, face_share=1).pretraining.counts
    assert alone == {"faces": 8}


def test_the_learning_rate_is_proportional_to_the_batch(easy_options):
    small, large = (easy_options(batch=size).pretraining.rate for size in (64, 256))
    assert small == pytest.approx(large / 4)


def test_crops_show_a_part_of_the_picture():
    pictures = torch.linspace(-1, 1, 32).expand(200, 3, 32, 32)
    found = cropped(pictures, 0.5, True, torch.Generator().manual_seed(0))
    assert found.shape == pictures.shape
    wide = found[:, 0, 0].amax(1) - found[:, 0, 0].amin(1)
    assert wide.min() > 0.4 * 2
    assert wide.max() < 2
    mirrored = found[:, 0, 0, 0] > found[:, 0, 0, -1]
    assert 0.3 < mirrored.float().mean() < 0.7
    straight = cropped(pictures, 0.5, False, torch.Generator().manual_seed(0))
    assert (straight[:, 0, 0, 0] < straight[:, 0, 0, -1]).all()


def test_a_crop_of_everything_is_the_picture():
    pictures = torch.rand(4, 3, 16, 16)
    same = cropped(pictures, 1.0, False, torch.Generator().manual_seed(0))
    torch.testing.assert_close(same, pictures)
