"""Golden values of the generator and the discriminator, with seeded weights.

`golden/networks.npz` was recorded in float64 from a second, sequential implementation
(one part, layer and operator at a time, written from the papers alone). The sequential
generator agreed with outputs of the official code within 1e-5: image, seg, coarse seg,
depths, mapped and expanded latents, a composition mask and path lengths. Outputs of the
official discriminator were not available, so its values rest on the published maths.
The implementation is in the git history: commit 9789df6, tests/helpers/sequential.py.

A tensor is stored as a fingerprint: its largest magnitude and three random projections,
on which every element counts.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from seeded import normal
from tiny_networks import (
    COUNT,
    PLAIN,
    PUBLISHED,
    VARIED,
    discriminator,
    generator,
    gradients,
    latents,
    listing,
    random_configuration,
)
from torch import Tensor, nn

from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator

PATH = Path(__file__).parent / "golden" / "networks.npz"
RANDOM_CONFIGURATIONS = 30
OFFICIAL_TABLE = {"size": 128, "coarse_size": 64, "min_feat_size": 32, "channels": {}}
SINGLE_PRECISION = ("plain", "thirteen-parts", "many-stages", "official-table")
PATH_PENALTY = (
    "plain",
    "detached",
    "two-transparent",
    "depth-is-last",
    "coarse-at-the-last",
    "larger",
)

Fields = dict[str, Tensor]
Case = Callable[..., Fields]
"""Makes named tensors; `kind` is the class of the network and `dtype` its precision."""


def rendered(network: nn.Module, styles: list[Tensor], **options: Any) -> Fields:
    """The fields of the generator, from latents where nothing else is said."""
    options = {"input_is_latent": True, "randomize_noise": False} | options
    return network(styles, **options)._asdict()


def forward(options: dict[str, Any], count: int = COUNT, **network: Any) -> Fields:
    made = generator(**network, **options)
    given = latents(count=count, **options).to(next(made.parameters()))
    with torch.no_grad():
        return rendered(made, [given])


def generator_gradients(options: dict[str, Any], **network: Any) -> Fields:
    """Of a score in which every number counts, to z and to every parameter."""
    made = generator(**network, **options)
    z = normal(3, COUNT, options.get("style_dim", PLAIN["style_dim"])).requires_grad_()
    fields = rendered(made, [z], input_is_latent=False)
    names = ("image", "seg", "seg_coarse", "depths")
    score = sum(
        (fields[name] * normal(5 + index, *fields[name].shape)).sum()
        for index, name in enumerate(names)
    )
    return gradients(score, made, z)


def path_penalty(options: dict[str, Any], **network: Any) -> Fields:
    """Path lengths, and the gradients of their penalty."""
    made = generator(**network, **options)
    with torch.no_grad():
        expanded = rendered(made, [latents(**options)])["latents"]
    expanded = expanded.detach().requires_grad_()
    image = rendered(made, [expanded])["image"]
    noise = normal(7, *image.shape) / image.shape[-1]
    (slope,) = torch.autograd.grad((image * noise).sum(), expanded, create_graph=True)
    lengths = slope.square().sum(2).mean(1).sqrt()
    found = gradients((lengths - 0.1).square().mean(), made, expanded)
    return {"lengths": lengths} | found


def moved(part: int, by: float) -> list[Tensor]:
    """One grid a part of the plain generator; that of `part` is shifted along x."""
    line = torch.linspace(-1, 1, PLAIN["coarse_size"]).double()
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"))[None]
    shift = torch.tensor([by, 0.0]).double()[None, :, None, None]
    return [grid + shift * (index == part) for index in range(PLAIN["seg_dim"])]


def calls() -> dict[str, tuple[list[Tensor], dict[str, Any]]]:
    """Arguments of the plain generator's `forward` by name."""
    parts, width = PLAIN["seg_dim"], PLAIN["style_dim"]
    rows = PLAIN["base_layers"] + 2 * parts
    w_plus, z = latents(), normal(3, COUNT, width)
    truncated = {"truncation": 0.7, "truncation_latent": normal(9, 1, width)}
    uneven = moved(1, 0.2)
    uneven[0] = uneven[0].expand(COUNT, -1, -1, -1) * normal(6, COUNT, 1, 1, 1)
    found: dict[str, tuple[list[Tensor], dict[str, Any]]] = {
        "rows": (list(normal(2, rows, COUNT, width)), {}),
        "rows of z": (list(normal(2, rows, COUNT, width)), {"input_is_latent": False}),
        "still": ([w_plus], {"coords": moved(2, 0.0)}),
        "moved": ([w_plus], {"coords": moved(2, 0.4)}),
        "moved by sample": ([w_plus], {"coords": uneven}),
    }
    forms = {
        "W": (COUNT, width),
        "W+": (COUNT, rows, width),
        "expanded": (COUNT, parts * PLAIN["local_layers"], width),
        "one": (1, rows, width),
    }
    for name, shape in forms.items():
        found[name] = ([normal(2, *shape)], {})
        found[f"{name} truncated"] = ([normal(2, *shape)], truncated)
    for truncation in (0.0, 0.7, 1.0, 1.3):
        options = {"truncation": truncation, "truncation_latent": normal(8, 1, width)}
        found[f"z at {truncation}"] = ([z], {"input_is_latent": False} | options)
    for name, mask in MASKS.items():
        found[f"mask {name}"] = ([w_plus], {"composition_mask": torch.tensor(mask)})
    return found


MASKS = {
    "all": [[1, 1, 1], [1, 1, 1]],
    "other by sample": [[1, 0, 1], [0, 1, 1]],
    "nothing left": [[0, 0, 0], [1, 0, 0]],
    "fractions": [[0, 1, 0], [0, 0.25, 2.5]],
}


