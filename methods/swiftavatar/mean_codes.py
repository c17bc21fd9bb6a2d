"""Mean latent codes of the avatar generator: where inversion starts.

w_mean is the mean of many mapped codes (section 3.2). SemanticStyleGAN draws glasses as
a transparent part, which w_mean hardly shows, so that an inversion that starts there
may never find them. The appendix of the paper puts into w_mean the glasses part of the
mean of codes whose pictures show glasses: w~_mean.
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

CODES_FILE = "mean.safetensors"
_GLASSES = PART_IDS["glasses"]


@dataclass(frozen=True)
class MeanCodes:
    """Starting points in W+, (rows, D) float32 on the CPU.

    Attributes:
        mean: w_mean, the same in every row.
        start: w~_mean; equals `mean` where options.glasses is False.
        shown: drawn codes whose avatars showed glasses; 0 where none were looked at.
        digest: the key of the stage.
    """

    mean: Tensor
    start: Tensor
    shown: int
    digest: str


class _Glasses(NamedTuple):
    """The (D,) mean of codes whose avatars show glasses, and how many those were."""

    code: Tensor
    shown: int


def mean_codes_stage(
    avatar_digest: str, options: MeanOptions, seed: int, device: str
) -> Stage:
    """What the mean codes depend on: of the glasses' options none, if they stay out."""
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


def mean_codes(
    avatar: SemanticGenerator,
    avatar_digest: str,
    options: MeanOptions,
    seed: int,
    store: Store,
    progress: Progress,
) -> MeanCodes:
    """w_mean and w~_mean of the avatar generator, from the store where they exist.

    Raises MethodError where glasses are wanted and no drawn code shows them.
    """
    device = avatar.grid.device.type
    stage = mean_codes_stage(avatar_digest, options, seed, device)

    def build(folder: Path, scratch: Path) -> None:
        found = _found(avatar, options, seed, progress)
        save_file(found, folder / CODES_FILE)

    saved = load_file(store.get_or_build(stage, build) / CODES_FILE)
    return MeanCodes(saved["mean"], saved["start"], int(saved["shown"]), stage.key)


def _found(
    avatar: SemanticGenerator, options: MeanOptions, seed: int, progress: Progress
) -> dict[str, Tensor]:
    middle = avatar.mean_latent(options.samples, generator_of("w_mean", seed)).cpu()
    mean = avatar.layout.repeat(middle[None])[0].contiguous()
    start, shown = mean.clone(), 0
    if options.glasses:
        glasses = _mean_with_glasses(avatar, options, seed, progress)
        start[avatar.layout.part_rows(_GLASSES)] = glasses.code
        shown = glasses.shown
    return {"mean": mean, "start": start, "shown": torch.tensor(shown)}


def _mean_with_glasses(
    avatar: SemanticGenerator, options: MeanOptions, seed: int, progress: Progress
) -> _Glasses:
    """Look at drawn codes for glasses; MethodError where none shows enough of them."""
    if avatar.config.seg_dim <= _GLASSES:
        raise MethodError(
            f"the generator draws {avatar.config.seg_dim} parts and no glasses among "
            "them: set mean.glasses: false"
        )
    codes = _mapped(avatar, options.glasses_samples, seed)
    shares = _glasses_shares(avatar, codes, progress)
    shows = shares >= options.glasses_share
    if not shows.any():
        raise MethodError(
            f"none of {len(codes)} drawn avatars shows glasses: the largest share of a "
            f"picture is {float(shares.max()):.2%}, and mean.glasses_share wants "
            f"{options.glasses_share:.2%}; lower it, or set mean.glasses: false"
        )
    return _Glasses(codes[shows].mean(0).cpu(), int(shows.sum()))


def _mapped(avatar: SemanticGenerator, count: int, seed: int) -> Tensor:
    """(count, D) mapped codes."""
    rng = generator_of("glasses", seed)
    z = torch.randn(count, avatar.config.style_dim, generator=rng)
    with torch.no_grad():
        return avatar.style(z.to(avatar.grid.device))


def _glasses_shares(
    avatar: SemanticGenerator, codes: Tensor, progress: Progress
) -> Tensor:
    """(n,) shares of the pictures of (n, D) codes that the glasses take."""
    shares = []
    with progress.task("avatars looked at for glasses", len(codes)) as task:
        for some in codes.split(BATCH):
            parts = render(avatar, some).parts
            shares.append((parts == _GLASSES).float().mean((1, 2)))
            task.advance(len(some))
    return torch.cat(shares)
