"""A frozen backbone with fewer operations: the same function, up to rounding."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from methods.networks.backbones import Backbone, SameConv


def fold(backbone: Backbone) -> None:
    """Fold batch normalisations and paddings into the convolutions, in place.

    Only for networks that are not trained. Pictures must have an even side at each
    stride of 2.
    """
    for module in list(backbone.stages.modules()):
        if not isinstance(module, nn.Sequential) or len(module) < 2:
            continue
        convolution, norm = module[0], module[1]
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            module[0] = _folded(convolution, norm)
            module[1] = nn.Identity()


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    fused = fuse_conv_bn_eval(convolution.eval(), norm.eval())
    assert fused.bias is not None
    kernel = fused.weight.data
    padding = convolution.padding
    if isinstance(convolution, SameConv) and convolution.stride == (2, 2):
        # SAME padding of an even side is one less at the left and top. A kernel with
        # zeros there needs no padded copy of the features.
        kernel = functional.pad(kernel, [1, 0, 1, 0])
        padding = (convolution.kernel_size[0] // 2,) * 2
    plain = nn.Conv2d(
        fused.in_channels,
        fused.out_channels,
        (kernel.shape[2], kernel.shape[3]),
        (convolution.stride[0], convolution.stride[1]),
        padding if isinstance(padding, str) else (padding[0], padding[1]),
        groups=fused.groups,
    )
    plain.weight.data = kernel.to(memory_format=torch.channels_last)
    plain.bias = nn.Parameter(fused.bias.data)
    return plain.eval().requires_grad_(False)