def call(name: str, **network: Any) -> Fields:
    styles, options = calls()[name]
    with torch.no_grad():
        return rendered(generator(**network), styles, **options)


def mask_gradients(**network: Any) -> Fields:
    made, given = generator(**network), latents().requires_grad_()
    mask = torch.tensor([[1.0, 0.5, 0.0]] * COUNT).double().requires_grad_()
    fields = rendered(made, [given], composition_mask=mask)
    score = sum(
        (fields[name] * normal(index, *fields[name].shape)).sum()
        for index, name in ((1, "image"), (2, "seg"))
    )
    return dict(
        zip(("latents", "mask"), torch.autograd.grad(score, [given, mask]), strict=True)
    )


def pictures(count: int, size: int = 16, parts: int = 3) -> list[Tensor]:
    """Images and segmentations for the discriminator."""
    return [normal(1, count, 3, size, size), normal(2, count, parts, size, size)]


def logits(count: int, branches: int, size: int = 16, parts: int = 3, **network: Any):
    made = discriminator(size, parts, **network)
    inputs = [x.to(next(made.parameters())) for x in pictures(count, size, parts)]
    with torch.no_grad():
        return {"logits": made(*inputs[:branches])}


def discriminator_gradients(count: int, branches: int, **network: Any) -> Fields:
    made = discriminator(**network)
    inputs = [x.requires_grad_() for x in pictures(count)[:branches]]
    value = torch.nn.functional.softplus(-made(*inputs)).mean()
    return gradients(value, made, *inputs)


def r1_penalty(count: int, about: str, **network: Any) -> Fields:
    """The R1 penalty and its gradients; `about` is image, seg or image alone."""
    made = discriminator(**network)
    image, seg = (x.requires_grad_() for x in pictures(count))
    inputs = [image] if about == "image alone" else [image, seg]
    to = seg if about == "seg" else image
    (slope,) = torch.autograd.grad(made(*inputs).sum(), to, create_graph=True)
    penalty = slope.square().flatten(1).sum(1).mean()
    return {"penalty": penalty} | gradients(penalty, made)


def generator_cases() -> Iterator[tuple[str, Case]]:
    for name, options in VARIED.items():
        yield f"forward {name}", lambda o=options, **n: forward(o, **n)
        yield f"gradients {name}", lambda o=options, **n: generator_gradients(o, **n)
    yield "forward official-table", lambda **n: forward(OFFICIAL_TABLE, 1, **n)
    for seed in range(RANDOM_CONFIGURATIONS):
        options = random_configuration(seed)
        yield f"forward random-{seed}", lambda o=options, **n: forward(o, **n)
    for name in PATH_PENALTY:
        yield f"path {name}", lambda o=VARIED[name], **n: path_penalty(o, **n)
    for name in calls():
        yield f"call {name}", lambda c=name, **n: call(c, **n)
    yield "call mask gradients", mask_gradients


def discriminator_cases() -> Iterator[tuple[str, Case]]:
    for branches in (1, 2):
        for count in (1, 2, 3, 4, 8, 12):
            name = f"logits {count} {branches}"
            yield name, lambda a=(count, branches), **n: logits(*a, **n)
        for count in (1, 4, 8):
            name = f"gradients of logits {count} {branches}"
            yield (
                name,
                lambda a=(count, branches), **n: discriminator_gradients(*a, **n),
            )
    for size, parts in ((8, 2), (32, 13), (32, 5)):
        name = f"logits {size} px {parts} parts"
        yield name, lambda a=(4, 2, size, parts), **n: logits(*a, **n)
    for count in (1, 2, 8):
        for about in ("image", "seg", "image alone"):
            name = f"r1 {count} {about}"
            yield name, lambda a=(count, about), **n: r1_penalty(*a, **n)


def cases() -> dict[str, Case]:
    """Every case by its name in the file."""
    return dict((*generator_cases(), *discriminator_cases()))


def fingerprint(tensor: Tensor) -> np.ndarray:
    """(4,) largest magnitude and random projections of unit variance an element."""
    values = tensor.detach().double().flatten()
    seed = zlib.crc32(repr(tuple(tensor.shape)).encode())
    rows = normal(seed, 3, len(values)) / len(values) ** 0.5
    return torch.cat([values.abs().max()[None], rows @ values]).numpy()


def fingerprints(fields: Fields) -> np.ndarray:
    """(n, 4) of n fields, sorted by their names."""
    return np.stack([fingerprint(fields[name]) for name in sorted(fields)])


def listings(
    generator_kind: type[nn.Module] = SemanticGenerator,
    discriminator_kind: type[nn.Module] = SemanticDiscriminator,
) -> np.ndarray:
    """SHA-256 of the state-dict listings of many configurations.

    A listing has the keys, shapes and kinds of a state dict, in order.
    """
    tables = [{"size": 256, "channel_multiplier": 1}, {"size": 1024}]
    configs = [PLAIN | options for options in VARIED.values()]
    configs += [PUBLISHED | table for table in tables]
    sizes = [(8, 1), (256, 1), (512, 2), (1024, 2)]
    with torch.device("meta"):
        modules = [generator_kind(**config) for config in (*configs, PUBLISHED)]
        modules += [discriminator_kind(size, 13, factor) for size, factor in sizes]
    return np.array([listing_digest(module) for module in modules])


def listing_digest(module: nn.Module) -> str:
    lines = "".join(f"{key} {shape} {kind}\n" for key, shape, kind in listing(module))
    return hashlib.sha256(lines.encode()).hexdigest()


def stored() -> dict[str, np.ndarray]:
    """The recorded fingerprints by case, and under `listings` the digests."""
    with np.load(PATH, allow_pickle=False) as archive:
        return dict(archive)
