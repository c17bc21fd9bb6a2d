"""The mean latent codes at which inversion starts (SwiftAvatar, appendix).

w_mean is the mean of many mapped latent codes (section 3.2 and "Implementation
Details"). SemanticStyleGAN draws glasses as a transparent part, so they are hardly
visible at w_mean and an inversion that starts there may miss them. The appendix
therefore takes the glasses part of the mean from latent codes that show glasses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.avatars.part_classes import PART_IDS
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.base import MethodError
from methods.generator.sampling import BATCH, render
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.randomness import generator_of
from methods.swiftavatar.options import MeanOptions

LATENTS_FILE = "mean.safetensors"
_GLASSES = PART_IDS["glasses"]


@dataclass(frozen=True)
class MeanLatents:
    """Mean latent codes in W+ (SwiftAvatar, appendix): (rows, D) float32 on the CPU.

    Attributes:
        mean: w_mean; all rows are equal.
        start: the modified mean with glasses; equals `mean` if `options.glasses` is
            False.
        shown: number of latent codes that show glasses; 0 if `options.glasses` is
            False.
        digest: the key of the stage.
    """

    mean: Tensor
    start: Tensor
    shown: int
    digest: str


class _Glasses(NamedTuple):
    """The (D,) mean of the latent codes that show glasses, and their number."""

    latent: Tensor
    shown: int


def mean_latents_stage(
    avatar_digest: str, options: MeanOptions, seed: int, device: str
) -> Stage:
    """Return the stage of `mean_latents` (SwiftAvatar, appendix).

    Options of the glasses are part of the key only if `options.glasses`.
    """
    read = {"samples", "glasses"}
    if options.glasses:
        read |= {"glasses_samples", "glasses_share"}
    return Stage(
        "mean-codes",
        "1",
        {
            **options.model_dump(mode="json", include=read),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {"avatar": avatar_digest},
        seed,
    )


def mean_latents(
    avatar: SemanticGenerator,
    avatar_digest: str,
    options: MeanOptions,
    seed: int,
    store: Store,
    progress: Progress,
) -> MeanLatents:
    """Compute the mean latent codes (SwiftAvatar, appendix), cached in the store.

    Raises MethodError if `options.glasses` and no sampled latent code shows glasses.
    """
    device = avatar.grid.device.type
    stage = mean_latents_stage(avatar_digest, options, seed, device)

    def build(folder: Path, scratch: Path) -> None:
        found = _compute_means(avatar, options, seed, progress)
        save_file(found, folder / LATENTS_FILE)

    saved = load_file(store.get_or_build(stage, build) / LATENTS_FILE)
    return MeanLatents(saved["mean"], saved["start"], int(saved["shown"]), stage.key)


def _compute_means(
    avatar: SemanticGenerator, options: MeanOptions, seed: int, progress: Progress
) -> dict[str, Tensor]:
    middle = avatar.mean_latent(options.samples, generator_of("w_mean", seed)).cpu()
    mean = avatar.layout.repeat(middle[None])[0].contiguous()
    start, shown = mean.clone(), 0
    if options.glasses:
        glasses = _mean_with_glasses(avatar, options, seed, progress)
        start[avatar.layout.part_rows(_GLASSES)] = glasses.latent
        shown = glasses.shown
    return {"mean": mean, "start": start, "shown": torch.tensor(shown)}


def _mean_with_glasses(
    avatar: SemanticGenerator, options: MeanOptions, seed: int, progress: Progress
) -> _Glasses:
    """Search sampled latent codes for glasses; MethodError if none shows them."""
    if avatar.config.seg_dim <= _GLASSES:
        raise MethodError(
            f"the generator has {avatar.config.seg_dim} parts and none of them is "
            "glasses: set mean.glasses: false"
        )
    latents = _sample_latents(avatar, options.glasses_samples, seed)
    shares = _glasses_shares(avatar, latents, progress)
    shows = shares >= options.glasses_share
    if not shows.any():
        raise MethodError(
            f"none of {len(latents)} sampled avatars shows glasses: they cover at most "
            f"{float(shares.max()):.2%} of a picture, and mean.glasses_share is "
            f"{options.glasses_share:.2%}; lower it, or set mean.glasses: false"
        )
    return _Glasses(latents[shows].mean(0).cpu(), int(shows.sum()))


def _sample_latents(avatar: SemanticGenerator, count: int, seed: int) -> Tensor:
    """Sample (count, D) latent codes in W."""
    rng = generator_of("glasses", seed)
    z = torch.randn(count, avatar.config.style_dim, generator=rng)
    with torch.no_grad():
        return avatar.style(z.to(avatar.grid.device))


def _glasses_shares(
    avatar: SemanticGenerator, latents: Tensor, progress: Progress
) -> Tensor:
    """The (n,) shares that glasses cover in the pictures of (n, D) latent codes."""
    shares = []
    with progress.task("avatars searched for glasses", len(latents)) as task:
        for batch in latents.split(BATCH):
            parts = render(avatar, batch).parts
            shares.append((parts == _GLASSES).float().mean((1, 2)))
            task.advance(len(batch))
    return torch.cat(shares)
