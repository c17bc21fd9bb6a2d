"""The stages of SwiftAvatar before the estimator, known before they are built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from methods.planning import PlannedStage, planned_renders
from methods.shared.renders import renders_stage
from methods.swiftavatar.adaptation import adaptation_stage
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.encoder import encoder_stage
from methods.swiftavatar.inversion import latents_stage
from methods.swiftavatar.mean_latents import mean_latents_stage
from methods.swiftavatar.pairs import pairs_stage

MEASURED_SIDE = 64
"""The side in pixels of the generator that the seconds below were measured with."""
ADAPTED, PROJECTED = 0.066, 0.044
"""Seconds for a picture of the adaptation, with the published discriminator and with a
projected one. These and the following were measured on two cores of an AMD EPYC."""
ENCODED, SAMPLED, INVERTED, DRAWN = 0.017, 0.002, 0.012, 0.006
"""Seconds for a picture of the encoder's training, a sample of the mean, a step of the
inversion of a render, and a realistic face of the pairs."""


def planned_chain(chain: Chain) -> tuple[PlannedStage, ...]:
    """The stages of the first round of a chain in order; the last makes the pairs."""
    return tuple(_stages(chain))


def second_round(
    stages: Sequence[PlannedStage], inverted: int
) -> tuple[PlannedStage, ...]:
    """The stages that a sampling prior adds to those of the first round.

    Their keys depend on predictions, so they have none.
    """
    renders = replace(
        stages[0], work=f"{inverted:,} from the prior", units=inverted, stage=None
    )
    again = {"codes", "pairs", "estimator"}
    return (
        renders,
        *(replace(each, stage=None) for each in stages if each.name in again),
    )


def _stages(chain: Chain) -> Iterator[PlannedStage]:
    options, context, pair = chain.options, chain.context, chain.pair
    renders, seed, device = chain.renders, chain.seed, context.device
    size = pair.realistic.config.size
    # The work grows with the number of pixels.
    scale = (size / MEASURED_SIDE) ** 2
    drawn = renders_stage(context.engine, options.samples, size, seed, options.absent)
    yield planned_renders(drawn)
    own = options.adaptation
    adaptation = adaptation_stage(pair, renders, own, seed, device)
    yield PlannedStage(
        "adaptation",
        f"{own.steps:,} steps of {own.batch} pictures",
        own.steps * own.batch,
        scale * (ADAPTED if own.projected is None else PROJECTED),
        adaptation,
    )
    start = _start(chain, adaptation.key, scale)
    inversion = options.inversion
    latents = latents_stage(
        renders,
        chain.inverted,
        size,
        adaptation.key,
        None if start is None or start.stage is None else start.stage.key,
        inversion,
        context.weights,
        seed,
        device,
    )
    # Stored latent codes need no encoder; a second round has other ones.
    unused = (
        inversion.start == "encoder"
        and options.prior is None
        and context.store.has(latents)
    )
    if start is not None and not unused:
        yield start
    yield PlannedStage(
        "codes",
        f"{chain.inverted:,} renders, {inversion.steps} steps each",
        chain.inverted * inversion.steps,
        scale * INVERTED,
        latents,
    )
    yield _pairs(chain, latents.key, size, scale)


def _start(chain: Chain, avatar: str, scale: float) -> PlannedStage | None:
    """The stage at whose result the inversion starts; None if it has none."""
    options, context, seed = chain.options, chain.context, chain.seed
    if options.inversion.start == "mean":
        stage = mean_latents_stage(avatar, options.mean, seed, context.device)
        count = options.mean.glasses_samples if options.mean.glasses else 1
        work = f"{options.mean.samples:,} latent codes"
        return PlannedStage("mean-codes", work, count, scale * SAMPLED, stage)
    if options.inversion.start == "encoder":
        own = options.inversion.encoder
        stage = encoder_stage(
            chain.renders,
            avatar,
            options.inversion,
            context.weights,
            seed,
            context.device,
        )
        return PlannedStage(
            "encoder",
            f"{own.steps:,} steps of {own.batch} pictures",
            own.steps * own.batch,
            scale * ENCODED,
            stage,
        )
    return None


def _pairs(chain: Chain, latents: str, size: int, scale: float) -> PlannedStage:
    count = chain.inverted
    stage = pairs_stage(
        latents,
        chain.renders.vectors[:count],
        chain.pair.digest,
        chain.options.semantic,
        size,
        chain.seed,
        chain.context.device,
    )
    copies = chain.options.semantic.copies
    work = f"{count * copies:,} realistic faces with vectors"
    return PlannedStage("pairs", work, count * copies, scale * DRAWN, stage)
