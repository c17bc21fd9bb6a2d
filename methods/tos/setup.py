"""What a training of TOS depends on: frozen networks, faces and renders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec
from methods.base import FitContext
from methods.estimator.augmentation import augment
from methods.estimator.examples import row_order
from methods.f2p.alignment import TEMPLATES, Frame
from methods.f2p.features import Features
from methods.f2p.imitation import TrainedImitator, fit_imitator, imitator_renders
from methods.f2p.landmarks import find_landmarks
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of, seed_of
from methods.shared.renders import Renders
from methods.tos.descriptor import Descriptor, descriptors_of
from methods.tos.options import TosOptions

FaceDescriptors = Callable[[int], Tensor]
"""Gives the (batch, length) descriptors of a step's faces; depends on the step only."""


@dataclass(frozen=True)
class TiedSetup:
    """All that the training of g, c and d depends on. It holds no pairs.

    Attributes:
        emulator: e, frozen; the imitator of F2P.
        descriptor: f, frozen.
        avatars: positions of eyes and mouth in renders and in drawings of g.
        faces: f(x) of a step's faces.
        faces_digest: digest of the faces, and of how they are augmented.
        renders: y, pictures of random avatars; their vectors are not used.
        described: f(y) of the renders.
        options: all options.
        seed: of initial weights and of the order of faces and renders.
        device: of all networks.
    """

    emulator: TrainedImitator
    descriptor: Descriptor
    avatars: Frame
    faces: FaceDescriptors
    faces_digest: str
    renders: Renders
    described: Features
    options: TosOptions
    seed: int
    device: str

    @property
    def spec(self) -> AvatarSpec:
        """The engine's parameters."""
        return self.emulator.spec

    @property
    def label(self) -> str:
        """The name of the training in progress bars and curves."""
        return f"{self.spec.name} tied output"


def prepare_setup(
    options: TosOptions, context: FitContext, weights: Mapping[str, Path]
) -> TiedSetup:
    """The setup for a context's faces and engine.

    Renders, emulator and descriptors are stages of the store. The positions of eyes and
    mouth in the engine's avatars are measured on a few renders.
    """
    emulator = fit_imitator(context, options)
    renders = imitator_renders(context, options)
    descriptor = Descriptor(weights, options.descriptor, context.device)
    avatars = find_landmarks(context.engine).frame
    described = descriptors_of(
        len(renders.vectors),
        lambda: renders.pictures,
        renders.digest,
        descriptor,
        avatars,
        context.store,
        context.progress,
        context.device,
        "descriptors of renders",
    )
    faces, faces_digest = _faces(descriptor, options, context)
    return TiedSetup(
        emulator,
        descriptor,
        avatars,
        faces,
        faces_digest,
        renders,
        described,
        options,
        context.seed,
        context.device,
    )


def _faces(
    descriptor: Descriptor, options: TosOptions, context: FitContext
) -> tuple[FaceDescriptors, str]:
    """The descriptors of augmented train faces by step, and their digest."""
    frame = TEMPLATES[options.descriptor.template]
    pictures, augmentation = context.faces, options.augmentation
    seed, device, batch = context.seed, context.device, options.tied.batch
    if options.cached_views:
        views = descriptors_of(
            options.cached_views,
            lambda: pictures.images,
            pictures.digest,
            descriptor,
            frame,
            context.store,
            context.progress,
            device,
            "descriptors of faces",
            augmentation,
            seed,
        )
        rows_at = row_order(len(views), batch, seed_of("faces", seed))
        return lambda step: views.rows(rows_at(step), device), views.digest
    rows_at = row_order(len(pictures.images), batch, seed_of("faces", seed))

    @torch.no_grad()
    def fresh(step: int) -> Tensor:
        faces = as_tensor(pictures.images[rows_at(step).numpy()], device)
        generator = generator_of("augment", seed, step)
        return descriptor.of(augment(faces, augmentation, generator), frame)

    return fresh, f"{pictures.digest} {augmentation.model_dump_json()} {frame}"
