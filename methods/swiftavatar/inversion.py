"""Latent codes of renders as a stage: batch by batch, resumable at the open one.

Codes are kept in half precision, whose steps are a thousandth of what they measure; how
little the pictures change by it is measured beside them for every render.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save, save_file
from torch import Tensor

from benchmark.storage.digests import file_digest
from benchmark.storage.store import Stage, Store, atomic_write
from benchmark.system.progress import Progress
from methods.base import MethodError
from methods.generator.sampling import synthesise
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.pictures import as_tensor
from methods.shared.renders import Renders
from methods.swiftavatar.latent_optimisation import TERMS, Inversion, Inverted
from methods.swiftavatar.mean_codes import MeanCodes
from methods.swiftavatar.nearest import NearestSamples
from methods.swiftavatar.options import InversionOptions
from methods.swiftavatar.perceptual import Perceptual, open_perceptual, weight_file

_NOT_ALWAYS_READ = {"perceptual", "perceptual_size", "start", "start_samples"}
CODES_FILE, CURVE_FILE = "codes.safetensors", "curve.json"


@dataclass(frozen=True)
class Codes:
    """Codes of the first n renders.

    Attributes:
        latents: (n, rows, D) float32 in W+, as read back from half precision.
        losses: (n, 3) terms of the loss (`TERMS`) of these codes, not weighted.
        curve: (steps + 1, 3) means over renders of the terms before each step and after
            the last one, there before rounding to half precision.
        rounding: (n,) mean squared change of each picture in [-1, 1] by that rounding.
        digest: the key of the stage.
    """

    latents: Tensor
    losses: Tensor
    curve: Tensor
    rounding: Tensor
    digest: str

    @property
    def measures(self) -> dict[str, float]:
        """Means over renders of the final terms and of the change by rounding."""
        means = self.losses.double().mean(0).tolist()
        rounding = float(self.rounding.double().mean())
        return {**dict(zip(TERMS, means, strict=True)), "rounding": rounding}


def codes_stage(
    renders: Renders,
    count: int,
    size: int,
    avatar_digest: str,
    means: str | None,
    options: InversionOptions,
    weights: Mapping[str, Path],
    seed: int,
    device: str,
) -> Stage:
    """What the codes of the first `count` renders depend on.

    `size` is that of the avatar generator's pictures. `means`, the digest of mean
    codes, is given where they start there; otherwise they start at samples, which are
    drawn. Raises ValueError where `means` and options disagree about that, and
    MethodError where the weight file of the perceptual net is missing.
    """
    if (means is None) == (options.start == "mean"):
        raise ValueError("mean codes belong to inversion.start: mean, and to it alone")
    read = {
        **options.model_dump(mode="json", exclude=_NOT_ALWAYS_READ),
        "count": count,
        "device": device,
        "threads": torch.get_num_threads(),
    }
    inputs = {"renders": renders.digest, "avatar": avatar_digest}
    if options.perceptual_weight:
        file = weight_file(options.perceptual, weights)
        inputs["perceptual"] = file_digest(file)
        read["perceptual"] = options.perceptual
        # Renders that are no larger are not brought to another size.
        read["perceptual_size"] = min(options.perceptual_size, size)
    if means is not None:
        return Stage("codes", "1", read, {**inputs, "start": means})
    read |= {"start": options.start, "start_samples": options.start_samples}
    return Stage("codes", "1", read, inputs, seed)


def inverted_codes(
    renders: Renders,
    count: int,
    avatar: SemanticGenerator,
    avatar_digest: str,
    means: MeanCodes | None,
    options: InversionOptions,
    weights: Mapping[str, Path],
    seed: int,
    store: Store,
    progress: Progress,
    device: str,
) -> Codes:
    """Codes of the first `count` renders, from the store where they exist.

    They start at `means`; without, each at the sample most like its render. Raises
    MethodError for renders of another size than the generator's, for fewer than `count`
    of them, and where the perceptual net's weight file is missing or unfit.
    """
    _check(renders, count, avatar)
    stage = codes_stage(
        renders,
        count,
        avatar.config.size,
        avatar_digest,
        None if means is None else means.digest,
        options,
        weights,
        seed,
        device,
    )

    def build(folder: Path, scratch: Path) -> None:
        net = _perceptual(options, weights, device)
        start = means or NearestSamples(avatar, net, options, seed, progress)
        inversion = Inversion(avatar, net, start, options)
        pictures = renders.pictures[:count]
        pieces = _inverted(inversion, pictures, options.batch, scratch, progress)
        _write(folder, pieces, count)

    return _read(store.get_or_build(stage, build), stage.key)


def reconstructions(
    avatar: SemanticGenerator, codes: Codes, count: int
) -> NDArray[np.uint8]:
    """(count, S, S, 3) pictures that the avatar generator makes of the first codes."""
    latents = codes.latents[:count].to(avatar.grid.device)
    return synthesise(avatar, latents).pictures


def _perceptual(
    options: InversionOptions, weights: Mapping[str, Path], device: str
) -> Perceptual | None:
    if not options.perceptual_weight:
        return None
    return open_perceptual(options.perceptual, options.perceptual_size, weights, device)


def _check(renders: Renders, count: int, avatar: SemanticGenerator) -> None:
    side, size = renders.size, avatar.config.size
    if side != size:
        raise MethodError(
            f"renders of {side} px cannot be compared with a generator's of {size} px: "
            f"make them at {size} px"
        )
    if not 0 < count <= len(renders.vectors):
        raise MethodError(
            f"{count} of {len(renders.vectors)} renders cannot be inverted: give a "
            f"number from 1 to {len(renders.vectors)}"
        )


def _inverted(
    inversion: Inversion,
    pictures: NDArray[np.uint8],
    batch: int,
    scratch: Path,
    progress: Progress,
) -> list[Inverted]:
    """Every batch's codes; those that lie in `scratch` already are read, not made."""
    count = len(pictures)
    files = {
        start: scratch / f"codes-{start:07d}.safetensors"
        for start in range(0, count, batch)
    }
    done = sum(
        min(batch, count - start) for start, file in files.items() if file.is_file()
    )
    with progress.task("codes of renders", count, done) as task:
        for start, file in files.items():
            if file.is_file():
                continue
            some = as_tensor(pictures[start : start + batch], inversion.device)
            found = inversion.invert(some)
            atomic_write(file, save(found._asdict()))
            ends = found.terms.mean(0).tolist()
            figures = {f"inversion/{n}": v for n, v in zip(TERMS, ends, strict=True)}
            progress.log(figures, start + len(some))
            task.advance(len(some))
    return [Inverted(**load_file(file)) for file in files.values()]


def _write(folder: Path, pieces: list[Inverted], count: int) -> None:
    whole = {
        name: torch.cat([getattr(piece, name) for piece in pieces])
        for name in ("latents", "terms", "rounding")
    }
    save_file(whole, folder / CODES_FILE)
    curve = torch.stack([piece.curve for piece in pieces]).sum(0) / count
    columns = dict(zip(TERMS, curve.T.tolist(), strict=True))
    text = json.dumps({"renders": count, "mean_terms_before_step": columns})
    (folder / CURVE_FILE).write_text(text + "\n")


def _read(folder: Path, key: str) -> Codes:
    saved = load_file(folder / CODES_FILE)
    columns = json.loads((folder / CURVE_FILE).read_text())["mean_terms_before_step"]
    curve = torch.tensor([columns[name] for name in TERMS], dtype=torch.float64).T
    return Codes(
        saved["latents"].float(), saved["terms"], curve, saved["rounding"], key
    )
