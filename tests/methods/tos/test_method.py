"""TOS on a tiny engine, with untrained networks for embedding and parser."""

from __future__ import annotations

import json

import pytest
import torch
from tiny_similarity import narrow_lightcnn, write_lightcnn, write_tiny_parser

from benchmark.storage.store import Store
from benchmark.weights import LIGHTCNN_V4
from benchmark.weights.folders import CARD, PARSER
from methods.base import MethodError
from methods.tos.method import TOS
from methods.tos.options import TosOptions

TINY = {
    "input_size": 64,
    "samples": 8,
    "cached_views": 20,
    "imitator": {"size": 64, "width": 0.03, "steps": 1, "batch": 2},
    "descriptor": {"parser": "tiny", "colour_weight": 1.0, "side": 2},
    "tied": {"width": 2, "steps": 1, "batch": 2},
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    with narrow_lightcnn():
        write_lightcnn(folder / "v4.pth.tar")
        write_tiny_parser(folder / "tiny")
        files = {f"tiny/{file}": folder / "tiny" / file for file in (CARD, PARSER)}
        yield {LIGHTCNN_V4: folder / "v4.pth.tar", **files}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def fitted(mixed_engine, make_context, weights, store):
    method = TOS(TosOptions(**TINY))
    method.fit(make_context(mixed_engine, store=store, weights=weights))
    return method


def test_a_saved_method_contains_its_networks_and_measures(fitted, tmp_path):
    generator = torch.Generator().manual_seed(3)
    faces = torch.rand(2, 3, 64, 64, generator=generator) * 2 - 1
    predicted = fitted.predict(faces)
    for number in range(2):  # a loaded method can be saved again
        folder = tmp_path / str(number)
        fitted.save(folder)
        names = {p.name for p in folder.rglob("*") if p.is_file()}
        expected = {"method.json", "weights.safetensors", "identity.safetensors"}
        assert names == expected | {CARD, PARSER}
        notes = json.loads((folder / "method.json").read_text())["extra"]
        assert {"error_unseen", "tie_faces"} <= set(notes["measures"])
        fitted = TOS.load(folder)
        assert fitted.predict(faces) == predicted


@pytest.mark.usefixtures("fitted")
def test_views_of_faces_and_renders_are_described_once(store):
    counts = sorted(r["options"]["count"] for r in store.records("descriptors"))
    assert counts == [8, 20]


def test_only_the_networks_with_a_weight_are_needed():
    alone = TosOptions()
    assert TOS.required_weights(alone) == (LIGHTCNN_V4,)
    parser = TosOptions(descriptor={"identity_weight": 0, "colour_weight": 1})
    files = (f"parser128/{CARD}", f"parser128/{PARSER}")
    assert TOS.required_weights(parser) == files


def test_a_missing_weight_file_is_named(mixed_engine, make_context, weights):
    some = {name: path for name, path in weights.items() if name != LIGHTCNN_V4}
    with pytest.raises(MethodError, match=f"needs the weight file {LIGHTCNN_V4}"):
        TOS(TosOptions(**TINY)).fit(make_context(mixed_engine, weights=some))
