"""F2P v2 on tiny engines, with untrained networks for embedding and parser."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_similarity import narrow_lightcnn, write_lightcnn, write_tiny_parser

from benchmark.avatars import AvatarSpec, AvatarVectors, Continuous
from benchmark.engines.base import EngineMeta
from benchmark.storage.store import Store
from benchmark.weights import LIGHTCNN_V4
from benchmark.weights.folders import CARD, PARSER
from methods.base import MethodError
from methods.f2p.one_shot import F2PV2
from methods.f2p.options import F2PV2Options

FEATURES = "similarity-features"
TINY = {
    "input_size": 64,
    "samples": 8,
    "imitator": {"size": 64, "width": 0.03, "steps": 1, "batch": 2},
    "similarity": {"parser": "tiny"},
    "translator": {"width": 16, "steps": 1, "batch": 2},
}
SCALARS = AvatarSpec("scalars", (Continuous("width", "head"), Continuous("x", "eye")))


class Flat:
    """An engine with scalars only, which draws a uniform grey."""

    spec = SCALARS
    meta = EngineMeta("scalars", "scalars", "1", "here", "CC0-1.0")

    def render(self, vectors, size):
        grey = vectors.continuous.mean(1)[:, None, None, None] * 255
        return np.broadcast_to(grey, (len(vectors), size, size, 3)).astype(np.uint8)


@pytest.fixture(scope="module", autouse=True)
def _narrow():
    with narrow_lightcnn():
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    write_lightcnn(folder / "v4.pth.tar")
    write_tiny_parser(folder / "tiny")
    files = {f"tiny/{file}": folder / "tiny" / file for file in (CARD, PARSER)}
    return {LIGHTCNN_V4: folder / "v4.pth.tar", **files}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("store"))


def make(**changes):
    return F2PV2(F2PV2Options(**{**TINY, **changes}))


def some_faces(count=2):
    generator = torch.Generator().manual_seed(3)
    return torch.rand(count, 3, 64, 64, generator=generator) * 2 - 1


@pytest.fixture(scope="module")
def fitted(mixed_engine, make_context, weights, store):
    method = make()
    method.fit(make_context(mixed_engine, store=store, weights=weights))
    return method


def test_faces_are_predicted_independently(fitted, mixed_engine):
    faces = some_faces()
    together = fitted.predict(faces)
    assert together.spec == mixed_engine.spec
    rows = [fitted.predict(face[None]) for face in faces]
    assert AvatarVectors.concatenate(rows) == together
    assert len(fitted.predict(faces[:0])) == 0


def test_a_saved_method_contains_its_networks(fitted, tmp_path):
    faces = some_faces()
    for number in range(2):  # a loaded method can be saved again
        fitted.save(tmp_path / str(number))
        names = {p.name for p in (tmp_path / str(number)).rglob("*") if p.is_file()}
        assert names == {"method.json", "weights.safetensors", "identity.safetensors"}
        loaded = F2PV2.load(tmp_path / str(number))
        assert loaded.predict(faces) == fitted.predict(faces)
        fitted = loaded


def test_engines_with_scalars_only_work(make_context, weights, store):
    method = make()
    method.fit(make_context(Flat(), store=store, weights=weights))
    vectors = method.predict(some_faces())
    assert vectors.continuous.shape == (2, 2)


def test_the_parser_is_needed_only_with_a_content_weight(
    mixed_engine, make_context, weights, store
):
    method = make(similarity={"content_weight": 0})
    assert method.required_weights(method.options) == (LIGHTCNN_V4,)
    alone = {LIGHTCNN_V4: weights[LIGHTCNN_V4]}
    method.fit(make_context(mixed_engine, store=store, weights=alone))
    assert len(method.predict(some_faces())) == 2


def test_embeddings_are_read_with_any_identity_weight(
    mixed_engine, make_context, weights, store, tmp_path
):
    method = make(similarity={"parser": "tiny", "identity_weight": 0})
    assert LIGHTCNN_V4 in method.required_weights(method.options)
    method.fit(make_context(mixed_engine, store=store, weights=weights))
    method.save(tmp_path / "saved")
    loaded = F2PV2.load(tmp_path / "saved")
    assert loaded.predict(some_faces()) == method.predict(some_faces())


def test_a_missing_weight_file_is_named(mixed_engine, make_context, weights, store):
    some = {name: path for name, path in weights.items() if name != LIGHTCNN_V4}
    with pytest.raises(MethodError, match=f"needs the weight file {LIGHTCNN_V4}"):
        make().fit(make_context(mixed_engine, store=store, weights=some))


def test_a_prior_keeps_vectors_near_those_of_train_faces(
    mixed_engine, make_context, weights, store, tmp_path
):
    method = make(prior={"share": 0.5, "faces": 10})
    method.fit(make_context(mixed_engine, store=store, weights=weights))
    vectors = method.predict(some_faces())
    plain = make()
    plain.fit(make_context(mixed_engine, store=store, weights=weights))
    assert not np.array_equal(
        vectors.continuous, plain.predict(some_faces()).continuous
    )
    method.save(tmp_path / "saved")
    assert F2PV2.load(tmp_path / "saved").predict(some_faces()) == vectors


def test_a_warm_start_reads_the_imitators_renders(
    mixed_engine, make_context, weights, store
):
    warm = {**TINY["translator"], "warm_steps": 2, "warm_samples": 5}
    method = make(translator=warm)
    method.fit(make_context(mixed_engine, store=store, weights=weights))
    records = [record["inputs"] for record in store.records("translator")]
    assert any("warm_start" in inputs for inputs in records)
    (warmed,) = store.records("warm-start")
    seen = {record["inputs"]["pictures"] for record in store.records(FEATURES)}
    assert len(seen) > 1  # the faces, and the renders
    assert warmed["inputs"]["spec"] == mixed_engine.spec.digest
    assert len(method.predict(some_faces())) == 2


def test_a_saved_method_contains_the_imitators_measures(fitted, tmp_path):
    fitted.save(tmp_path / "saved")
    assert '"error_unseen"' in (tmp_path / "saved" / "method.json").read_text()


def test_the_number_of_train_faces_is_an_option(
    mixed_engine, make_context, weights, store
):
    method = make(translator={**TINY["translator"], "faces": 5})
    trace = method.trace(make_context(mixed_engine, weights=weights, store=store))
    figures = {step.name: step.figures for step in trace.steps}
    assert figures["similarity-features"] == {"faces": 5.0}


def test_training_pictures_can_be_augmented(
    fitted, mixed_engine, make_context, weights, store
):
    warm = {**TINY["translator"], "warm_steps": 2, "warm_samples": 5}
    method = make(translator={**warm, "augmentation": {"camera": True}})
    method.fit(make_context(mixed_engine, store=store, weights=weights))
    records = [record["options"] for record in store.records(FEATURES)]
    changed = [r["augmentation"] for r in records if "augmentation" in r]
    assert len(changed) == 3  # two terms of the faces, and embeddings of the renders
    assert all(augmentation["camera"] for augmentation in changed)
    assert len(records) > 3
    assert "augmentation" not in F2PV2Options().model_dump()["translator"]
