import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import tiny_similarity
import torch
from simulated_kill import KillAt, SimulatedKill

from benchmark.weights.resolver import WeightResolver
from methods.base import MethodError
from methods.f2p.iterative import F2P
from methods.f2p.options import F2POptions
from methods.shared.pictures import as_tensor


@pytest.fixture(scope="module")
def parser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    tiny_similarity.write_tiny_parser(folder)
    return folder


def make(parser, **changes):
    fields = {
        "input_size": 64,
        "samples": 12,
        "imitator": {
            "size": 64,
            "width": 0.03,
            "steps": 10,
            "batch": 4,
            "optimiser": "adam",
        },
        "similarity": {
            "identity_weight": 0,
            "content_weight": 1e5,  # an untrained parser gives almost no signal
            "parser": str(parser),
        },
        "search": {"steps": 4, "learning_rate": 1.0, "sharpness": 5, "batch": 3},
    }
    return F2P(F2POptions(**{**fields, **changes}))


def context_of(method, make_context, engine, **changes):
    files, _ = WeightResolver({}).take(method.required_weights(method.options))
    return make_context(engine, weights=files, **changes)


@pytest.fixture(scope="module")
def fitted(parser, mixed_engine, make_context):
    method = make(parser)
    method.fit(context_of(method, make_context, mixed_engine))
    return method


def some_faces(count):
    generator = torch.Generator().manual_seed(3)
    return torch.rand(count, 3, 64, 64, generator=generator) * 2 - 1


def test_a_search_returns_distances_before_and_after(fitted, mixed_engine):
    faces = some_faces(4)
    found = fitted.search(faces)
    assert found.vectors == fitted.predict(faces)
    assert found.before.shape == found.after.shape == (4, 2)
    assert found.curve.shape == (5, 4)
    assert (found.curve[-1] < found.curve[0]).all()
    assert (found.before[:, 0] == 0).all()  # the identity term is skipped
    torch.testing.assert_close(found.before[:, 1] * 1e5, found.curve[0])


def test_a_search_for_no_faces_is_empty(fitted):
    found = fitted.search(some_faces(0))
    assert len(found.vectors) == 0
    assert found.before.shape == (0, 2)
    assert found.curve.shape == (5, 0)


def test_similarity_accepts_the_engines_renders(fitted, mixed_engine):
    faces = some_faces(2)
    vectors = fitted.predict(faces)
    pictures = as_tensor(mixed_engine.render(vectors, 64))
    found = fitted.similarity(faces, pictures)
    assert found.shape == (2, 2)
    assert (found[:, 1] > 0).all()
    assert (fitted.similarity(pictures, pictures)[:, 1] != found[:, 1]).all()


def test_a_saved_method_searches_with_both_terms(
    parser, mixed_engine, make_context, tmp_path
):
    checkpoint = tmp_path / "lightcnn.pth.tar"
    similarity = {"identity_weight": 3.0, "content_weight": 1e5, "parser": str(parser)}
    with tiny_similarity.narrow_lightcnn():
        tiny_similarity.write_lightcnn(checkpoint)
        method = make(parser, similarity=similarity)
        own = method.required_weights(method.options)
        files, _ = WeightResolver({own[0]: checkpoint}).take(own)
        method.fit(make_context(mixed_engine, weights=files))
        found = method.search(some_faces(2))
        method.save(tmp_path / "saved")
        again = F2P.load(tmp_path / "saved").search(some_faces(2))
    assert (found.before > 0).all()
    weighed = found.before @ torch.tensor([3.0, 1e5])
    torch.testing.assert_close(weighed, found.curve[0])
    assert (found.curve[-1] < found.curve[0]).all()
    assert again.vectors == found.vectors
    torch.testing.assert_close(again.curve, found.curve)


def test_faces_are_searched_independently(fitted, parser):
    faces = some_faces(4)
    together = fitted.search(faces)
    for row in range(4):
        alone = fitted.search(faces[row : row + 1])
        torch.testing.assert_close(alone.curve[:, 0], together.curve[:, row])


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_search_works_with_gradients_disabled(fitted, mode):
    expected = fitted.predict(some_faces(1))
    with mode():
        assert fitted.predict(some_faces(1)) == expected


def test_a_saved_method_contains_its_networks(
    parser, tmp_path, mixed_engine, make_context
):
    own = shutil.copytree(parser, tmp_path / "own")
    method = make(own)
    method.fit(context_of(method, make_context, mixed_engine))
    expected = method.predict(some_faces(2))
    method.save(tmp_path / "saved")
    shutil.rmtree(own)
    loaded = F2P.load(tmp_path / "saved")
    loaded.save(tmp_path / "again")
    shutil.rmtree(tmp_path / "saved")
    again = F2P.load(tmp_path / "again")
    assert again.predict(some_faces(2)) == loaded.predict(some_faces(2)) == expected
    notes = json.loads((tmp_path / "again" / "method.json").read_text())["extra"]
    assert notes["measures"]["unseen"] == 2
    assert set(notes["networks"]) == {"content"}


def test_seeds_share_an_imitator_with_a_fixed_imitator_seed(
    parser, tmp_path, mixed_engine, make_context
):
    notes = []
    for seed in (0, 1):
        method = make(parser, imitator_seed=7)
        method.fit(context_of(method, make_context, mixed_engine, seed=seed))
        method.save(tmp_path / str(seed))
        text = (tmp_path / str(seed) / "method.json").read_text()
        notes.append(json.loads(text)["extra"]["imitator"])
    assert notes[0] == notes[1]


def test_a_missing_file_is_named(parser, mixed_engine, make_context):
    with pytest.raises(MethodError, match=r"parser\.safetensors"):
        make(parser).fit(make_context(mixed_engine))


@pytest.mark.slow
def test_a_prior_is_fitted_to_train_faces_and_saved(
    parser, tmp_path, mixed_engine, make_context
):
    method = make(parser, prior={"share": 0.5, "faces": 6})
    context = context_of(method, make_context, mixed_engine)
    method.fit(context)
    record = next(context.store.records("searched-faces"))
    assert record["options"]["faces"] == 6
    faces = some_faces(3)
    expected = method.predict(faces)
    without = make(parser)
    without.fit(context)
    assert not np.array_equal(without.predict(faces).continuous, expected.continuous)
    method.save(tmp_path)
    assert F2P.load(tmp_path).predict(faces) == expected


@pytest.mark.slow
def test_an_interrupted_search_for_train_faces_ends_the_same(
    parser, mixed_engine, make_context
):
    method = make(parser, prior={"share": 0.9})
    context = context_of(method, make_context, mixed_engine)
    make(parser).fit(context)  # the imitator is cached
    for _ in range(10):
        try:
            method.fit(replace(context, progress=OneUnit()))
        except SimulatedKill:
            continue
        break
    else:
        pytest.fail("the search starts over after each interruption")
    whole = make(parser, prior={"share": 0.9})
    whole.fit(context_of(whole, make_context, mixed_engine))
    assert method.predict(some_faces(2)) == whole.predict(some_faces(2))


class OneUnit(KillAt):
    """Allows one batch of each task, then raises SimulatedKill."""

    def task(self, label, total, done=0):
        self.left = 2
        return super().task(label, total, done)
