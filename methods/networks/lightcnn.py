"""LightCNN, a face-recognition network: an aligned face to 256 numbers.

Wu, He, Sun and Tan, "A Light CNN for Deep Face Representation with Noisy Labels" (IEEE
TIFS 2018), in two published versions: V4 for colour pictures and 29 layers v2 for grey
pictures. Embeddings of the same person have a high cosine similarity.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from benchmark.weights import LIGHTCNN_29V2, LIGHTCNN_V4, WeightsError
from benchmark.weights.torch_file import read_torch_file

LightCNNName = Literal["lightcnn-v4", "lightcnn-29-v2"]

WEIGHT_FILES: dict[LightCNNName, str] = {
    "lightcnn-v4": LIGHTCNN_V4,
    "lightcnn-29-v2": LIGHTCNN_29V2,
}
"""The weight file (benchmark.weights) of each network."""

SIDE = 128
"""Side in pixels of the input faces."""
EYES_ROW = 40.0
"""Row of the point between the eyes, in pixels from the top."""
EYES_TO_MOUTH = 48.0
"""Distance in pixels from that point down to the centre of the mouth."""
EMBEDDING = 256
"""Length of an embedding."""

_FC_INPUTS = 128 * 8 * 8
# Luma of ITU-R BT.601, as OpenCV and Pillow convert to grey.
_LUMA = (0.299, 0.587, 0.114)


class MaxFeatureMap(nn.Module):
    """A convolution to twice the channels, then the maximum of both halves."""

    def __init__(self, width_in: int, width_out: int, kernel: int) -> None:
        super().__init__()
        self.filter = nn.Conv2d(width_in, 2 * width_out, kernel, padding=kernel // 2)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, width_in, H, W) to (n, width_out, H, W)."""
        first, second = self.filter(features).chunk(2, dim=1)
        return torch.maximum(first, second)


class Residual(nn.Module):
    """Two 3 x 3 max-feature-map layers with a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = MaxFeatureMap(width, width, 3)
        self.conv2 = MaxFeatureMap(width, width, 3)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, width, H, W) to the same shape."""
        return self.conv2(self.conv1(features)) + features


class Group(nn.Module):
    """A 1 x 1 max-feature-map layer, then a 3 x 3 one to another width."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.conv_a = MaxFeatureMap(width_in, width_in, 1)
        self.conv = MaxFeatureMap(width_in, width_out, 3)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, width_in, H, W) to (n, width_out, H, W)."""
        return self.conv(self.conv_a(features))


class LightCNN(nn.Module):
    """Base class of both versions.

    Layers have the names of the authors' checkpoints.
    """

    name: ClassVar[LightCNNName]
    fc: nn.Linear

    def prepare(self, faces: Tensor) -> Tensor:
        """Convert (n, 3, 128, 128) RGB faces in [-1, 1] to the training format."""
        raise NotImplementedError

    def features(self, prepared: Tensor) -> Tensor:
        """Map prepared faces to (n, 128, 8, 8) features."""
        raise NotImplementedError

    def forward(self, faces: Tensor) -> Tensor:
        """Map (n, 3, 128, 128) RGB faces in [-1, 1] to (n, 256) embeddings.

        Embeddings do not have unit length. Raises ValueError for another size.
        """
        if faces.ndim != 4 or tuple(faces.shape[1:]) != (3, SIDE, SIDE):
            raise ValueError(
                f"LightCNN needs faces of shape (n, 3, {SIDE}, {SIDE}), got "
                f"{tuple(faces.shape)}: align them first"
            )
        return self.fc(self.features(self.prepare(faces)).flatten(1))


class LightCNNV4(LightCNN):
    """V4: ten residual blocks between five layers, for BGR input in [0, 1]."""

    name = "lightcnn-v4"

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = MaxFeatureMap(3, 48, 3)
        self.block1 = _blocks(1, 48)
        self.conv2 = MaxFeatureMap(48, 96, 3)
        self.block2 = _blocks(2, 96)
        self.conv3 = MaxFeatureMap(96, 192, 3)
        self.block3 = _blocks(3, 192)
        self.conv4 = MaxFeatureMap(192, 128, 3)
        self.block4 = _blocks(4, 128)
        self.conv5 = MaxFeatureMap(128, 128, 3)
        self.fc = nn.Linear(_FC_INPUTS, EMBEDDING)

    def prepare(self, faces: Tensor) -> Tensor:
        """Convert RGB in [-1, 1] to BGR in [0, 1]."""
        return (faces.flip(1) + 1) / 2

    def features(self, prepared: Tensor) -> Tensor:
        """Map (n, 3, 128, 128) to (n, 128, 8, 8) features."""
        found = _pool(self.conv1(prepared))
        found = _pool(self.conv2(self.block1(found)))
        found = _pool(self.conv3(self.block2(found)))
        found = self.conv4(self.block3(found))
        return _pool(self.conv5(self.block4(found)))


