"""Import of official SemanticStyleGAN checkpoints (Shi et al., CVPR 2022).

A checkpoint of train.py is a dictionary: 'g', 'd' and 'g_ema' (state dicts), 'g_optim',
'd_optim', and 'args', the settings as an argparse.Namespace. Files of inversion with
fine-tuning have only 'g_ema' and 'args'.
"""

from __future__ import annotations

import argparse
import reprlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, Field, StrictBool, StrictInt, ValidationError
from torch import Tensor, nn

from benchmark.storage.digests import file_digest
from benchmark.weights import WeightsError
from benchmark.weights.folders import require_free
from benchmark.weights.torch_file import AGAIN, read_torch_file
from methods.generator.pretrained import WeightsCard, write_pair
from methods.generator.state_dicts import (
    discriminator_misfit,
    generator_misfit,
    name_few,
)
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.generator_config import GeneratorConfig
from methods.networks.semantic_stylegan import SemanticGenerator

WRAPPERS = ("module.", "_orig_mod.")
"""Prefixes of DataParallel, DistributedDataParallel and torch.compile."""
LICENCE = "CC BY-NC-SA 4.0 (non-commercial)"
"""The licence of the released weights."""

RELEASED = {
    "CelebAMask-HQ-512x512": "CelebAMask-HQ",
    "BitMoji-512x512": "BitMoji, adapted from CelebAMask-HQ",
    "MetFaces-512x512": "MetFaces, adapted from CelebAMask-HQ",
    "Toonify-512x512": "Toonify, adapted from CelebAMask-HQ",
}
"""Training data of the released checkpoints, by file name without `.pt`."""

LR_MLP = 0.01
"""Learning-rate factor of the mapping network; a constant in train.py, not in args."""

Count = Annotated[StrictInt, Field(ge=1)]


class OfficialArgs(BaseModel):
    """The settings in 'args' that define the networks; others are ignored."""

    size: Count
    latent: Count
    n_mlp: Count
    channel_multiplier: Annotated[Count, Field(le=64)]
    seg_dim: Count
    local_layers: Count
    local_channel: Count
    base_layers: Annotated[StrictInt, Field(ge=0)]
    depth_layers: Count
    coarse_size: Count
    coarse_channel: Count
    min_feat_size: Count
    residual_refine: StrictBool
    detach_texture: StrictBool
    transparent_dims: tuple[StrictInt, ...]

    def config(self) -> GeneratorConfig:
        """The same as GeneratorConfig; ValueError where settings contradict."""
        values = self.model_dump()
        if self.base_layers > self.local_layers:
            raise ValueError(
                f"base_layers {self.base_layers} is above local_layers "
                f"{self.local_layers}"
            )
        style_dim = values.pop("latent")
        return GeneratorConfig(style_dim=style_dim, lr_mlp=LR_MLP, **values)


@dataclass(frozen=True)
class Checkpoint:
    """The networks of an official checkpoint.

    `discriminator_options` are the discriminator's keyword arguments; None without one.
    """

    generator: SemanticGenerator
    discriminator: SemanticDiscriminator | None
    discriminator_options: Mapping[str, int] | None


def import_official(
    path: Path, folder: Path, title: str, licence: str = LICENCE
) -> WeightsCard:
    """Convert an official checkpoint into a new weights folder; returns its card.

    Raises WeightsError where the file is not a complete checkpoint or the folder cannot
    be written. A failed import leaves no files behind.
    """
    require_free(folder)
    checkpoint = read_checkpoint(path)
    options = checkpoint.discriminator_options
    card = WeightsCard(
        title=title,
        generator=vars(checkpoint.generator.config),
        discriminator=None if options is None else dict(options),
        source=path.name,
        sha256=file_digest(path),
        bytes=path.stat().st_size,
        licence=licence,
        data=RELEASED.get(path.stem, "not recorded in the file"),
        command=f"avatarbench weights import {shlex.quote(path.name)}",
        made_with=f"avatarbench {version('avatarbench')}",
        notes="The generator is the averaged one (g_ema) of an official checkpoint.",
    )
    return write_pair(folder, checkpoint.generator, checkpoint.discriminator, card)


def read_checkpoint(path: Path) -> Checkpoint:
    """The networks of an official checkpoint; no code in the file is executed.

    Raises WeightsError where the file is damaged or not a checkpoint, or its weights do
    not fit its settings. Both are compared before a network is built.
    """
    content = read_torch_file(path)
    _check_content(path, content)
    config = _config(path, content["args"])
    state = _state(path, "g_ema", content["g_ema"])
    misfit = generator_misfit(config, {k: tuple(v.shape) for k, v in state.items()})
    _refuse_misfit(path, "g_ema", misfit)
    generator = SemanticGenerator(**vars(config))
    _load_weights(path, "g_ema", generator, state)
    if "d" not in content:
        return Checkpoint(generator, None, None)
    options = {
        name: getattr(config, name)
        for name in ("size", "seg_dim", "channel_multiplier")
    }
    state = _state(path, "d", content["d"])
    misfit = discriminator_misfit(
        options, {k: tuple(v.shape) for k, v in state.items()}
    )
    _refuse_misfit(path, "d", misfit)
    discriminator = SemanticDiscriminator(**options)
    _load_weights(path, "d", discriminator, state)
    return Checkpoint(generator, discriminator, options)


