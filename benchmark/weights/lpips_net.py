"""The LPIPS network of the `lpips` package, with its trunk read from a file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

import torch

from benchmark.system.torchvision_ops import declare_missing_operators
from benchmark.weights.convolutions import UnreadableWeights


def load_lpips(net: Literal["alex", "vgg"], file: Path) -> Any:
    """The frozen `lpips.LPIPS` module, version 0.1, in evaluation mode.

    The package contains only the linear heads and would download the trunk. Here the
    trunk is read from `file`, the convolutions cached by `avatarbench weights fetch`.
    Torch's random state is unchanged. Raises UnreadableWeights for another file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    module = _untrained(net)
    trunk = module.net
    try:
        state = load_file(file)
        # The trunk's slice2.3.weight is torchvision's features.3.weight.
        keys = {key: "features." + key.partition(".")[2] for key in trunk.state_dict()}
        trunk.load_state_dict({key: state[name] for key, name in keys.items()})
    except (SafetensorError, RuntimeError, OSError, KeyError) as error:
        raise UnreadableWeights(
            f"{file} does not hold the weights of the trunk of LPIPS-{net} "
            f"({type(error).__name__})"
        ) from error
    return module.eval().requires_grad_(False)


def _untrained(net: str) -> Any:
    declare_missing_operators()
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        # The package uses a deprecated torchvision argument for an untrained trunk.
        warnings.simplefilter("ignore")
        import lpips

        return lpips.LPIPS(net=net, version="0.1", pnet_rand=True, verbose=False)
