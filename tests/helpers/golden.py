"""Golden outputs of a small generator and discriminator with seeded weights.

The values in `golden/networks.npz` come from the sequential oracle, in float64, after
it had agreed with outputs of the official code (image, seg, coarse seg, depths, mapped
and expanded codes, a composition mask, path lengths) within 1e-5. So they carry the
official behaviour to machines that have no official code. The official discriminator's
outputs were not at hand: its part holds what the published maths says.

Written anew with: python tests/methods/networks/golden.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from seeded import fill, normal

PATH = Path(__file__).parent / "golden" / "networks.npz"
CONFIG = {
    "size": 64,
    "style_dim": 16,
    "n_mlp": 3,
    "channel_multiplier": 1,
    "seg_dim": 5,
    "local_layers": 6,
    "local_channel": 8,
    "base_layers": 2,
    "depth_layers": 4,
    "coarse_size": 32,
    "coarse_channel": 12,
    "min_feat_size": 8,
    "residual_refine": True,
    "detach_texture": False,
    "transparent_dims": (3,),
    "channels": {4: 12, 8: 12, 16: 12, 32: 10, 64: 6},
}
KEPT = 300
"""Values kept of each field, evenly spread over it."""


def kept(field):
    """At most KEPT values of a tensor."""
    flat = field.detach().flatten()
    return flat[:: -(-len(flat) // KEPT)].numpy()


def path_lengths(generator, expanded):
    """(n,) lengths of the image's slope to the expanded codes."""
    expanded = expanded.detach().requires_grad_()
    image = generator([expanded], input_is_latent=True, randomize_noise=False).image
    value = (image * normal(303, *image.shape)).sum() / image.shape[-1]
    (slope,) = torch.autograd.grad(value, expanded)
    return slope.square().sum(2).mean(1).sqrt()


def generated(generator):
    """Fields of the generator by name: from z, from W+, masked, truncated."""
    found = {"style": generator.style(normal(301, 2, 16))}
    z, codes = normal(301, 2, 16), normal(302, 2, 12, 16)
    latent = {"input_is_latent": True}
    mask = {"composition_mask": torch.tensor([[1.0, 1, 0, 1, 0]] * 2).double()}
    origin = {"truncation": 0.7, "truncation_latent": normal(304, 1, 16)}
    calls = {
        "z": ([z], {}),
        "codes": ([codes], latent),
        "masked": ([codes], latent | mask),
        "truncated": ([z], origin),
    }
    for name, (styles, options) in calls.items():
        outputs = generator(styles, randomize_noise=False, **options)
        found |= {f"{name} {k}": v for k, v in outputs._asdict().items()}
    return found | {"path": path_lengths(generator, found["codes latents"])}


def judged(discriminator):
    """Logits and R1 penalties of the discriminator by name."""
    # Coarse squares: fine noise would be blurred away before it reached the logits.
    image = normal(305, 8, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    seg = normal(306, 8, 5, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    image, seg = (2 * image).requires_grad_(), (2 * seg).requires_grad_()
    both, alone = discriminator(image, seg), discriminator(image)
    slopes = [
        torch.autograd.grad(logits.sum(), about, retain_graph=True)[0]
        for logits, about in ((both, image), (both, seg), (alone, image))
    ]
    penalties = [slope.square().flatten(1).sum(1) for slope in slopes]
    names = ("r1 image", "r1 seg", "r1 image alone")
    found = {"logits": both, "logits of the image alone": alone}
    return found | dict(zip(names, penalties, strict=True))


def fields(generator, discriminator):
    """Every kept value by the name of its field, of networks with any weights."""
    found = generated(fill(generator)) | judged(fill(discriminator))
    return {name: kept(value) for name, value in found.items()}


def main():
    from sequential import SequentialGenerator
    from sequential_discriminator import SequentialDiscriminator

    judge = SequentialDiscriminator(64, 5, 1, CONFIG["channels"])
    found = fields(SequentialGenerator(**CONFIG), judge)
    PATH.parent.mkdir(exist_ok=True)
    # Single precision halves the file; the test's tolerance is wider than its digits.
    stored = {name: value.astype(np.float32) for name, value in found.items()}
    np.savez_compressed(PATH, **stored)


if __name__ == "__main__":
    main()
