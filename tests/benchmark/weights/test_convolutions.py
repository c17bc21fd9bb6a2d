"""Convolutions are read from every published format, and from nothing else."""

import pickle

import numpy as np
import pytest
from published_weights import as_flax, as_old_torchvision, as_torchvision, layers
from safetensors.numpy import load, save

from benchmark.weights.convolutions import LAYERS, UnreadableWeights, convolutions


@pytest.mark.parametrize("network", LAYERS)
def test_every_published_format_gives_the_same_bytes(network):
    found = layers(network)
    kept = convolutions(as_torchvision(found), network)
    assert convolutions(as_old_torchvision(found), network) == kept
    assert convolutions(as_flax(found, network), network) == kept
    assert convolutions(kept, network) == kept
    read = load(kept)
    assert read.keys() == found.keys()
    assert all(np.array_equal(read[name], found[name]) for name in found)


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    data = pickle.dumps({"AlexNet_0": Harmful(str(tmp_path / "harm"))})
    with pytest.raises(UnreadableWeights, match=r"refers to (_?io)\.open"):
        convolutions(data, "alexnet")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"half of it",
        pickle.dumps(3),
        pickle.dumps({"AlexNet_0": {"Conv_0": 3}}),
        pickle.dumps({"AlexNet_0": {"Conv_0": {"kernel": 3, "bias": 3}}}),
        pickle.dumps({"AlexNet_0": np.zeros(3, np.float32)}),
        pickle.dumps({"AlexNet_0": np.array([{}, []], object)}),
        pickle.dumps({"AlexNet_0": np.zeros(3, [("Conv_0", "f4")])}),
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n"
        b"(cnumpy\nndarray\n(L1000000000000000L\ntU\x01dtR.",
        b"\x64" + bytes(7) + b"{a damaged header",
        save({"features.0.weight": np.zeros(3, np.float32)}),
        as_torchvision({}),
        as_torchvision(layers("alexnet"))[:2000],
        as_flax(layers("alexnet"), "alexnet")[:500],
    ],
)
def test_files_without_the_convolutions_are_refused(data):
    with pytest.raises(UnreadableWeights):
        convolutions(data, "alexnet")
