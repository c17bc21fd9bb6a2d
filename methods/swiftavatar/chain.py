"""The stages of SwiftAvatar in their order, each made when it is first asked for."""

from __future__ import annotations

from functools import cached_property

from methods.base import FitContext
from methods.shared.renders import Renders, training_renders
from methods.swiftavatar.adaptation import Adapted, adapted_generator
from methods.swiftavatar.inversion import Codes, inverted_codes
from methods.swiftavatar.mean_codes import MeanCodes, mean_codes
from methods.swiftavatar.options import SwiftAvatarOptions
from methods.swiftavatar.pairs import FacePairs, produced_pairs
from methods.swiftavatar.pretrained_pair import Pair, open_pair


class Chain:
    """From an engine to pairs of realistic faces and avatar vectors (Figure 3 a, b).

    Every stage lies in the context's store, so that asking again, from a fit or to
    measure a step, makes nothing twice.
    """

    def __init__(self, options: SwiftAvatarOptions, context: FitContext) -> None:
        self.options, self.context = options, context
        own = options.chain_seed
        self.seed = context.seed if own is None else own

    @property
    def inverted(self) -> int:
        """How many renders are inverted, the first ones."""
        return self.options.inverted or self.options.samples

    @cached_property
    def pair(self) -> Pair:
        """The pretrained realistic generator and its discriminator."""
        return open_pair(self.context.weights, self.context.device)

    @cached_property
    def renders(self) -> Renders:
        """Random avatars of the engine at the generator's size."""
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
    def adapted(self) -> Adapted:
        """The avatar generator (section 3.1)."""
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
    def means(self) -> MeanCodes | None:
        """Where inversion starts (section 3.2, appendix); None where at samples."""
        if self.options.inversion.start != "mean":
            return None
        return mean_codes(
            self.adapted.generator,
            self.adapted.digest,
            self.options.mean,
            self.seed,
            self.context.store,
            self.context.progress,
        )

    @cached_property
    def codes(self) -> Codes:
        """Latent codes of the renders (section 3.2, equations 4 and 5)."""
        context = self.context
        return inverted_codes(
            self.renders,
            self.inverted,
            self.adapted.generator,
            self.adapted.digest,
            self.means,
            self.options.inversion,
            context.weights,
            self.seed,
            context.store,
            context.progress,
            context.device,
        )

    @cached_property
    def pairs(self) -> FacePairs:
        """Realistic faces with the vectors they stand for (equations 6 and 7)."""
        context = self.context
        return produced_pairs(
            self.codes,
            self.renders.vectors,
            self.pair.realistic,
            self.pair.digest,
            self.options.semantic,
            self.pair.realistic.config.size,
            self.seed,
            context.store,
            context.progress,
        )
