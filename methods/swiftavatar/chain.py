"""The stages of SwiftAvatar before the estimator, each built on first use."""

from __future__ import annotations

from functools import cached_property

from methods.base import FitContext
from methods.shared.renders import Renders, training_renders
from methods.shared.sampling_prior import SamplingPrior
from methods.swiftavatar.adaptation import AdaptedGenerator, adapted_generator
from methods.swiftavatar.encoder import TrainedEncoder, trained_encoder
from methods.swiftavatar.inversion import (
    RenderLatents,
    inverted_latents,
    perceptual_network,
)
from methods.swiftavatar.mean_latents import MeanLatents, mean_latents
from methods.swiftavatar.options import SwiftAvatarOptions
from methods.swiftavatar.pairs import FacePairs, produced_pairs
from methods.swiftavatar.pretrained_pair import PretrainedPair, open_pair


class Chain:
    """From an engine to training pairs (SwiftAvatar, sections 3.1 and 3.2, Figure 3).

    Every stage is cached in the context's store, so a fit and a trace share the stages.
    """

    def __init__(
        self,
        options: SwiftAvatarOptions,
        context: FitContext,
        prior: SamplingPrior | None = None,
    ) -> None:
        """Make the chain of a context; `prior` draws the inverted avatars, if given."""
        self.options, self.context, self._prior = options, context, prior
        own = options.chain_seed
        self.seed = context.seed if own is None else own

    @property
    def inverted(self) -> int:
        """Number of renders that are inverted (SwiftAvatar, section 3.2)."""
        return self.options.inverted or self.options.samples

    @cached_property
    def pair(self) -> PretrainedPair:
        """The pretrained realistic generator (SwiftAvatar, section 3.1)."""
        published = self.options.adaptation.projected is None
        return open_pair(self.context.weights, self.context.device, published)

    @cached_property
    def renders(self) -> Renders:
        """Random avatars at the generator's size, for the adaptation (section 3.1)."""
        context = self.context
        return training_renders(
            context.engine,
            self.options.samples,
            self.pair.realistic.config.size,
            self.seed,
            context.store,
            context.progress,
            self.options.absent,
        )

    @cached_property
    def inverted_renders(self) -> Renders:
        """The avatars whose first `inverted` are inverted (SwiftAvatar, section 3.2).

        They are `renders`, or drawn from the prior.
        """
        if self._prior is None:
            return self.renders
        context = self.context
        return training_renders(
            context.engine,
            self.inverted,
            self.pair.realistic.config.size,
            self.seed,
            context.store,
            context.progress,
            prior=self._prior,
        )

    @cached_property
    def adapted(self) -> AdaptedGenerator:
        """The avatar generator (SwiftAvatar, section 3.1)."""
        context = self.context
        return adapted_generator(
            self.pair,
            self.renders,
            self.options.adaptation,
            self.seed,
            context.store,
            context.progress,
            context.device,
        )

    @cached_property
    def means(self) -> MeanLatents | None:
        """The mean latent codes at which inversion starts (SwiftAvatar, appendix).

        None with another `inversion.start`.
        """
        if self.options.inversion.start != "mean":
            return None
        return mean_latents(
            self.adapted.generator,
            self.adapted.digest,
            self.options.mean,
            self.seed,
            self.context.store,
            self.context.progress,
        )

    @cached_property
    def encoder(self) -> TrainedEncoder | None:
        """The encoder at whose predictions inversion starts.

        None with another `inversion.start`.
        """
        if self.options.inversion.start != "encoder":
            return None
        context, options = self.context, self.options.inversion
        return trained_encoder(
            self.renders,
            self.adapted.generator,
            self.adapted.digest,
            perceptual_network(options, context.weights, context.device),
            options,
            context.weights,
            self.seed,
            context.store,
            context.progress,
            context.device,
        )

    @cached_property
    def latents(self) -> RenderLatents:
        """The latent codes of the renders (SwiftAvatar, equations 4 and 5)."""
        context = self.context
        return inverted_latents(
            self.inverted_renders,
            self.inverted,
            self.adapted.generator,
            self.adapted.digest,
            self.pair.realistic,
            self.means or self.encoder,
            self.options.inversion,
            context.weights,
            self.seed,
            context.store,
            context.progress,
            context.device,
        )

    @cached_property
    def pairs(self) -> FacePairs:
        """Realistic faces with their vectors (SwiftAvatar, equations 6 and 7)."""
        context = self.context
        return produced_pairs(
            self.latents,
            self.inverted_renders.vectors,
            self.pair.realistic,
            self.pair.digest,
            self.options.semantic,
            self.pair.realistic.config.size,
            self.seed,
            context.store,
            context.progress,
        )
