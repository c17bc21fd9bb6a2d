"""EasyCraft: an encoder of all styles, learned without labels, and heads on it.

Wang et al., "EasyCraft: A Robust and Efficient Framework for Automatic Avatar Crafting"
(CVPR 2025). Its text branch is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.avatars import AvatarVectors
from methods.base import FitContext, MethodError, MethodMeta
from methods.easycraft.heads import heads_stage, restore_heads, trained_heads
from methods.easycraft.options import EasyCraftOptions
from methods.easycraft.pretraining import (
    TrainedEncoder,
    features_of,
    planned_render_stages,
    pretraining_stage,
    pretraining_styles,
    restore_encoder,
    trained_encoder,
)
from methods.easycraft.trace import traced
from methods.estimator.render_pairs import render_pairs, render_pairs_stage
from methods.networks.masked_autoencoder import PictureEncoder
from methods.networks.parameter_heads import ParameterHeads
from methods.planning import PlannedStage, planned_renders
from methods.shared.pictures import check_faces
from methods.shared.saving import load_method, save_method
from methods.tracing import Trace

PARTS = ("encoder", "heads")
"""Prefixes of the tensors of a saved method."""
MEASURED_WORK = 64 * 192**2 * 6
"""Patches, squared width and depth of the encoder that was timed."""
PICTURE, FEATURE, PAIR = 0.007, 0.0075, 0.0002
"""Seconds on two cores of an AMD EPYC: for a picture of a step of that encoder's
pretraining, for its features of a picture, and for a pair of a step of the heads."""


@dataclass(frozen=True)
class _Fitted:
    """What predicting needs; `notes` are written into a saved method."""

    encoder: PictureEncoder
    heads: ParameterHeads
    notes: Mapping[str, Any]


class EasyCraft:
    """A frozen encoder gives a feature vector, and heads read the parameters off it.

    The encoder is a vision transformer that was pretrained as a masked autoencoder on
    train faces and on renders of several engines, without labels. One encoder serves
    all engines. The heads are trained on renders of one engine alone.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="easycraft",
        title="EasyCraft",
        version="1.0",
        paper="EasyCraft (Wang et al., CVPR 2025)",
        licence="Apache-2.0",
    )
    Options: ClassVar[type[EasyCraftOptions]] = EasyCraftOptions

    def __init__(self, options: EasyCraftOptions) -> None:
        self.options = options
        self._state: _Fitted | None = None

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """None: the encoder is trained from random weights."""
        return ()

    @classmethod
    def other_engines(cls, options: Any) -> tuple[str, ...]:
        """The engines whose renders the pretraining shows."""
        own = options.pretraining
        return own.engines if own.face_share < 1 else ()

    def planned_stages(self, context: FitContext) -> tuple[PlannedStage, ...]:
        """The renders of all engines, the pretraining and the heads."""
        options, own, head = self.options, self.options.pretraining, self.options.head
        pairs = render_pairs_stage(
            options.samples, options.input_size, options.absent, context
        )
        styles = pretraining_styles(options, context)
        encoder = pretraining_stage(options, styles, context.device)
        seen = own.steps * own.batch
        work = (own.size // own.patch) ** 2 * own.width**2 * own.depth / MEASURED_WORK
        pretraining = PlannedStage(
            "masked-autoencoder",
            f"{own.steps:,} steps of {own.batch} pictures",
            seen,
            PICTURE * work,
            encoder,
        )
        read = head.steps * head.batch
        seconds = head.views * FEATURE * work + read * PAIR
        heads = PlannedStage(
            "easycraft-heads",
            f"{head.steps:,} steps of {head.batch} pairs",
            read,
            seconds / read,
            heads_stage(encoder.key, pairs.key, options, context),
        )
        renders = {
            stage.key: stage for stage in (*planned_render_stages(options), pairs)
        }
        return (*map(planned_renders, renders.values()), pretraining, heads)

    def fit(self, context: FitContext) -> None:
        """Pretrain the encoder, then train the heads; both are stages of the store."""
        self._train(context)

    def trace(self, context: FitContext) -> Trace:
        """What the encoder reconstructs, and what the heads read off renders."""
        encoder = self._train(context)
        heads = self._fitted.heads
        return traced(encoder, heads, self.predict, self.options, context)

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Vectors for (n, 3, S, S) float32 faces in [-1, 1], S the input size.

        Faces pass through the networks one by one, so that a prediction depends on its
        own face only. Raises ValueError for other shapes and ranges.
        """
        fitted = self._fitted
        check_faces(faces, self.options.input_size)
        encoder, heads = fitted.encoder, fitted.heads
        rows = [torch.zeros(0, heads.spec.flat_size)]
        with torch.inference_mode():
            for face in faces:
                rows.append(heads(features_of(encoder, face[None])).cpu())
        return AvatarVectors.from_flat(heads.spec, torch.cat(rows).numpy())

    def save(self, folder: Path | str) -> None:
        """Write options, spec, encoder and heads."""
        fitted = self._fitted
        networks = dict(zip(PARTS, (fitted.encoder, fitted.heads), strict=True))
        tensors = {
            f"{part}.{name}": tensor
            for part, network in networks.items()
            for name, tensor in network.state_dict().items()
        }
        spec, notes = fitted.heads.spec, fitted.notes
        save_method(folder, self.meta, self.options, spec, notes, tensors)

    @classmethod
    def load(cls, folder: Path | str, device: str = "cpu") -> Self:
        """Read what `save` wrote, to predict on `device`."""
        saved = load_method(folder, cls.meta)
        method = cls(EasyCraftOptions.model_validate(saved.options))
        # Rounding depends on memory alignment, and tensors of a file are not aligned.
        tensors = {name: tensor.clone() for name, tensor in saved.tensors().items()}
        parts = {
            part: {
                name.removeprefix(f"{part}."): tensor
                for name, tensor in tensors.items()
                if name.startswith(f"{part}.")
            }
            for part in PARTS
        }
        options = method.options
        encoder = restore_encoder(options.pretraining, parts["encoder"], device)
        size, spec = encoder.feature_size, saved.spec
        heads = restore_heads(spec, size, options.head, parts["heads"], device)
        method._state = _Fitted(encoder, heads, saved.extra)
        return method

    def _train(self, context: FitContext) -> TrainedEncoder:
        """Train both networks and keep them for predictions."""
        options = self.options
        encoder = trained_encoder(options, context)
        size = options.input_size
        pairs = render_pairs(options.samples, size, options.absent, context)
        heads, digest = trained_heads(encoder, pairs, options, context)
        notes = {
            "encoder": encoder.digest,
            "heads": digest,
            "measures": dict(encoder.measures),
        }
        self._state = _Fitted(encoder.network, heads, notes)
        return encoder

    @property
    def _fitted(self) -> _Fitted:
        if self._state is None:
            raise MethodError(f"{self.meta.name} is not fitted: call fit or load first")
        return self._state
