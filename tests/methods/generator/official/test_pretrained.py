"""Folders of weights: damaged ones and wrong cards are refused."""

import json
from pathlib import Path

import pytest
import torch
from official_checkpoints import CONFIG, generator

from benchmark.weights.folders import WeightsError, find_weights
from methods.generator.pretrained import (
    WeightsCard,
    load_discriminator,
    load_generator,
    read_card,
    verify,
    write_pair,
)
from methods.networks.discriminator import SemanticDiscriminator

DISCRIMINATOR = {
    "size": CONFIG["size"],
    "seg_dim": CONFIG["seg_dim"],
    "channel_multiplier": 1,
}


def card(**changes):
    found = {"title": "tiny", "generator": CONFIG, "discriminator": DISCRIMINATOR}
    found |= {"source": "trained here", "licence": "CC0-1.0", "data": "none"}
    return WeightsCard(**(found | {"command": "none"} | changes))


@pytest.fixture
def folder(tmp_path):
    discriminator = SemanticDiscriminator(**DISCRIMINATOR)
    write_pair(tmp_path / "tiny", generator(), discriminator, card(hours=1.5, images=7))
    return tmp_path / "tiny"


def change(folder, **fields):
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_written_weights_are_read_back(folder):
    assert [p.name for p in folder.parent.iterdir()] == ["tiny"]
    found = verify(folder)
    assert (found.hours, found.images, found.title) == (1.5, 7, "tiny")
    state = load_generator(folder).state_dict()
    expected = generator().state_dict()
    assert all(torch.equal(state[key], value) for key, value in expected.items())
    assert not load_discriminator(folder).training


def test_custom_channels_are_restored(tmp_path):
    torch.manual_seed(0)
    options = CONFIG | {"channels": {16: 3, 32: 4}}
    network = type(generator())(**options)
    write_pair(tmp_path / "a", network, None, card(generator=options))
    assert load_generator(tmp_path / "a").config == network.config


def test_imported_weights_are_found_by_name(folder, monkeypatch):
    monkeypatch.setenv("AVATARBENCH_CACHE", str(folder.parent))
    monkeypatch.chdir("/")
    assert find_weights(Path("tiny")) == folder
    assert find_weights(folder) == folder
    with pytest.raises(
        WeightsError, match=r"neither a folder nor a name of weights.*tiny"
    ):
        find_weights(Path("tinier"))


def test_a_card_of_other_networks_is_not_written(tmp_path):
    other = card(generator=CONFIG | {"seg_dim": 4})
    with pytest.raises(WeightsError, match="seg_dim is 4, but the weights have 3"):
        write_pair(tmp_path / "a", generator(), None, other)
    discriminator = SemanticDiscriminator(**DISCRIMINATOR)
    with pytest.raises(WeightsError, match="no arguments of the discriminator"):
        write_pair(tmp_path / "a", generator(), discriminator, card(discriminator=None))
    assert not list(tmp_path.iterdir())


def test_a_changed_file_is_refused(folder):
    path = folder / "generator.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for use in (load_generator, verify):
        with pytest.raises(WeightsError, match="damaged or was changed"):
            use(folder)
    path.unlink()
    with pytest.raises(WeightsError, match="is missing"):
        load_generator(folder)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": 5}, "title"),
        ({"colour": "red"}, "colour"),
        ({"digests": {"../../etc/passwd": "0"}}, "digests"),
        ({"digests": {}}, "no digest of generator.safetensors"),
        ({"generator": CONFIG | {"size": 64}}, "size is 64, but the weights have 32"),
        ({"generator": CONFIG | {"n_mlp": 10**12}}, "but the weights have 2"),
        ({"generator": CONFIG | {"size": "x"}}, "does not fit its card"),
        ({"generator": CONFIG | {"sise": 32}}, "sise"),
        ({"generator": CONFIG | {"channels": {"x": 1}}}, "does not fit its card"),
    ],
)
def test_a_card_that_is_wrong_is_refused(folder, fields, expected):
    change(folder, **fields)
    with pytest.raises(WeightsError, match=expected):
        load_generator(folder)


def test_folders_without_a_card_are_refused(tmp_path):
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(
            WeightsError, match=r"not a folder of weights: it has no card"
        ):
            read_card(place)
    (tmp_path / "card.json").write_text('{"title": ')
    with pytest.raises(WeightsError, match="not a card of weights"):
        read_card(tmp_path)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("methods.generator.pretrained.file_digest", full)
    with pytest.raises(WeightsError, match="No space left on device"):
        write_pair(tmp_path / "a", generator(), None, card())
    assert not list(tmp_path.iterdir())
