"""One iteration of adversarial training, on one process or several.

Order, losses and intervals follow SemanticStyleGAN (Shi et al., CVPR 2022):
discriminator, its R1 penalty, generator, path-length regularisation (StyleGAN2, Karras
et al., CVPR 2020). For the adaptation to another domain, the discriminator can see
pictures without maps, and the generator can get additional terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from methods.generator.coverage import Pull
from methods.generator.losses import (
    WeightedLoss,
    directions_like,
    discriminator_loss,
    generator_loss,
    gradient_penalties,
    mask_entropy,
    mask_loss,
    path_lengths,
)
from methods.generator.projected import (
    hard_maps,
    hinge_discriminator_loss,
    hinge_generator_loss,
    project,
    without_gradient,
)
from methods.generator.recipe import GeneratorRecipe, ProjectedOptions
from methods.generator.state import TrainingState
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.projected_discriminator import ProjectedDiscriminator
from methods.networks.semantic_stylegan import Synthesis

PATH_DECAY = 0.01
"""Weight of a new mean in the running mean of path lengths."""


class GeneratorTerm(Protocol):
    """An additional loss of the generator."""

    @property
    def name(self) -> str:
        """One word, its name in the curves."""
        ...

    @property
    def weight(self) -> float:
        """Its weight in the sum of losses."""
        ...

    def __call__(self, made: Synthesis) -> Tensor:
        """Its value, a scalar, for the output of the generator in training."""
        ...


class Puller(Protocol):
    """What pulls samples towards pictures (methods.generator.coverage)."""

    @property
    def alone(self) -> bool:
        """Whether the discriminator takes no part in this iteration."""
        ...

    def pull(self, rank: int, ranks: int) -> Pull:
        """This process's share of an iteration's samples."""
        ...


class AdversarialStep:
    """Updates a state's networks; gradients are averaged over processes.

    Parameters with `requires_grad` off are not changed.
    """

    def __init__(
        self,
        recipe: GeneratorRecipe,
        state: TrainingState,
        fabric: Fabric,
        terms: tuple[GeneratorTerm, ...] = (),
        coverage: Puller | None = None,
    ) -> None:
        self.recipe, self.state, self.fabric = recipe, state, fabric
        self.terms, self.coverage = terms, coverage

    def take(
        self, picture: Tensor, seg: Tensor | None, draws: torch.Generator
    ) -> dict[str, float]:
        """Run one iteration on this process's share of a batch; return mean losses.

        Args:
            picture: (n, 3, S, S) real pictures in [-1, 1].
            seg: (n, K, S, S) part maps of -1 and 1. None: the discriminator sees only
                pictures, real and generated.
            draws: source of latent codes, mixing and path directions.
        """
        objective, iteration = self.recipe.objective, self.state.iteration
        losses = self._train_both(picture, seg, draws)
        if objective.path and iteration % objective.path_every == 0:
            losses |= self._regularise_paths(len(picture), draws)
        means = self._averaged(torch.stack([x.detach() for x in losses.values()]))
        return dict(zip(losses, means.tolist(), strict=True))

    def _latents(self, count: int, draws: torch.Generator) -> Tensor:
        """Expanded latent codes of new samples, some of them mixed part by part."""
        generator = self.state.generator
        shape = (2, count, generator.config.style_dim)
        z = torch.randn(shape, generator=draws).to(self.state.device)
        mixed = float(torch.rand((), generator=draws)) < self.recipe.objective.mixing
        first = generator.style(z[0])
        if not mixed:
            return generator.layout.expand(generator.layout.repeat(first))
        second = generator.style(z[1])
        return generator.layout.expand(generator.layout.mix(first, second, draws))

    def _train_both(
        self, picture: Tensor, seg: Tensor | None, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Update the discriminator, then the generator."""
        if self.coverage is not None and self.coverage.alone:
            return self._train_coverage(self.coverage)
        if self.recipe.projected is not None:
            return self._train_projected(picture, seg, draws, self.recipe.projected)
        losses = self._train_discriminator(picture, seg, draws)
        if self.state.iteration % self.recipe.objective.r1_every == 0:
            losses |= self._penalise(picture, seg)
        return losses | self._train_generator(len(picture), seg is not None, draws)

    def _train_coverage(self, coverage: Puller) -> dict[str, Tensor]:
        """Update the generator only, towards the faces."""
        pull = self._pull(coverage)
        with self.fabric.autocast():
            made = self._sample_pulled(pull)
        return self._update_generator(made, pull.losses(made))

    def _pull(self, coverage: Puller) -> Pull:
        return coverage.pull(self.fabric.global_rank, self.fabric.world_size)

    def _train_projected(
        self,
        picture: Tensor,
        seg: Tensor | None,
        draws: torch.Generator,
        options: ProjectedOptions,
    ) -> dict[str, Tensor]:
        """The two updates with a projected discriminator.

        Both use the same samples and projections, which cost more than the heads.
        """
        state, network = self.state, self.state.discriminator
        assert isinstance(network, ProjectedDiscriminator)
        pull = None if self.coverage is None else self._pull(self.coverage)
        with self.fabric.autocast():
            made = (
                self._sample(len(picture), draws)
                if pull is None
                else self._sample_pulled(pull)
            )
            judged = seg if options.maps else None
            maps = None if judged is None else hard_maps(made.seg)
            generated = project(network, made.image, maps, options)
            with torch.no_grad():
                shown = project(network, picture, judged, options)
            real = network(*shown)
            fake = network(*without_gradient(generated))
            loss = hinge_discriminator_loss(real.float(), fake.float())
        self._step(loss, network, state.discriminator_adam)
        network.requires_grad_(False)
        with self.fabric.autocast():
            adversarial = hinge_generator_loss(network(*generated).float())
            others = [WeightedLoss("loss_g", 1.0, adversarial)]
            if pull is not None:
                others += pull.losses(made)
        losses = self._update_generator(made, others)
        network.requires_grad_(True)
        return {
            "train/loss_d": loss,
            "train/real_logit": real.float().mean(),
            "train/fake_logit": fake.float().mean(),
            **losses,
        }

    def _sample(self, count: int, draws: torch.Generator) -> Synthesis:
        """Output of the generator for new latent codes."""
        return self._render(self._latents(count, draws))

    def _sample_pulled(self, pull: Pull) -> Synthesis:
        """Output of the generator for the mixed samples, then the whole ones."""
        generator = self.state.generator
        rows = pull.rows
        mixed = generator.style(rows.flatten(0, 1)).unflatten(0, rows.shape[:2])
        whole = generator.layout.repeat(generator.style(pull.whole))
        return self._render(generator.layout.expand(torch.cat([mixed, whole])))

    def _render(self, latents: Tensor) -> Synthesis:
        return self.state.generator(
            [latents], input_is_latent=True, randomize_noise=True
        )

    def _train_discriminator(
        self, picture: Tensor, seg: Tensor | None, draws: torch.Generator
    ) -> dict[str, Tensor]:
        state = self.state
        with self.fabric.autocast():
            with torch.no_grad():
                made = self._sample(len(picture), draws)
            fake = self._discriminate(made, with_maps=seg is not None)
            real = state.discriminator(picture, seg)
            loss = discriminator_loss(real.float(), fake.float())
        self._step(loss, state.discriminator, state.discriminator_adam)
        return {
            "train/loss_d": loss,
            "train/real_logit": real.float().mean(),
            "train/fake_logit": fake.float().mean(),
        }

    def _discriminate(self, made: Synthesis, with_maps: bool) -> Tensor:
        """Logits of generated pictures."""
        return self.state.discriminator(made.image, made.seg if with_maps else None)

    def _penalise(self, picture: Tensor, seg: Tensor | None) -> dict[str, Tensor]:
        state, objective = self.state, self.recipe.objective
        assert isinstance(state.discriminator, SemanticDiscriminator)
        on_image, on_seg = gradient_penalties(state.discriminator, picture, seg)
        loss = objective.r1_image / 2 * on_image + objective.r1_seg / 2 * on_seg
        self._step(
            loss * objective.r1_every, state.discriminator, state.discriminator_adam
        )
        on_maps = {} if seg is None else {"train/r1_seg": on_seg}
        return {"train/r1_img": on_image, **on_maps}

    def _train_generator(
        self, count: int, with_maps: bool, draws: torch.Generator
    ) -> dict[str, Tensor]:
        state = self.state
        state.discriminator.requires_grad_(False)
        with self.fabric.autocast():
            made = self._sample(count, draws)
            loss = generator_loss(self._discriminate(made, with_maps).float())
        losses = self._update_generator(made, [WeightedLoss("loss_g", 1.0, loss)])
        state.discriminator.requires_grad_(True)
        return losses

    def _update_generator(
        self, made: Synthesis, given: Sequence[WeightedLoss]
    ) -> dict[str, Tensor]:
        """One step on the given losses and the others of the same samples."""
        with self.fabric.autocast():
            found = [*given, *self._other_losses(made)]
        loss = torch.zeros((), device=self.state.device)
        for each in found:
            loss = loss + each.weight * each.value
        self._step(loss, self.state.generator, self.state.generator_adam)
        return {f"train/{each.name}": each.value for each in found}

    def _other_losses(self, made: Synthesis) -> Iterator[WeightedLoss]:
        """The generator's losses except the adversarial one."""
        objective = self.recipe.objective
        if objective.mask:
            value = mask_loss(made.seg_coarse.float(), made.seg.float())
            yield WeightedLoss("mask", objective.mask, value)
        if objective.mask_entropy:
            value = mask_entropy(made.depths.float(), made.seg.float())
            yield WeightedLoss("mask_entropy", objective.mask_entropy, value)
        for term in self.terms:
            yield WeightedLoss(term.name, term.weight, term(made))

    def _regularise_paths(
        self, count: int, draws: torch.Generator
    ) -> dict[str, Tensor]:
        state, objective = self.state, self.recipe.objective
        count = max(1, count // objective.path_shrink)
        with torch.no_grad():
            latents = self._latents(count, draws)
        directions = directions_like(count, state.generator.config.size, draws)
        lengths = path_lengths(state.generator, latents, directions.to(state.device))
        mean = self._averaged(lengths.detach().mean())
        state.path_mean = torch.lerp(state.path_mean, mean, PATH_DECAY)
        penalty = (lengths - state.path_mean).square().mean()
        weight = objective.path * objective.path_every
        self._step(penalty * weight, state.generator, state.generator_adam)
        return {"train/path": penalty, "train/path_length": mean}

    def _averaged(self, value: Tensor) -> Tensor:
        """The mean of a value over all processes."""
        if self.fabric.world_size == 1:
            return value
        return self._as_tensor(self.fabric.all_reduce(value, reduce_op="mean"))

    @staticmethod
    def _as_tensor(value: Any) -> Tensor:
        assert isinstance(value, Tensor)
        return value

    def _step(self, loss: Tensor, network: nn.Module, adam: torch.optim.Adam) -> None:
        """One Adam step on `loss`, with gradients averaged over processes.

        A wrapper around the networks could not average them: penalties differentiate
        twice, and path lengths give the mapping network no gradient.
        """
        adam.zero_grad(set_to_none=True)
        loss.backward()
        if self.fabric.world_size > 1:
            self._average_gradients(network)
        adam.step()

    def _average_gradients(self, network: nn.Module) -> None:
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        flat = self._averaged(torch.cat([g.flatten() for g in gradients]))
        parts = flat.split([g.numel() for g in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


def require_finite(losses: Mapping[str, float], iteration: int) -> None:
    """Raise FloatingPointError where a loss of an iteration is not finite."""
    # Losses are means over processes, so all processes stop here or none.
    for name, value in losses.items():
        if not abs(value) < float("inf"):
            raise FloatingPointError(
                f"{name} is not finite at iteration {iteration}: lower the learning "
                "rate, or use 32-bit precision"
            )
