"""SwiftAvatar as a contestant: the estimator, trained on what its chain produces."""

from __future__ import annotations

from typing import Any, ClassVar, get_args

from methods.base import FitContext, MethodMeta, PretrainedPart
from methods.estimator.estimation import EstimatorMethod
from methods.estimator.examples import Pairs
from methods.networks.backbones import WEIGHT_FILES
from methods.shared.stage_estimate import Foreseen
from methods.shared.tracing import Trace
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.foreseen import foreseen
from methods.swiftavatar.options import PerceptualName, SwiftAvatarOptions
from methods.swiftavatar.perceptual import required_weights
from methods.swiftavatar.pretrained_pair import pair_files
from methods.swiftavatar.trace import traced

PERCEPTUAL_FILES = tuple(
    file for name in get_args(PerceptualName) for file in required_weights(name)
)


class SwiftAvatar(EstimatorMethod):
    """Dual-domain generators, inversion, semantic augmentation, avatar estimator.

    With `semantic` at zeros and one copy it is the ablation's middle rung ("+ domain
    adaptation", Table 3).
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
        """The backbone's file, the pretrained pair, and the perceptual net's files."""
        inversion = options.inversion
        perceptual = (
            required_weights(inversion.perceptual)
            if inversion.perceptual_weight
            else ()
        )
        own = (*super().required_weights(options), *pair_files(options.generator))
        return tuple(dict.fromkeys((*own, *perceptual)))

    def chain(self, context: FitContext) -> Chain:
        """The stages that lead to the pairs, for a fit or to look at single steps."""
        return Chain(self.chain_options, context)

    def before(self, context: FitContext) -> tuple[tuple[Foreseen, ...], str]:
        """The stages of the chain."""
        return foreseen(self.chain(context))

    def pairs(self, context: FitContext) -> Pairs:
        """Faces from the realistic generator with the vectors they stand for."""
        return self.chain(context).pairs

    def trace(self, context: FitContext) -> Trace:
        """What each step of the chain reached; the estimator is not trained."""
        return traced(self.chain(context))
