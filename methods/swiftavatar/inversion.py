"""The latent codes of the renders, a stage of the store (SwiftAvatar, section 3.2).

Inversion works batch by batch; a killed build resumes at the unfinished batch. Latent
codes are stored in half precision, and the change of every picture by the rounding is
stored with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor

from benchmark.storage.batch_files import CLAIMS, build_batches
from benchmark.storage.digests import file_digest
from benchmark.storage.store import Stage, Store, atomic_write
from benchmark.system.progress import Progress
from methods.base import MethodError
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.pictures import as_tensor
from methods.shared.renders import Renders
from methods.shared.tensors import save_concatenated
from methods.swiftavatar.encoder import TrainedEncoder
from methods.swiftavatar.latent_optimisation import (
    TERMS,
    LatentOptimiser,
    Start,
)
from methods.swiftavatar.mean_latents import MeanLatents
from methods.swiftavatar.nearest import NearestSamples
from methods.swiftavatar.nearest_parts import NearestParts
from methods.swiftavatar.options import InversionOptions
from methods.swiftavatar.perceptual import Perceptual, open_perceptual, weight_file

_CONDITIONAL_OPTIONS = {
    "perceptual",
    "perceptual_size",
    "start",
    "start_samples",
    "encoder",
}
SEARCHED_STARTS = ("nearest", "parts")
"""Starts that are searched among samples, without a stage of their own."""
LATENTS_FILE, CURVE_FILE = "codes.safetensors", "curve.json"


@dataclass(frozen=True)
class RenderLatents:
    """The latent codes of the first n renders, w* of SwiftAvatar, equation 4.

    Attributes:
        latents: (n, rows, D) float16 latent codes in W+, as stored; memory-mapped.
        losses: (n, 3) unweighted terms of the loss (`TERMS`) of these latent codes.
        curve: (steps + 1, 3) mean terms over the renders: before each step, and after
            the last step before rounding.
        rounding: (n,) mean squared change of each picture, in [-1, 1], by the rounding.
        digest: the key of the stage.
    """

    latents: Tensor
    losses: Tensor
    curve: Tensor
    rounding: Tensor
    digest: str

    @property
    def measures(self) -> dict[str, float]:
        """Means over the renders of `losses`, by term, and of `rounding`."""
        means = self.losses.double().mean(0).tolist()
        rounding = float(self.rounding.double().mean())
        return {**dict(zip(TERMS, means, strict=True)), "rounding": rounding}


def latents_stage(
    renders: Renders,
    count: int,
    size: int,
    avatar_digest: str,
    start: str | None,
    options: InversionOptions,
    weights: Mapping[str, Path],
    seed: int,
    device: str,
) -> Stage:
    """Return the stage of `inverted_latents` (SwiftAvatar, section 3.2).

    Args:
        renders: the renders.
        count: the number of first renders that are inverted.
        size: side of the avatar generator's pictures in pixels.
        avatar_digest: the key of the avatar generator's stage.
        start: the key of the mean latent codes or of the encoder; None if
            `options.start` is "nearest" or "parts".
        options: of the inversion.
        weights: weight files by name.
        seed: draws the samples at which "nearest" and "parts" start.
        device: the torch device.

    Raises:
        ValueError: if `start` and `options.start` disagree.
        MethodError: if the weight file of the perceptual network is missing.
    """
    if (start is None) != (options.start in SEARCHED_STARTS):
        raise ValueError(
            "give mean latent codes or an encoder, unless inversion.start is nearest "
            "or parts"
        )
    read = {
        **options.model_dump(mode="json", exclude=_CONDITIONAL_OPTIONS),
        "count": count,
        "device": device,
        "threads": torch.get_num_threads(),
    }
    inputs = {"renders": renders.digest, "avatar": avatar_digest}
    if options.perceptual_weight:
        file = weight_file(options.perceptual, weights)
        inputs["perceptual"] = file_digest(file)
        read["perceptual"] = options.perceptual
        # Smaller renders are not resized.
        read["perceptual_size"] = min(options.perceptual_size, size)
    if start is not None:
        return Stage("codes", "1", read, {**inputs, "start": start})
    read |= {"start": options.start, "start_samples": options.start_samples}
    return Stage("codes", "1", read, inputs, seed)


def inverted_latents(
    renders: Renders,
    count: int,
    avatar: SemanticGenerator,
    avatar_digest: str,
    realistic: SemanticGenerator,
    start: MeanLatents | TrainedEncoder | None,
    options: InversionOptions,
    weights: Mapping[str, Path],
    seed: int,
    store: Store,
    progress: Progress,
    device: str,
) -> RenderLatents:
    """Invert the first `count` renders (SwiftAvatar, section 3.2, equations 4 and 5).

    The result is cached in the store. Every latent code starts at the mean, at the
    prediction of an encoder, or, if `start` is None, at the sample most similar to its
    render, as a whole or part by part; the latter compares faces of `realistic`.

    Raises:
        MethodError: if the renders do not have the generator's size, if there are fewer
            than `count`, or if the perceptual network's file is missing or wrong.
    """
    _check(renders, count, avatar)
    stage = latents_stage(
        renders,
        count,
        avatar.config.size,
        avatar_digest,
        None if start is None else start.digest,
        options,
        weights,
        seed,
        device,
    )

    def share(scratch: Path) -> list[Path]:
        net = perceptual_network(options, weights, device)
        source = start or (
            NearestSamples(avatar, net, options, seed, progress)
            if options.start == "nearest"
            else NearestParts(avatar, realistic, renders, options.start_samples, seed)
        )
        starts = starts_of(source, options.space == "w", device)
        inversion = LatentOptimiser(avatar, net, starts, options)
        pictures = renders.pictures[:count]
        return _inverted(inversion, pictures, options.batch, scratch, progress)

    def build(folder: Path, scratch: Path) -> None:
        files = share(scratch)
        _log(files, progress)
        _write(folder, files, count)

    return _read(store.get_or_build(stage, build, share=share), stage.key)


def starts_of(
    source: MeanLatents | TrainedEncoder | NearestSamples | NearestParts,
    one_row: bool,
    device: str,
) -> Start:
    """The function that gives initial latent codes; of one row each in W."""
    if isinstance(source, MeanLatents):
        # The start with glasses has different rows, so in W all rows start at w_mean.
        rows = (source.mean[:1] if one_row else source.start).to(device)
        return lambda targets: rows.repeat(len(targets), 1, 1)
    if isinstance(source, (NearestSamples, NearestParts)):
        nearest = source.most_similar
        return lambda targets: nearest(targets)[:, :1] if one_row else nearest(targets)
    encode = source
    return lambda targets: (
        encode(targets).mean(1, keepdim=True) if one_row else encode(targets)
    )


def perceptual_network(
    options: InversionOptions, weights: Mapping[str, Path], device: str
) -> Perceptual | None:
    """The network of the perceptual term of equation 5; None if its weight is 0."""
    if not options.perceptual_weight:
        return None
    return open_perceptual(options.perceptual, options.perceptual_size, weights, device)


def _check(renders: Renders, count: int, avatar: SemanticGenerator) -> None:
    side, size = renders.size, avatar.config.size
    if side != size:
        raise MethodError(
            f"the renders have {side} px and the generator {size} px: render the "
            f"avatars at {size} px"
        )
    if not 0 < count <= len(renders.vectors):
        raise MethodError(
            f"cannot invert {count} of {len(renders.vectors)} renders: give a number "
            f"from 1 to {len(renders.vectors)}"
        )


def _inverted(
    inversion: LatentOptimiser,
    pictures: NDArray[np.uint8],
    batch: int,
    scratch: Path,
    progress: Progress,
) -> list[Path]:
    """Invert the batches that `scratch` lacks; return the files of all in order."""

    def build(rows: slice, file: Path) -> None:
        found = inversion.invert(as_tensor(pictures[rows], inversion.device))
        atomic_write(file, save(found._asdict()))

    return build_batches(
        len(pictures),
        batch,
        lambda number: scratch / f"batch-{number:05d}.safetensors",
        build,
        progress,
        "latent codes of renders",
        scratch / CLAIMS,
    )


def _log(files: list[Path], progress: Progress) -> None:
    """Log the mean terms of every batch, whichever process inverted it."""
    done = 0
    for file in files:
        terms = load_file(file)["terms"]
        done += len(terms)
        ends = terms.mean(0).tolist()
        figures = {f"inversion/{n}": v for n, v in zip(TERMS, ends, strict=True)}
        progress.log(figures, done)


def _write(folder: Path, files: list[Path], count: int) -> None:
    rows = ("latents", "terms", "rounding")
    save_concatenated(files, rows, folder / LATENTS_FILE)
    curve = torch.stack([load_file(file)["curve"] for file in files]).sum(0) / count
    columns = dict(zip(TERMS, curve.T.tolist(), strict=True))
    text = json.dumps({"renders": count, "mean_terms_before_step": columns})
    (folder / CURVE_FILE).write_text(text + "\n")


def _read(folder: Path, key: str) -> RenderLatents:
    saved = load_file(folder / LATENTS_FILE)
    columns = json.loads((folder / CURVE_FILE).read_text())["mean_terms_before_step"]
    curve = torch.tensor([columns[name] for name in TERMS], dtype=torch.float64).T
    return RenderLatents(
        saved["latents"], saved["terms"], curve, saved["rounding"], key
    )