class LightCNN29(LightCNN):
    """29 layers, version 2: groups between residual blocks, for grey input in [0, 1].

    The checkpoint's classifier of 80,013 people is left out.
    """

    name = "lightcnn-29-v2"

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = MaxFeatureMap(1, 48, 5)
        self.block1 = _blocks(1, 48)
        self.group1 = Group(48, 96)
        self.block2 = _blocks(2, 96)
        self.group2 = Group(96, 192)
        self.block3 = _blocks(3, 192)
        self.group3 = Group(192, 128)
        self.block4 = _blocks(4, 128)
        self.group4 = Group(128, 128)
        self.fc = nn.Linear(_FC_INPUTS, EMBEDDING)

    def prepare(self, faces: Tensor) -> Tensor:
        """Convert RGB in [-1, 1] to grey in [0, 1]."""
        luma = faces.new_tensor(_LUMA).view(1, 3, 1, 1)
        return ((faces + 1) / 2 * luma).sum(dim=1, keepdim=True)

    def features(self, prepared: Tensor) -> Tensor:
        """Map (n, 1, 128, 128) to (n, 128, 8, 8) features."""
        found = _pool(self.conv1(prepared))
        found = _pool(self.group1(self.block1(found)))
        found = _pool(self.group2(self.block2(found)))
        found = self.group3(self.block3(found))
        return _pool(self.group4(self.block4(found)))


_FORMS: dict[LightCNNName, type[LightCNN]] = {
    "lightcnn-v4": LightCNNV4,
    "lightcnn-29-v2": LightCNN29,
}


def load_lightcnn(name: LightCNNName, file: Path, device: str = "cpu") -> LightCNN:
    """Load the frozen network from its authors' checkpoint.

    A `*.safetensors` file instead holds the state dict of this module, as a fitted
    method saves it. No code of the file is executed. Raises WeightsError if the file
    does not hold the weights of that network.
    """
    state = (
        _read_saved_state(file)
        if file.suffix == ".safetensors"
        else _checkpoint_state(name, file, read_torch_file(file))
    )
    # Meta tensors skip the random initialisation.
    with torch.device("meta"):
        network = _FORMS[name]()
    _check(name, file, state, network.state_dict())
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False).to(device)


def _blocks(count: int, width: int) -> nn.Sequential:
    return nn.Sequential(*(Residual(width) for _ in range(count)))


def _pool(features: Tensor) -> Tensor:
    """Halve the side: the sum of max pooling and average pooling."""
    return functional.max_pool2d(features, 2) + functional.avg_pool2d(features, 2)


def _checkpoint_state(
    name: LightCNNName, file: Path, content: Any
) -> dict[str, Tensor]:
    """The state dict of a checkpoint, without classifier and DataParallel's prefix."""
    found = content.get("state_dict") if isinstance(content, Mapping) else None
    if not isinstance(found, Mapping):
        raise WeightsError(
            f"{file} is no checkpoint of {name}: it has no 'state_dict'; give the file "
            "that its authors released"
        )
    names = {str(key).removeprefix("module."): value for key, value in found.items()}
    return {k: v for k, v in names.items() if not k.startswith("fc2.")}


def _read_saved_state(file: Path) -> dict[str, Tensor]:
    """The state dict that a fitted method saved."""
    try:
        # Memory alignment changes how sums round, so copy tensors of a mapped file: a
        # saved method then predicts the same.
        return {name: tensor.clone() for name, tensor in load_file(file).items()}
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{file} cannot be read ({error}): fit and save its method again"
        ) from error


def _check(
    name: LightCNNName,
    file: Path,
    state: Mapping[str, Any],
    wanted: Mapping[str, Tensor],
) -> None:
    """Raise WeightsError unless `state` has finite weights of this network."""
    odd = sorted(
        key
        for key in state.keys() | wanted.keys()
        if key not in state
        or key not in wanted
        or not isinstance(state[key], Tensor)
        or state[key].shape != wanted[key].shape
        or state[key].dtype != torch.float32
        or not state[key].isfinite().all()
    )
    if odd:
        raise WeightsError(
            f"{file} does not hold the weights of {name}: {len(odd)} entries are "
            f"missing, unknown or invalid, the first is {odd[0]}; give the file that "
            "its authors released"
        )
