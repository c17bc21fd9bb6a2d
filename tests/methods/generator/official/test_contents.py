"""Checkpoints whose contents fit no network are refused with one sentence."""

import numpy as np
import pytest
import torch
from official_checkpoints import checkpoint, generator, saved, settings

HUGE = 2_000_000_000


def doubled(times=60):
    """Nested lists whose text would have 2^60 numbers."""
    nested = [1]
    for _ in range(times):
        nested = [nested, nested]
    return nested


# Changes to a checkpoint, those to entries of g_ema under "entries"; None deletes.
CONTENTS = {
    "no-args": ({"args": None}, "lacks args"),
    "no-g_ema": ({"g_ema": None}, "lacks g_ema"),
    "args-is-a-dict": ({"args": {"size": 32}}, "'args' is a dict"),
    "no-latent": ({"args": settings(latent=None)}, "'args' lacks latent"),
    "no-two": ({"args": settings(size=None, n_mlp=None)}, "lacks size, n_mlp"),
    "size-is-text": ({"args": settings(size="32")}, "size is '32'"),
    "size-is-long-text": ({"args": settings(size="3" * 999)}, "size is '333"),
    "size-is-nested": ({"args": settings(size=doubled())}, "size is [["),
    "dims-are-nested": ({"args": settings(transparent_dims=doubled())}, "is [["),
    "size-is-a-number": ({"args": settings(size=32.0)}, "size is 32.0"),
    "layers-are-true": ({"args": settings(n_mlp=True)}, "n_mlp is True"),
    "refine-is-one": ({"args": settings(residual_refine=1)}, "residual_refine is 1"),
    "dims-are-one": ({"args": settings(transparent_dims=1)}, "transparent_dims is 1"),
    "size-absurd": ({"args": settings(size=10**9)}, "size"),
    "size-giant": ({"args": settings(size=1 << 80)}, "size"),
    "size-other": ({"args": settings(size=64)}, "size is 64, but the weights have 32"),
    "size-negative": ({"args": settings(size=-32)}, "size is -32"),
    "latent-absurd": ({"args": settings(latent=10**9)}, "style_dim is 1000000000, but"),
    "n_mlp-absurd": ({"args": settings(n_mlp=10**12)}, "but the weights have 2"),
    "parts-absurd": ({"args": settings(seg_dim=10**9)}, "but the weights have 3"),
    "layers-absurd": ({"args": settings(local_layers=10**9)}, "the weights have 4"),
    "channels-absurd": ({"args": settings(coarse_channel=10**9)}, "weights have 7"),
    "base-absurd": ({"args": settings(base_layers=10**9)}, "above local_layers"),
    "multiplier-absurd": ({"args": settings(channel_multiplier=10**9)}, "equal to 64"),
    "coarse-other": ({"args": settings(coarse_size=8)}, "coarse_size"),
    "dims-beyond": ({"args": settings(transparent_dims=[7])}, "must name parts 0 to 2"),
    "g_ema-is-a-list": ({"g_ema": [1, 2]}, "'g_ema' is not a state dict"),
    "g_ema-is-empty": ({"g_ema": {}}, "but the weights have 0"),
    "number-keys": ({"g_ema": {1: torch.ones(1)}}, "'g_ema' is not a state dict"),
    "missing-key": (
        {"entries": {"style.1.bias": None, "style.2.bias": None}},
        "missing style.1.bias, style.2.bias",
    ),
    "extra-keys": (
        {"entries": {f"extra.{i}": torch.ones(1) for i in range(9)}},
        "not expected extra.0, extra.1, extra.2 and 6 more",
    ),
    "terminal-codes": ({"entries": {"\x1b[2J\n": torch.ones(1)}}, r"\x1b[2J\n"),
    "shape": (
        {"entries": {"style.1.bias": torch.ones(7)}},
        "style.1.bias is (7,) instead of (6,)",
    ),
    "scalar": ({"entries": {"style.1.weight": torch.tensor(1.0)}}, "is () "),
    "not-a-tensor": ({"entries": {"style.1.bias": 5}}, "but style.1.bias is"),
    "doubles": (
        {"entries": {"style.1.bias": torch.ones(6, dtype=torch.float64)}},
        "float32 tensors, but style.1.bias is",
    ),
    "sparse": (
        {"entries": {"style.1.bias": torch.ones(6).to_sparse()}},
        "does not need",
    ),
    "nan": (
        {"entries": {"style.1.bias": torch.full((6,), torch.nan)}},
        "(NaN) weights in style.1.bias",
    ),
    "infinite": (
        {"entries": {"style.1.bias": torch.full((6,), torch.inf)}},
        "infinite",
    ),
    "huge": (
        {"entries": {"style.1.weight": torch.zeros(1).expand(HUGE, HUGE)}},
        "more than the whole file",
    ),
    "other-kernel": (
        {"entries": {"render_net.convs.0.blur.kernel": torch.ones(4, 4)}},
        "other kernels than StyleGAN2's [1, 3, 3, 1] in render_net.convs.0.blur.kernel",
    ),
    "d-is-text": ({"d": "x"}, "'d' is not a state dict"),
    "numpy-in-args": ({"args": settings(seed=np.int64(3))}, "does not need"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_contents_that_fit_no_network_are_refused(name, tmp_path, refused):
    changes, expected = CONTENTS[name]
    content = checkpoint(**{k: v for k, v in changes.items() if k != "entries"})
    if "entries" in changes:
        entries = content["g_ema"] | changes["entries"]
        content["g_ema"] = {k: v for k, v in entries.items() if v is not None}
    path = saved(tmp_path / "one.pt", content)
    assert expected in refused(path)


def test_a_discriminator_that_fits_no_network_is_refused(tmp_path, refused):
    content = checkpoint(d=generator(0).state_dict())
    assert "'d' does not fit" in refused(saved(tmp_path / "one.pt", content))


def test_a_bare_state_dict_is_refused(tmp_path, refused):
    path = saved(tmp_path / "one.pt", generator().state_dict())
    assert "bare state dict" in refused(path)


@pytest.mark.parametrize("content", [[1, 2], "text", torch.ones(3), {}, {"a": 1}])
def test_other_contents_of_torch_save_are_refused(content, tmp_path, refused):
    refused(saved(tmp_path / "one.pt", content))
