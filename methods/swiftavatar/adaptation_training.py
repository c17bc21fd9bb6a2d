"""The training of the avatar generator (SwiftAvatar, section 3.1).

Losses and intervals are those of SemanticStyleGAN's adaptation script, whose
discriminator gets pictures without segmentations, plus colour matching (equation 3).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.system.progress import Progress
from methods.estimator.examples import row_order
from methods.generator.adversarial import (
    AdversarialStep,
    GeneratorTerm,
    require_finite,
)
from methods.generator.curves import Curves
from methods.generator.recipe import GeneratorRecipe, Objective
from methods.generator.state import TrainingState
from methods.generator.training import open_fabric
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of, seed_of
from methods.shared.renders import Renders
from methods.swiftavatar.colour_matching import ColourMatching
from methods.swiftavatar.dual_domain import dual_measures
from methods.swiftavatar.options import AdaptationOptions
from methods.swiftavatar.pretrained_pair import PretrainedPair
from methods.swiftavatar.realistic_faces import RealisticFaces
from methods.swiftavatar.render_coverage import RenderCoverage
from methods.swiftavatar.segmentation_agreement import SegmentationAgreement

CHECKPOINT = "checkpoint.safetensors"
CHECKPOINT_SECONDS = 600
LOG_EVERY = 20
CHECKED_LATENTS = 64
"""Latent codes on which the agreement of the generators is monitored."""
CHECK_SEED = 1
"""The seed of those latent codes; the final measurements use others."""

LOCAL = ("local_nets", "pos_embed")
"""Modules of the generator that draw single parts; `SHARED` are the others."""
SHARED = ("style", "render_net")


def adaptation_recipe(
    pair: PretrainedPair, options: AdaptationOptions, seed: int
) -> GeneratorRecipe:
    """Return the training recipe of the adaptation (SwiftAvatar, equation 1).

    The discriminator does not see the segmentations.
    """
    networks: dict[str, Any] = (
        {"discriminator": pair.channels}
        if options.projected is None
        else {"projected": options.projected}
    )
    return GeneratorRecipe(
        name="adaptation",
        generator=asdict(pair.realistic.config),
        **networks,
        objective=Objective(
            r1_image=options.r1,
            r1_seg=0,
            r1_every=options.r1_every,
            path=options.path,
            path_every=options.path_every,
            mask=options.mask,
            mask_entropy=options.mask_entropy,
            mixing=options.mixing,
        ),
        batch=options.batch,
        images=max(1, options.steps * options.batch),
        learning_rate=options.learning_rate,
        ema_decay=options.ema_decay,
        seed=seed,
    )


def mirrored(pictures: Tensor, share: float, draws: torch.Generator) -> Tensor:
    """Mirror each of (n, 3, S, S) pictures with probability `share`.

    SwiftAvatar, section 3.1, does not mention mirroring.
    """
    chosen = torch.rand(len(pictures), generator=draws) < share
    chosen = chosen.view(-1, 1, 1, 1).to(pictures.device)
    return torch.where(chosen, pictures.flip(3), pictures)


class AdaptationTraining:
    """The adaptation of one generator (SwiftAvatar, section 3.1), resumable.

    Attributes:
        state: networks and optimisers.
        curves: mean losses over `LOG_EVERY` iterations and measured agreement.
    """

    def __init__(
        self,
        pair: PretrainedPair,
        renders: Renders,
        options: AdaptationOptions,
        seed: int,
        scratch: Path,
        about: str,
        device: str,
    ) -> None:
        """Start from the pair, or resume from the checkpoint in `scratch`.

        `about` is the key of the stage. Raises TrainingError if the checkpoint is
        damaged or belongs to another stage.
        """
        recipe = adaptation_recipe(pair, options, seed)
        fabric = open_fabric(recipe, device)
        self.state = TrainingState(recipe, fabric.device)
        published = options.projected is None
        self.state.start_from(pair.realistic, pair.discriminator if published else None)
        if options.freeze == "local":
            for name in LOCAL:
                self.state.generator.get_submodule(name).requires_grad_(False)
        self._about = {"adaptation": about}
        self._file = scratch / CHECKPOINT
        self.state.resume(self._file, self._about)
        self.curves = Curves(scratch, self.state.iteration, active=True)
        self._pair, self._renders, self._options = pair, renders, options
        self._seed = seed
        coverage = options.coverage and RenderCoverage(
            pair.realistic, renders, options.coverage, self.state, options.batch, seed
        )
        self._step = AdversarialStep(
            recipe, self.state, fabric, self._terms(), coverage
        )
        self._rows_at = row_order(len(renders.vectors), options.batch, seed)

    def run(self, progress: Progress) -> SemanticGenerator:
        """Minimise SwiftAvatar, equation 3; return the averaged generator.

        Training ends after all steps, or earlier at `stop_below`.
        """
        state, steps = self.state, self._options.steps
        label = f"{self._renders.vectors.spec.name} adaptation"
        started = saved = time.monotonic()
        before = self.curves.hours
        with (
            progress.task(label, steps, state.iteration) as task,
            torch.random.fork_rng(devices=self._cuda()),
        ):
            over = state.iteration == steps
            while not over:
                self._iterate()
                task.advance()
                self.curves.hours = before + (time.monotonic() - started) / 3600
                decayed = self._decayed(progress, label)
                over = decayed or state.iteration == steps
                if state.iteration % LOG_EVERY == 0 or over:
                    self._record(self._means(), progress, label)
                if time.monotonic() - saved > CHECKPOINT_SECONDS and not over:
                    self.save()
                    saved = time.monotonic()
        state.require_finite()
        return state.average

    def save(self) -> None:
        """Write the checkpoint."""
        self.state.require_finite()
        self.state.save(self._file, self._about)

    def _terms(self) -> tuple[GeneratorTerm, ...]:
        options = self._options
        faces = RealisticFaces(self._pair.realistic)
        terms: list[GeneratorTerm] = []
        if options.colour:
            share, regions = options.colour_pixels, options.colour_regions
            terms.append(ColourMatching(faces, options.colour, share, regions))
        if options.segmentation:
            weight, grid = options.segmentation, options.segmentation_grid
            terms.append(SegmentationAgreement(faces, weight, grid))
        return tuple(terms)

    def _cuda(self) -> list[torch.device]:
        device = self.state.device
        return [device] if device.type == "cuda" else []

    def _iterate(self) -> None:
        """Do one iteration; its draws depend only on the seed and its number."""
        state, options = self.state, self._options
        iteration = state.iteration
        draws = generator_of(self._seed, "draws", iteration)
        # The generator draws its noise from the global random state.
        torch.manual_seed(seed_of(self._seed, "noise", iteration))
        rows = self._rows_at(iteration).numpy()
        picture = as_tensor(self._renders.pictures[rows]).to(state.device)
        picture = mirrored(picture, options.flip, draws)
        picture = picture.contiguous(memory_format=torch.channels_last)
        losses = self._step.take(picture, None, draws)
        only = SHARED if options.freeze == "average" else ()
        state.update_average(options.ema_decay, only)
        state.iteration += 1
        require_finite(losses, iteration)
        for name, value in losses.items():
            state.pending.setdefault(name, []).append(value)

    def _means(self) -> dict[str, float]:
        """Mean losses since the last record."""
        pending, self.state.pending = self.state.pending, {}
        return {name: sum(values) / len(values) for name, values in pending.items()}

    def _record(
        self, values: Mapping[str, float], progress: Progress, label: str
    ) -> None:
        iteration = self.state.iteration
        self.curves.add(values, iteration)
        named = {f"{label}/{k.removeprefix('train/')}": v for k, v in values.items()}
        progress.log(named, iteration)

    def _decayed(self, progress: Progress, label: str) -> bool:
        """Measure the agreement if it is due; whether it is too low to continue."""
        options, state = self._options, self.state
        if state.iteration % options.check_every:
            return False
        found = dual_measures(
            self._pair.realistic,
            state.average,
            options.colour_pixels,
            CHECKED_LATENTS,
            CHECK_SEED,
        )
        self._record(found, progress, label)
        least = options.stop_below
        return least is not None and found["agreement/mean_iou"] < least
