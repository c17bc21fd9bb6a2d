"""Small convolutions of torchvision's networks, in each published format."""

import io
import pickle

import numpy as np
import torch

from benchmark.weights.convolutions import LAYERS


def layers(network):
    """Small convolutions by torchvision's names."""
    rng = np.random.default_rng(0)
    found = {}
    for layer in LAYERS[network]:
        shape = (4, 3, 2, 5)
        found[f"features.{layer}.weight"] = rng.random(shape, dtype=np.float32)
        found[f"features.{layer}.bias"] = rng.random(4, dtype=np.float32)
    return found


def as_torchvision(found):
    """torchvision's checkpoint: the convolutions and a classifier."""
    state = {name: torch.from_numpy(array) for name, array in found.items()}
    buffer = io.BytesIO()
    torch.save({**state, "classifier.1.weight": torch.zeros(3, 2)}, buffer)
    return buffer.getvalue()


def as_flax(found, network):
    """A pickle of arrays, kernels as (height, width, in, out)."""
    names = {"alexnet": "AlexNet_0", "vgg16": "VGG16_0"}
    convolved = {
        f"Conv_{index}": {
            "kernel": found[f"features.{layer}.weight"].transpose(2, 3, 1, 0),
            "bias": found[f"features.{layer}.bias"],
        }
        for index, layer in enumerate(LAYERS[network])
    }
    heads = {"NetLinLayer_0": {"Conv_0": {"kernel": np.zeros((1, 1, 4, 1), "<f4")}}}
    return pickle.dumps({names[network]: convolved, **heads})


def as_old_torchvision(found):
    """The format of torch before 1.6, as in torchvision's file of VGG-16."""
    state = {name: torch.from_numpy(array) for name, array in found.items()}
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()
