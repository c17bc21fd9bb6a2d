"""SwiftAvatar as a method: the avatar estimator trained on its paired data."""

from __future__ import annotations

from typing import Any, ClassVar, get_args

from benchmark.avatars import AvatarVectors
from benchmark.weights import EFFICIENTNET_LITE0
from methods.base import FitContext, MethodMeta, PretrainedPart
from methods.estimator.estimation import EstimatorMethod, planned_training
from methods.estimator.examples import Pairs, joined, joined_digest
from methods.estimator.render_pairs import render_pairs, render_pairs_stage
from methods.networks.backbones import WEIGHT_FILES
from methods.planning import PlannedStage, planned_renders
from methods.shared.pictures import as_tensor, resized
from methods.shared.sampling_prior import SamplingPrior
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.options import PerceptualName, SwiftAvatarOptions
from methods.swiftavatar.perceptual import required_weights
from methods.swiftavatar.planning import planned_chain, second_round
from methods.swiftavatar.pretrained_pair import pair_files
from methods.swiftavatar.trace import traced
from methods.tracing import Trace

PREDICTED = 64
"""Train faces in memory at a time, at the estimator's input size."""

PERCEPTUAL_FILES = tuple(
    file for name in get_args(PerceptualName) for file in required_weights(name)
)


class SwiftAvatar(EstimatorMethod):
    """The method of SwiftAvatar, section 3.

    The dual-domain generators (3.1) produce paired data (3.2), on which the avatar
    estimator is trained (3.3). Without semantic augmentation (`NO_SEMANTIC`) it is the
    ablation step "+ domain adaptation" of Table 3.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="swiftavatar",
        title="SwiftAvatar",
        version="1.0",
        paper="SwiftAvatar (Wang et al., AAAI 2023)",
        licence="Apache-2.0",
        needs=tuple(dict.fromkeys((*WEIGHT_FILES.values(), *PERCEPTUAL_FILES))),
        pretrained=(
            PretrainedPart(
                "SemanticStyleGAN",
                "option `generator`; by default the project's own portraits64",
                "portraits with part maps (see the card of the weights)",
                "CC0-1.0 (portraits64)",
            ),
        ),
    )
    Options = SwiftAvatarOptions

    def __init__(self, options: SwiftAvatarOptions) -> None:
        super().__init__(options)
        self.chain_options = options

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """Files of the pretrained generator (section 3.1) and of other networks.

        The others are the backbone (section 3.3) and the perceptual network (section
        3.2).
        """
        inversion = options.inversion
        perceptual = (
            required_weights(inversion.perceptual)
            if inversion.perceptual_weight
            else ()
        )
        published = options.adaptation.projected is None
        lite0 = not published or inversion.start == "encoder"
        features = (EFFICIENTNET_LITE0,) if lite0 else ()
        pair = pair_files(options.generator, published)
        own = (*super().required_weights(options), *pair, *perceptual, *features)
        return tuple(dict.fromkeys(own))

    def chain(self, context: FitContext) -> Chain:
        """The stages before the estimator (SwiftAvatar, sections 3.1 and 3.2)."""
        return Chain(self.chain_options, context, self._prior(context))

    def _prior(self, context: FitContext) -> SamplingPrior | None:
        """The prior of the second round, which costs a fit of the first."""
        own = self.chain_options.prior
        if own is None:
            return None
        first = SwiftAvatar(self.chain_options.model_copy(update={"prior": None}))
        first.fit(context)
        faces, side = context.faces.images, self.options.input_size
        predicted = [
            first.predict(as_tensor(resized(faces[start : start + PREDICTED], side)))
            for start in range(0, len(faces), PREDICTED)
        ]
        vectors = AvatarVectors.concatenate(predicted)
        return SamplingPrior(vectors, own.uniform, own.spread)

    def pairs(self, context: FitContext) -> Pairs:
        """Realistic faces with their avatar vectors (SwiftAvatar, section 3.2).

        With `estimator_renders`, renders with theirs follow.
        """
        faces = self.chain(context).pairs
        options = self.chain_options
        if not options.estimator_renders:
            return faces
        renders = render_pairs(
            options.estimator_renders, options.input_size, options.absent, context
        )
        return joined((faces, renders), options.input_size)

    def planned_stages(self, context: FitContext) -> tuple[PlannedStage, ...]:
        """The stages of SwiftAvatar, sections 3.1 to 3.3."""
        options = self.chain_options
        chain = Chain(options, context)
        stages = planned_chain(chain)
        pairs = stages[-1].stage
        assert pairs is not None
        digest = pairs.key
        if options.estimator_renders:
            renders = render_pairs_stage(
                options.estimator_renders, options.input_size, options.absent, context
            )
            stages = (*stages, planned_renders(renders))
            digest = joined_digest((digest, renders.key))
        training = planned_training(context.engine.spec, digest, self.options, context)
        stages = (*stages, training)
        if options.prior is None:
            return stages
        return (*stages, *second_round(stages, chain.inverted))

    def trace(self, context: FitContext) -> Trace:
        """Trace the stages of SwiftAvatar, sections 3.1 and 3.2."""
        return traced(self.chain(context))
