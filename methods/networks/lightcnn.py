"""LightCNN, a face-recognition network: an aligned face to 256 numbers of its person.

Wu, He, Sun and Tan, "A Light CNN for Deep Face Representation with Noisy Labels" (IEEE
TIFS 2018). Two of its published forms: V4, which sees colours, and 29 layers v2, which
sees grey. Both embed faces of one person near each other by cosine.
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
"""Pixels of the square faces that both want."""
EYES_ROW = 40.0
"""Row (pixels from the top) of the point between the eyes."""
EYES_TO_MOUTH = 48.0
"""Pixels from that point down to the middle of the mouth."""
EMBEDDING = 256
"""Numbers of an embedding."""

_FC_INPUTS = 128 * 8 * 8
# Luma of ITU-R BT.601, which OpenCV and Pillow make grey pictures with.
_LUMA = (0.299, 0.587, 0.114)


class MaxFeatureMap(nn.Module):
    """A convolution to twice the channels, then the larger of each two of them."""

    def __init__(self, width_in: int, width_out: int, kernel: int) -> None:
        super().__init__()
        self.filter = nn.Conv2d(width_in, 2 * width_out, kernel, padding=kernel // 2)

    def forward(self, features: Tensor) -> Tensor:
        """(n, width_out, H, W) features."""
        first, second = self.filter(features).chunk(2, dim=1)
        return torch.maximum(first, second)


class Residual(nn.Module):
    """Two maps of 3 x 3 around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = MaxFeatureMap(width, width, 3)
        self.conv2 = MaxFeatureMap(width, width, 3)

    def forward(self, features: Tensor) -> Tensor:
        """Features of the same shape."""
        return self.conv2(self.conv1(features)) + features


class Group(nn.Module):
    """A map of 1 x 1, then one of 3 x 3 to another width."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.conv_a = MaxFeatureMap(width_in, width_in, 1)
        self.conv = MaxFeatureMap(width_in, width_out, 3)

    def forward(self, features: Tensor) -> Tensor:
        """(n, width_out, H, W) features."""
        return self.conv(self.conv_a(features))


class LightCNN(nn.Module):
    """What both forms share: faces in, embeddings out.

    The names of the layers are those of the authors' checkpoints.
    """

    name: ClassVar[LightCNNName]
    fc: nn.Linear

    def prepare(self, faces: Tensor) -> Tensor:
        """(n, 3, 128, 128) RGB faces in [-1, 1] as the weights were learnt on."""
        raise NotImplementedError

    def features(self, prepared: Tensor) -> Tensor:
        """(n, 128, 8, 8) of prepared faces."""
        raise NotImplementedError

    def forward(self, faces: Tensor) -> Tensor:
        """(n, 256) embeddings of (n, 3, 128, 128) RGB faces in [-1, 1].

        They are not of unit length. Raises ValueError for faces of another size.
        """
        if faces.ndim != 4 or tuple(faces.shape[1:]) != (3, SIDE, SIDE):
            raise ValueError(
                f"LightCNN wants faces of (n, 3, {SIDE}, {SIDE}), got "
                f"{tuple(faces.shape)}: align them first"
            )
        return self.fc(self.features(self.prepare(faces)).flatten(1))


class LightCNNV4(LightCNN):
    """V4: ten blocks between five plain maps; blue, green, red in [0, 1]."""

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
        """Blue, green, red in [0, 1]."""
        return (faces.flip(1) + 1) / 2

    def features(self, prepared: Tensor) -> Tensor:
        """(n, 128, 8, 8) of (n, 3, 128, 128)."""
        found = _pool(self.conv1(prepared))
        found = _pool(self.conv2(self.block1(found)))
        found = _pool(self.conv3(self.block2(found)))
        found = self.conv4(self.block3(found))
        return _pool(self.conv5(self.block4(found)))


class LightCNN29(LightCNN):
    """29 layers, version 2: groups between the blocks; grey in [0, 1].

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
        """Grey in [0, 1]."""
        luma = faces.new_tensor(_LUMA).view(1, 3, 1, 1)
        return ((faces + 1) / 2 * luma).sum(dim=1, keepdim=True)

    def features(self, prepared: Tensor) -> Tensor:
        """(n, 128, 8, 8) of (n, 1, 128, 128)."""
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
    """The frozen network of that name with the weights of its authors' checkpoint.

    A file `*.safetensors` holds the network's own state dict instead, as a method that
    took it along saved it. Nothing in a file is run. Raises WeightsError, in one
    sentence, for a file that holds no such weights.
    """
    kept = file.suffix == ".safetensors"
    state = _kept_state(file) if kept else _state(name, file, read_torch_file(file))
    # Weights that are replaced at once need no random numbers.
    with torch.device("meta"):
        network = _FORMS[name]()
    _check(name, file, state, network.state_dict())
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False).to(device)


def _blocks(count: int, width: int) -> nn.Sequential:
    return nn.Sequential(*(Residual(width) for _ in range(count)))


def _pool(features: Tensor) -> Tensor:
    """Half the side: the largest of each four places plus their mean."""
    return functional.max_pool2d(features, 2) + functional.avg_pool2d(features, 2)


def _state(name: LightCNNName, file: Path, content: Any) -> dict[str, Tensor]:
    """The weights in a checkpoint, without the classifier and DataParallel's prefix."""
    found = content.get("state_dict") if isinstance(content, Mapping) else None
    if not isinstance(found, Mapping):
        raise WeightsError(
            f"{file} is no checkpoint of {name}: it should be a dictionary with "
            "'state_dict'; give the file that its authors released"
        )
    names = {str(key).removeprefix("module."): value for key, value in found.items()}
    return {k: v for k, v in names.items() if not k.startswith("fc2.")}


def _kept_state(file: Path) -> dict[str, Tensor]:
    """The weights that a method took along."""
    try:
        # Tensors lie anywhere in a mapped file, and sums over memory that starts at
        # another place round otherwise: copies make a saved method predict the same.
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
    """Raise WeightsError where the weights are not finite ones of this network."""
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
            f"missing, foreign or of another shape, {odd[0]} first; give the file "
            "that its authors released"
        )
