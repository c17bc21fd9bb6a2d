"""Published weights of a backbone are converted when they are adopted or found."""

import hashlib
from dataclasses import replace

import pytest
from published_weights import as_flax, as_torchvision, layers

from benchmark import weights
from benchmark.weights import WeightsError
from benchmark.weights.catalogue import FILES, AtUrl
from benchmark.weights.convolutions import convolutions

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def trunk(monkeypatch):
    """The entry of AlexNet, with the digest of small convolutions."""
    found = layers("alexnet")
    kept = convolutions(as_torchvision(found), "alexnet")
    entry = replace(FILES[weights.ALEXNET], sha256=hashlib.sha256(kept).hexdigest())
    monkeypatch.setitem(FILES, weights.ALEXNET, entry)
    return found, kept


def test_adopt_accepts_every_published_format(trunk, tmp_path, cache):
    found, kept = trunk
    forms = {
        "alexnet.pth": as_torchvision(found),
        "alexnet.ckpt": as_flax(found, "alexnet"),
        "alexnet.safetensors": kept,
    }
    for name, data in forms.items():
        path = tmp_path / name
        path.write_bytes(data)
        taken = weights.adopt(weights.ALEXNET, path)
        assert taken.read_bytes() == kept
    assert taken == path
    assert weights.find(weights.ALEXNET).parent == cache


def test_adopt_refuses_other_weights(trunk, tmp_path, cache):
    other = {name: array + 1 for name, array in layers("alexnet").items()}
    for data in (as_torchvision(other), b"no weights"):
        (tmp_path / "mine.pth").write_bytes(data)
        with pytest.raises(WeightsError, match=r"mine\.pth is not AlexNet of torchvis"):
            weights.adopt(weights.ALEXNET, tmp_path / "mine.pth")
    with pytest.raises(WeightsError, match="does not exist"):
        weights.adopt(weights.ALEXNET, tmp_path / "nothing.pth")
    assert not cache.exists()


def test_torchs_own_download_of_a_trunk_is_converted(trunk, tmp_path, monkeypatch):
    found, kept = trunk
    data = as_torchvision(found)
    url = AtUrl("file:///nowhere/alexnet.pth", hashlib.sha256(data).hexdigest())
    entry = replace(FILES[weights.ALEXNET], sources=(url,))
    monkeypatch.setitem(FILES, weights.ALEXNET, entry)
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "alexnet.pth").write_bytes(data)
    assert weights.fetch(weights.ALEXNET).read_bytes() == kept
