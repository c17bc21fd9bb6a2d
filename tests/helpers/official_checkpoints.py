"""Small checkpoints in the format of the official train.py."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from functools import cache

import pytest
import torch

from methods.networks import generator_config
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator

CONFIG = {
    "size": 32,
    "style_dim": 6,
    "n_mlp": 2,
    "channel_multiplier": 1,
    "seg_dim": 3,
    "local_layers": 4,
    "local_channel": 5,
    "base_layers": 2,
    "depth_layers": 3,
    "coarse_size": 16,
    "coarse_channel": 7,
    "min_feat_size": 8,
    "residual_refine": True,
    "detach_texture": False,
    "transparent_dims": (1,),
}


@contextmanager
def narrow():
    """Limit networks to 6 channels where the official ones have 512."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generator_config, "WIDEST", 6)
        yield


def settings(**changes):
    """'args' as train.py saves it, with unused settings; None deletes a key."""
    found = {k: v for k, v in CONFIG.items() if k != "style_dim"}
    found |= {"latent": CONFIG["style_dim"], "lr": 0.002, "ckpt": None, "batch": 4}
    found |= {"device": torch.device("cuda:0"), "path": "data", "mixing": 0.3}
    found |= changes
    return argparse.Namespace(**{k: v for k, v in found.items() if v is not None})


def generator(seed=0):
    """A generator whose parameters are all non-zero, noise and biases too."""
    torch.manual_seed(seed)
    network = SemanticGenerator(**CONFIG).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    return network


def checkpoint(**changes):
    """The dictionary of train.py; None deletes a key."""
    return {k: v for k, v in (_whole() | changes).items() if v is not None}


@cache
def _whole():
    trained = generator(0)
    discriminator = SemanticDiscriminator(CONFIG["size"], CONFIG["seg_dim"], 1)
    moments = {"step": torch.tensor(9.0), "exp_avg": torch.ones(6)}
    group = {"lr": 0.0016, "betas": (0.0, 0.99), "params": [0]}
    return {
        "g": trained.state_dict(),
        "d": discriminator.state_dict(),
        "g_ema": generator(1).state_dict(),
        "g_optim": {"state": {0: moments}, "param_groups": [group]},
        "d_optim": {},
        "args": settings(),
    }


def saved(path, content=None, archive=True):
    """Write a checkpoint in torch's archive format, or in the older one."""
    content = checkpoint() if content is None else content
    torch.save(content, path, _use_new_zipfile_serialization=archive)
    return path
