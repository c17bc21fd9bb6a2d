"""The costly stages of a suite: floating-point operations and disk of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import ValidationError

from benchmark.config.option_merge import (
    expand_fallbacks,
    merged_options,
    options_on_engine,
)
from benchmark.config.suite import Suite, VariantSection
from benchmark.registry import METHODS, Unavailable, UnknownName
from methods.base import MethodOptions
from methods.baseline import BaselineOptions
from methods.estimator.options import EstimatorOptions
from methods.f2p.options import F2POptions, F2PV2Options, SharedOptions
from methods.swiftavatar.options import SwiftAvatarOptions

SIDE = 512
"""Side in pixels of the pictures of the published generator."""
PICTURE = SIDE * SIDE * 3
"""Bytes of such a picture."""
LATENT = 28 * 512 * 2
"""Bytes of a stored latent code."""
LOSSLESS = 0.35
"""Bytes of a picture as lossless WebP for each byte of its pixels: measured on ten
portraits of 512 px."""

GENERATOR = 137.0
DISCRIMINATOR = 125.0
RESNET18 = 3.63
VGG16 = 40.1
IMITATOR = 6.45
LIGHTCNN = 7.12
PARSER = 4.75
"""GFLOP of a forward pass for one picture: the published 512-px networks, ResNet-18 at
224 px, VGG-16 at 256 px and a face parser at 512 px. A backward pass to the weights
costs twice as much as a forward pass, one to the input as much."""


@dataclass(frozen=True)
class GpuStage:
    """A stage of an engine, shared by the variants with equal options.

    Attributes:
        engine: name of the engine.
        name: what is done.
        gflop: GFLOP of all its work; 0 for work on the CPU.
        sharded: whether parts of it can run on several GPUs at once.
        disk: bytes in the store.
        unpacked: bytes on disk that its result takes while an estimator learns from it.
    """

    engine: str
    name: str
    gflop: float
    sharded: bool
    disk: float
    unpacked: float = 0


def gpu_stages(suite: Suite) -> list[list[GpuStage]]:
    """The stages of each variant on each engine, in order.

    Variants share equal stages. Methods of plugins and invalid options are left out.
    The generator is assumed to be the published one.
    """
    return [
        list(_stages(engine, section.name, options, len(suite.seeds)))
        for engine in suite.engines
        for section in suite.variants
        for options in _options_on(suite, section, engine)
    ]


def _options_on(
    suite: Suite, section: VariantSection, engine: str
) -> Iterator[MethodOptions]:
    """The options of a variant on an engine; none if they are not valid."""
    try:
        method = METHODS.load(section.method)
        accepted, old = method.Options.accepted_names(), method.Options.old_names()
        wanted = merged_options(suite, section, accepted, old)
        own = section.engine_options.get(engine, {})
        data = options_on_engine(next(expand_fallbacks(wanted)), own, old)
        yield method.Options.model_validate(data)
    except (UnknownName, Unavailable, ValidationError):
        return


def _stages(
    engine: str, variant: str, options: MethodOptions, seeds: int
) -> Iterator[GpuStage]:
    if isinstance(options, SwiftAvatarOptions):
        chains = 1 if options.chain_seed is not None else seeds
        yield from _repeated(_chain(engine, variant, options), chains)
        yield from _repeated(_estimator(engine, variant, options), seeds)
    elif isinstance(options, BaselineOptions):
        yield _renders(engine, options.samples, options.input_size)
        yield from _repeated(_estimator(engine, variant, options), seeds)
    elif isinstance(options, SharedOptions):
        yield from _repeated(_f2p(engine, variant, options), seeds)


def _repeated(stages: Iterator[GpuStage], times: int) -> Iterator[GpuStage]:
    for stage in stages:
        yield replace(stage, gflop=stage.gflop * times, disk=stage.disk * times)


def _renders(engine: str, count: int, side: int) -> GpuStage:
    name = f"{count:,} renders of {side} px"
    return GpuStage(engine, name, 0, True, count * side * side * 3)


def _chain(
    engine: str, variant: str, options: SwiftAvatarOptions
) -> Iterator[GpuStage]:
    """SwiftAvatar, sections 3.1 and 3.2."""
    yield _renders(engine, options.samples, SIDE)
    tuned, count = options.adaptation, options.inverted or options.samples
    # Each picture: a sample for the discriminator, a sample with gradient, the same
    # code in the realistic generator, three passes of the discriminator with gradient.
    generator, discriminator = 1 + 3 + 1, 3 + 3 + 2
    # Gradients of gradients cost about twice as much.
    generator += 6 * 0.5 / tuned.path_every if tuned.path else 0
    discriminator += 6 / tuned.r1_every if tuned.r1 else 0
    picture = generator * GENERATOR + discriminator * DISCRIMINATOR
    yield GpuStage(
        engine,
        f"adaptation, {tuned.steps:,} steps of {tuned.batch}",
        tuned.steps * tuned.batch * picture,
        False,
        4 * (20.3e6 + 51.4e6),
    )
    step = 2 * GENERATOR + (2 * VGG16 if options.inversion.perceptual_weight else 0)
    steps = options.inversion.steps
    yield GpuStage(
        engine,
        f"inversion of {count:,}, {steps} steps",
        count * steps * step,
        True,
        count * LATENT,
    )
    pairs = count * options.semantic.copies
    yield GpuStage(
        engine,
        f"{pairs:,} pairs ({variant})",
        pairs * GENERATOR,
        True,
        pairs * (LOSSLESS * PICTURE + LATENT),
        0 if options.cached_views else (pairs + options.estimator_renders) * PICTURE,
    )


def _estimator(
    engine: str, variant: str, options: EstimatorOptions
) -> Iterator[GpuStage]:
    steps, batch = options.steps, options.batch_size
    name = f"estimator ({variant}), {steps:,} steps of {batch}"
    scale = (options.input_size / 224) ** 2
    gflop = steps * batch * 3 * RESNET18 * scale
    yield GpuStage(engine, name, gflop, False, 4 * 11.7e6)


def _f2p(engine: str, variant: str, options: SharedOptions) -> Iterator[GpuStage]:
    imitator = options.imitator
    drawn = IMITATOR * imitator.width**2 * (imitator.size / SIDE) ** 2
    yield _renders(engine, options.samples, imitator.size)
    yield GpuStage(
        engine,
        f"imitator, {imitator.steps:,} steps of {imitator.batch}",
        imitator.steps * imitator.batch * 3 * drawn,
        False,
        4 * 12e6,
    )
    compared = 2 * (drawn + LIGHTCNN + PARSER)
    if isinstance(options, F2PV2Options):
        learned = options.translator
        yield GpuStage(
            engine,
            f"translator ({variant}), {learned.steps:,} steps of {learned.batch}",
            learned.steps * learned.batch * (compared + drawn),
            False,
            4 * 5e6,
        )
    elif isinstance(options, F2POptions):
        yield GpuStage(
            engine,
            f"search ({variant}), {options.search.steps} steps for each of 116 faces",
            116 * options.search.steps * compared,
            True,
            0,
        )