def _check_content(path: Path, content: Any) -> None:
    """Raise WeightsError for anything but a dictionary with 'g_ema' and 'args'."""
    if not isinstance(content, Mapping):
        raise WeightsError(
            f"{path} contains a {type(content).__name__}, not the dictionary of an "
            "official checkpoint; give the file that train.py saved"
        )
    if "args" not in content and any(isinstance(v, Tensor) for v in content.values()):
        raise WeightsError(
            f"{path} is a bare state dict without the training's settings; import the "
            "full checkpoint of train.py, which has 'g_ema' and 'args'"
        )
    missing = [key for key in ("g_ema", "args") if key not in content]
    if missing:
        raise WeightsError(
            f"{path} lacks {' and '.join(missing)}; an official checkpoint has 'g_ema' "
            f"and 'args', this file has {name_few(map(repr, content)) or 'nothing'}"
        )


def _config(path: Path, args: Any) -> GeneratorConfig:
    """The generator's settings, from 'args'; WeightsError where they are wrong."""
    if not isinstance(args, argparse.Namespace):
        raise WeightsError(
            f"{path}: 'args' is a {type(args).__name__}, not the argparse.Namespace of "
            "an official checkpoint; import the file that train.py saved"
        )
    given = {k: v for k, v in vars(args).items() if k in OfficialArgs.model_fields}
    missing = [name for name in OfficialArgs.model_fields if name not in given]
    if missing:
        raise WeightsError(
            f"{path}: 'args' lacks {', '.join(missing)}; import a checkpoint of "
            "SemanticStyleGAN's train.py"
        )
    try:
        return OfficialArgs.model_validate(given).config()
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, each['loc']))} is {_short(each['input'])} "
            f"({each['msg'][:1].lower()}{each['msg'][1:]})"
            for each in error.errors()
        ]
        reason = "; ".join(wrong)
    except ValueError as error:
        reason = str(error)
    raise WeightsError(f"{path}: 'args' does not describe a generator: {reason}")


def _short(value: Any) -> str:
    # A few bytes of pickle can describe nested lists whose text exceeds any memory.
    text = reprlib.repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _state(path: Path, key: str, state: Any) -> dict[str, Tensor]:
    """A state dict of plain float32 tensors, in total no larger than the file."""
    if not isinstance(state, Mapping) or not all(isinstance(k, str) for k in state):
        raise WeightsError(f"{path}: {key!r} is not a state dict; {AGAIN}")
    odd = [name for name, value in state.items() if not _is_plain(value)]
    if odd:
        raise WeightsError(
            f"{path}: {key!r} must contain float32 tensors, but {name_few(odd)} "
            f"{'is' if len(odd) == 1 else 'are'} something else; {AGAIN}"
        )
    # A stride of 0 can present one stored number as a tensor of any size.
    claimed = sum(value.numel() * value.element_size() for value in state.values())
    if claimed > path.stat().st_size:
        raise WeightsError(
            f"{path}: {key!r} claims {claimed / 1e6:.0f} MB of weights, more than the "
            f"whole file has; {AGAIN}"
        )
    return _unwrapped(dict(state))


def _unwrapped(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names without what torch's wrappers put before each of them, once or more."""
    for prefix in WRAPPERS:
        if state and all(name.startswith(prefix) for name in state):
            return _unwrapped({k.removeprefix(prefix): v for k, v in state.items()})
    return state


def _is_plain(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.dtype == torch.float32
        and value.layout == torch.strided
        and value.device.type == "cpu"
    )


def _refuse_misfit(path: Path, key: str, misfit: str | None) -> None:
    if misfit:
        raise WeightsError(
            f"{path}: {key!r} does not fit the network that 'args' describes: {misfit}"
        )


def _load_weights(
    path: Path, key: str, network: nn.Module, state: dict[str, Tensor]
) -> None:
    """Load weights; WeightsError where one is not finite or a filter kernel differs."""
    broken = [name for name, value in state.items() if not value.isfinite().all()]
    if broken:
        raise WeightsError(
            f"{path}: {key!r} has infinite or undefined (NaN) weights in "
            f"{name_few(broken)}; the training diverged, import an earlier checkpoint"
        )
    foreign = [
        name
        for name, ours in network.named_buffers()
        if name.endswith("kernel") and not torch.allclose(ours, state[name])
    ]
    if foreign:
        raise WeightsError(
            f"{path}: {key!r} has other kernels than StyleGAN2's [1, 3, 3, 1] in "
            f"{name_few(foreign)}; only checkpoints with that filter are supported"
        )
    network.load_state_dict(state)
    network.eval()
