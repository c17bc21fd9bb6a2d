"""`avatarbench train estimator`: a crowd of 64 px gives a model that `create` opens."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from command_line import invoke

from benchmark.creation.model import open_model
from benchmark.faces.faceset import embedded_portraits
from benchmark.faces.portraits.reduction import crowd_version
from benchmark.faces.portraits.training_set_record import (
    TrainingSetRecord,
    verify_shard,
    write_record,
)
from benchmark.faces.shards import shard_path, write_shard
from benchmark.registry import ENGINES


@pytest.fixture
def crowd(tmp_path):
    """Noise as the pictures of four people that no embedded split has."""
    folder = tmp_path / "crowd64"
    folder.mkdir()
    pictures = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    write_shard(shard_path(folder, 0), pictures, np.ones((4, 64, 64), np.uint8))
    record = TrainingSetRecord(version=crowd_version(64), size=64, seed=2, shard=4)
    _, digest = verify_shard(folder, record, 0)
    change = {"count": 4, "shards": (digest,)}
    write_record(folder, record.model_copy(update=change))
    return folder


@pytest.mark.slow
def test_a_crowd_of_64_px_gives_a_model_for_photographs(crowd, tmp_path, monkeypatch):
    encoder = tmp_path / "encoder.pth"
    encoder.write_bytes(b"")
    monkeypatch.setattr("benchmark.weights.find", lambda *given: encoder)
    monkeypatch.setattr("methods.product.network.load_imagenet", lambda *given: None)
    faces = embedded_portraits()
    few = SimpleNamespace(
        split=lambda name: faces.split(name).subset(4), truth=faces.truth
    )
    monkeypatch.setattr(
        "benchmark.commands.train_estimator.embedded_portraits", lambda: few
    )
    weights, more = tmp_path / "mine", tmp_path / "more"
    command = ["train", "estimator", str(crowd), "--steps", "1", "--batch", "2"]
    command += ["--network-size", "96", "--out", str(tmp_path / "runs"), "--quiet"]
    result = invoke(*command, "--export", str(weights))
    assert result.exit_code == 0, result.output
    engine = ENGINES.create("avataaars")
    model = open_model(engine, str(weights))
    assert model.size == 64
    assert len(model.predict(np.zeros((2, 512, 512, 3), np.uint8))) == 2

    # Another training starts there, without the weights of ImageNet.
    monkeypatch.setattr("benchmark.weights.find", lambda *given: None)
    onward = [*command, "--from", str(weights), "--export", str(more)]
    result = invoke(*onward)
    assert result.exit_code == 0, result.output
    first, card = (json.loads((f / "card.json").read_text()) for f in (weights, more))
    digest = first["digests"]["estimator.safetensors"]
    assert card["notes"].startswith("started from mine (2 pictures, ")
    assert f"estimator {digest[:8]}); on " in card["notes"]
    assert "integers" in first["weights"]
    assert card["encoder"] == first["encoder"]
    assert card["digests"] != first["digests"]


def test_only_weights_of_an_estimator_are_a_start(crowd, tmp_path):
    command = ["train", "estimator", str(crowd), "--out", str(tmp_path / "runs")]
    for start, expected in (
        ("nothing", "nothing is neither a folder nor a name of weights"),
        ("parser128", "parser128/card.json is not the card of an estimator"),
    ):
        result = invoke(*command, "--from", start)
        assert result.exit_code != 0
        assert expected in str(result.exception)
    assert not (tmp_path / "runs").exists()


def test_a_bad_network_size_is_a_sentence(crowd):
    result = invoke("train", "estimator", str(crowd), "--network-size=9")
    assert result.exit_code == 2
    assert "--network-size" in result.output
