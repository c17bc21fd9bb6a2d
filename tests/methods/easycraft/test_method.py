"""EasyCraft: a frozen encoder, and heads trained on renders of one engine."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_easycraft import encoder_stage

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from methods.base import Pictures
from methods.easycraft.method import EasyCraft
from methods.easycraft.pretraining import ENCODER
from methods.planning import Planned
from methods.shared.pictures import as_tensor


@pytest.fixture
def context(mixed_engine, make_context, tmp_path):
    return make_context(mixed_engine, store=Store(tmp_path))


def some_faces(count):
    generator = torch.Generator().manual_seed(3)
    return torch.rand(count, 3, 64, 64, generator=generator) * 2 - 1


def test_the_encoder_stays_as_it_was_pretrained(easy_options, context, tmp_path):
    method = EasyCraft(easy_options())
    method.fit(context)
    method.save(tmp_path / "saved")
    folder = context.store.folder(encoder_stage(method.options, context))
    trained = load_file(folder / ENCODER)
    saved = load_file(tmp_path / "saved" / "weights.safetensors")
    for name, tensor in trained.items():
        assert torch.equal(saved[f"encoder.{name}"], tensor), name
    notes = json.loads((tmp_path / "saved" / "method.json").read_text())["extra"]
    assert {"faces", "toon-tiktok"} <= set(notes["measures"])


def test_a_new_engine_retrains_the_heads_alone(
    easy_options, engine, mixed_engine, make_context, tmp_path
):
    store = Store(tmp_path)
    for one in (mixed_engine, engine):
        EasyCraft(easy_options()).fit(make_context(one, store=store))
    assert len(list(store.records("masked-autoencoder"))) == 1
    heads = 1 + (engine.spec != mixed_engine.spec)
    assert len(list(store.records("easycraft-heads"))) == heads


def test_faces_are_seen_by_the_pretraining_alone(easy_options, context):
    """Without faces in the pretraining, other faces change nothing."""
    other = Pictures(context.faces.images[::-1].copy(), "other faces")
    for share, same in ((0.0, True), (0.5, False)):
        found = []
        for faces in (context.faces, other):
            method = EasyCraft(easy_options(face_share=share))
            method.fit(replace(context, faces=faces))
            found.append(method.predict(some_faces(3)))
        assert np.array_equal(found[0].continuous, found[1].continuous) is same


@pytest.mark.slow
def test_heads_learn_the_renders(easy_options, mixed_engine, context):
    head = {"views": 200, "steps": 150, "width": 32, "dropout": 0}
    head["learning_rate"] = 0.01
    options = easy_options(head=head, steps=0, width=32)
    still = {"light": False, "blur": False, "crop": False, "colour": False}
    options = options.model_copy(
        update={
            "samples": 200,
            "augmentation": options.augmentation.model_copy(update=still),
        }
    )
    method = EasyCraft(options)
    method.fit(context)
    truth = AvatarVectors.sample(mixed_engine.spec, 100, seed=9)
    found = method.predict(as_tensor(mixed_engine.render(truth, 64)))
    active = truth.active()
    right = (found.discrete == truth.discrete)[active.discrete].mean()
    assert right > 0.9
    apart = np.abs(found.continuous - truth.continuous)[active.continuous].mean()
    assert apart < 0.15


def test_the_plan_names_every_stage_that_is_built(easy_options, context):
    method = EasyCraft(easy_options())
    assert isinstance(method, Planned)
    stages = [planned.stage for planned in method.planned_stages(context)]
    names = [stage.name for stage in stages]
    assert names == [*["renders"] * 3, "masked-autoencoder", "easycraft-heads"]
    assert not any(context.store.folder(stage).exists() for stage in stages)
    method.fit(context)
    assert all(context.store.folder(stage).exists() for stage in stages)
    assert sum(len(list(context.store.records(name))) for name in set(names)) == 5


def test_a_trace_shows_reconstructions_and_figures(easy_options, context):
    trace = EasyCraft(easy_options()).trace(context)
    names = [step.name for step in trace.steps]
    assert names == ["renders", "masked-autoencoder", "easycraft-heads"]
    encoder, heads = trace.steps[1].figures, trace.steps[2].figures
    assert {"error_faces", "error_toon-alter", "faces_told_from_renders"} == (
        set(encoder) - {"error_toon-tiktok"}
    )
    assert 0 <= heads["accuracy_unseen"] <= 1
    assert 0 <= heads["error_unseen"] <= 1
    assert trace.sheets["reconstructions"].ndim == 3
    probe = trace.face_similarity
    near, far = some_faces(2), -some_faces(2)
    assert float(probe.distances(near, near).abs().max()) == 0
    assert float(probe.distances(near, far).min()) > 0
