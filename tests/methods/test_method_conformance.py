"""Requirements on every registered method."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_pair
import tiny_similarity
import torch
from tiny_easycraft import HEAD, PRETRAINING

from benchmark import weights
from benchmark.avatars import AvatarSpec
from benchmark.engines.protocol.errors import EngineUnavailable
from benchmark.registry import ENGINES, METHODS
from benchmark.system.progress import Silent
from benchmark.weights.resolver import WeightResolver
from methods.base import EngineUser, Method, MethodError, with_engine

TINY = {
    "input_size": 64,
    "backbone": "efficientnet_lite0",
    "pretrained": False,
    "backbone_stages": 2,
    "head_width": 8,
    "steps": 3,
    "batch_size": 4,
    "samples": 8,
    "checkpoint_steps": 1,
    "adaptation": {"steps": 1, "batch": 4},  # checkpoints depend on time
    "mean": {"samples": 20, "glasses": False},
    "inversion": {"steps": 2, "batch": 4, "perceptual_weight": 0},
    "semantic": {"copies": 2},
    "imitator": {
        "size": 64,
        "width": 0.02,
        "steps": 3,
        "batch": 4,
        "checkpoint_steps": 1,
    },
    "search": {"steps": 3, "batch": 2},
    "translator": {"width": 16, "steps": 2, "batch": 2, "checkpoint_steps": 1},
    "stylisation": {
        "samples": 6,
        "width": 4,
        "steps": 2,
        "batch": 2,
        "checkpoint_steps": 1,
    },
    "likeness": {"perceptual_weight": 0},
    "mapper": {"width": 2, "steps": 3, "batch": 2, "checkpoint_steps": 1},
    "comparison": {"refinement": 1, "sweeps": 1, "scalar_steps": 1},
    "tied": {"width": 2, "steps": 3, "batch": 2, "checkpoint_steps": 1},
    "pretraining": PRETRAINING,
    "head": HEAD,
}
"""Values of options by name, for methods that have them."""

STAND_INS: dict[str, Path] = {}
"""Untrained weights that replace published ones of networks with a fixed size."""

RENDERING = [n for n in METHODS.names() if issubclass(METHODS.load(n), EngineUser)]
"""Methods that render while they predict."""


class Killed(BaseException):
    """Simulates a signal that ends the process."""


class KillingProgress(Silent):
    """Raises after two units of any progress bar."""

    def task(self, label, total, done=0):
        return _Fuse()


class _Fuse:
    def __enter__(self):
        self.left = 2
        return self

    def __exit__(self, *_):
        return None

    def advance(self, count=1):
        self.left -= 1
        if not self.left:
            raise Killed


@pytest.fixture(scope="module", params=METHODS.names())
def method(request):
    return METHODS.load(request.param)


@pytest.fixture(scope="module", autouse=True)
def pretrained(tmp_path_factory):
    """Tiny weights for methods that start from pretrained networks."""
    with tiny_similarity.narrow_lightcnn():
        write_tiny_weights(tmp_path_factory)
        yield


def write_tiny_weights(tmp_path_factory):
    root = tmp_path_factory.mktemp("weights")
    tiny_pair.write(root / "pair")
    TINY["generator"] = str(root / "pair")
    tiny_similarity.write_tiny_parser(root / "parser")
    STAND_INS[weights.LIGHTCNN_V4] = root / "lightcnn.pth.tar"
    tiny_similarity.write_lightcnn(STAND_INS[weights.LIGHTCNN_V4])
    # Features of an untrained parser hardly differ.
    TINY["similarity"] = {
        "identity_weight": 0,
        "content_weight": 1e5,
        "parser": str(root / "parser"),
    }
    TINY["descriptor"] = {
        "identity_weight": 0,
        "content_weight": 1e5,
        "colour_weight": 1,
        "parser": str(root / "parser"),
    }


def tiny(method):
    fields = method.Options.model_fields
    return method(method.Options(**{k: v for k, v in TINY.items() if k in fields}))


@pytest.fixture(scope="module")
def context_for(make_context):
    """Contexts for a method, with the weight files that it needs."""

    def make(method, engine, **changes):
        names = method.required_weights(tiny(method).options)
        files, _ = WeightResolver(STAND_INS).take(names)
        given = {"labelled": is_oracle(method), "weights": files, **changes}
        return make_context(engine, **given)

    return make


def is_oracle(method):
    return method.meta.role == "oracle"


@pytest.fixture(scope="module")
def fit_once(context_for):
    """fit_once(method, engine): a fitted instance, and the context of its only fit."""
    done = {}

    def fit(method, engine):
        key = method, engine.spec
        if key not in done:
            instance, context = tiny(method), context_for(method, engine)
            instance.fit(context)
            done[key] = instance, context
        return done[key]

    return fit


@pytest.fixture(scope="module")
def fitted(method, engine, fit_once):
    return fit_once(method, engine)[0]


def some_faces(count, seed=3):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, 64, 64, generator=generator) * 2 - 1


def test_declares_itself(method):
    meta = method.meta
    assert meta.name in METHODS.names()
    assert METHODS.load(meta.name) is method
    assert all((meta.title, meta.version, meta.revision, meta.licence))
    assert meta.paper or meta.role != "method"
    assert meta.role in {"method", "control", "oracle"}
    assert isinstance(tiny(method), Method)


def test_names_its_weight_files(method):
    default = method.required_weights(method.Options())
    published = set(weights.names())
    assert set(method.meta.needs) <= published
    assert set(default) & published <= set(method.meta.needs)
    for name in set(default) - published:  # of the pretrained generator
        assert weights.find(name) is not None
    wanted = method.required_weights(tiny(method).options)
    assert not set(wanted) & published - set(STAND_INS)


class RenderOnly:
    """An engine with only the required interface.

    The tiny generator draws 16 px; engines draw 64 px or more; it gets every
    fourth pixel.
    """

    def __init__(self, engine):
        self.spec, self.meta, self._engine = engine.spec, engine.meta, engine

    def render(self, vectors, size):
        times = -(-64 // size)
        return self._engine.render(vectors, size * times)[:, ::times, ::times]


@pytest.mark.parametrize("name", ENGINES.names())
def test_fits_and_predicts_on_every_engine(method, name, context_for):
    try:
        engine = RenderOnly(ENGINES.load(name)())
    except EngineUnavailable as reason:
        pytest.skip(f"{name}: {reason}")
    instance = tiny(method)
    instance.fit(context_for(method, engine))
    vectors = instance.predict(some_faces(2))
    assert vectors.spec == engine.spec
    assert len(vectors) == 2


@pytest.mark.parametrize("count", [0, 1, 5])
def test_predicts_any_number_of_faces(fitted, engine, count):
    vectors = fitted.predict(some_faces(count))
    assert vectors.spec == engine.spec
    assert len(vectors) == count


def test_a_batch_equals_one_by_one(fitted):
    faces = some_faces(5)
    together = fitted.predict(faces)
    for row in range(5):
        alone = fitted.predict(faces[row : row + 1])
        np.testing.assert_array_equal(together.discrete[row], alone.discrete[0])
        np.testing.assert_allclose(
            together.continuous[row], alone.continuous[0], atol=1e-5
        )


@pytest.mark.parametrize(
    ("faces", "complaint"),
    [
        (torch.zeros(2, 3, 32, 32), "64"),
        (torch.zeros(2, 64, 64, 3), "64"),
        (torch.zeros(3, 64, 64), "64"),
        (torch.full((1, 3, 64, 64), 255.0), r"\[-1, 1\]"),
        (torch.full((1, 3, 64, 64), float("nan")), "finite"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.float64), "float32"),
    ],
    ids=["size", "channels last", "no batch", "range", "nan", "type"],
)
def test_refuses_other_pictures(fitted, faces, complaint):
    with pytest.raises(ValueError, match=complaint):
        fitted.predict(faces)


def test_survives_saving(fitted, engine, tmp_path):
    faces = some_faces(4)
    fitted.save(tmp_path / "saved")
    rendered = []

    def render(vectors, size):
        rendered.append(len(vectors))
        return engine.render(vectors, size)

    counted = SimpleNamespace(meta=engine.meta, spec=engine.spec, render=render)
    loaded = with_engine(type(fitted).load(tmp_path / "saved"), lambda: counted)
    assert loaded.predict(faces) == fitted.predict(faces)
    assert loaded.options == fitted.options
    # What it renders are options of discrete parameters.
    assert bool(rendered) == (
        isinstance(loaded, EngineUser) and bool(engine.spec.discrete)
    )


@pytest.mark.parametrize("method", RENDERING, indirect=True, scope="module")
def test_a_loaded_method_refuses_another_engine(fitted, engine, tmp_path):
    fitted.save(tmp_path / "saved")
    loaded = type(fitted).load(tmp_path / "saved")
    with pytest.raises(MethodError, match="use_engine"):
        loaded.predict(some_faces(1))
    other = AvatarSpec("other", engine.spec.parameters)
    stranger = SimpleNamespace(meta=engine.meta, spec=other, render=engine.render)
    with pytest.raises(MethodError, match="cannot be drawn"):
        with_engine(loaded, lambda: stranger)


def test_saves_to_and_loads_from_a_text_path(fitted, tmp_path):
    place = str(tmp_path / "saved")
    fitted.save(place)
    assert type(fitted).load(place).options == fitted.options


def test_saves_json_and_safetensors_alone(fitted, tmp_path):
    fitted.save(tmp_path / "saved")
    files = [p for p in (tmp_path / "saved").rglob("*") if p.is_file()]
    assert {p.suffix for p in files} <= {".json", ".safetensors"}
    assert json.loads((tmp_path / "saved" / "method.json").read_text())["spec"]


def test_is_deterministic(method, mixed_engine, context_for, fit_once):
    faces = some_faces(4)
    first, _ = fit_once(method, mixed_engine)
    second = tiny(method)
    second.fit(context_for(method, mixed_engine))
    assert second.predict(faces) == first.predict(faces)


def test_an_interrupted_fit_ends_the_same(method, mixed_engine, context_for, fit_once):
    faces = some_faces(4)
    whole, _ = fit_once(method, mixed_engine)
    context = context_for(method, mixed_engine, progress=KillingProgress())
    for _ in range(50):
        pieces = tiny(method)
        try:
            pieces.fit(context)
        except Killed:
            continue
        break
    else:
        pytest.fail("the fit starts over after each interruption")
    assert pieces.predict(faces) == whole.predict(faces)


def test_a_second_fit_reuses_all_stages(method, mixed_engine, fit_once):
    _, context = fit_once(method, mixed_engine)
    tiny(method).fit(replace(context, progress=KillingProgress()))


def test_only_oracles_need_ground_truth(method, mixed_engine, context_for, fit_once):
    if is_oracle(method):
        context = context_for(method, mixed_engine, labelled=False)
        with pytest.raises(MethodError, match="labelled"):
            tiny(method).fit(context)
    else:
        _, context = fit_once(method, mixed_engine)
        assert context.labelled is None


def test_says_that_it_is_not_fitted(method):
    with pytest.raises(MethodError, match=f"{method.meta.name} is not fitted"):
        tiny(method).predict(some_faces(1))


def test_does_not_load_another_methods_folder(method, fitted, tmp_path):
    fitted.save(tmp_path)
    note = tmp_path / "method.json"
    data = json.loads(note.read_text())
    note.write_text(json.dumps({**data, "revision": "0"}))
    with pytest.raises(MethodError, match="fit it again"):
        method.load(tmp_path)
    with pytest.raises(MethodError, match="holds no saved method"):
        method.load(tmp_path / "nowhere")


def test_refuses_unknown_options(method):
    with pytest.raises(ValueError, match="colour_of_money"):
        method.Options(colour_of_money=1)
