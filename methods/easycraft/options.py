"""Options of EasyCraft.

Wang et al., "EasyCraft: A Robust and Efficient Framework for Automatic Avatar Crafting"
(CVPR 2025). No code was published, and only the abstract, a figure's caption and
summaries of it could be read for this implementation. What they leave open has our
defaults; those of the pretraining are the recipe of masked autoencoders (He et al.,
CVPR 2022).
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from methods.base import MethodOptions
from methods.estimator.augmentation import Augmentation
from methods.shared.options import Options

LARGE_BATCH = 256
"""Pictures in a step for which the published learning rate is meant."""
FACES = "faces"
"""The style of the train faces; other styles have the names of engines."""


class PretrainingOptions(Options):
    """The encoder T_e and its pretraining as a masked autoencoder.

    One encoder serves all engines and all seeds of a suite, as the paper's does.

    Attributes:
        engines: engines whose renders are shown, besides the train faces.
        face_share: share of the faces in each batch; the engines share the rest.
        size: side of its pictures in pixels.
        patch: side of a patch in pixels.
        width: of a token of the encoder (MAE: 768).
        depth: transformer blocks of the encoder (MAE: 12).
        heads: attention heads of the encoder (MAE: 12).
        decoder_width: of a token of the decoder (MAE: 512).
        decoder_depth: transformer blocks of the decoder (MAE: 8).
        decoder_heads: attention heads of the decoder (MAE: 16).
        hidden_share: share of hidden patches, MAE's mask ratio (paper and MAE: 0.75).
        least_crop: least share of a picture that a crop shows (MAE: 0.2 of the area).
            Here it is a share of the side. Tight crops lose the alignment.
        flip: mirror half of the pictures, as MAE does.
        steps: optimiser steps (MAE: 800 epochs).
        batch: pictures in each step (MAE: 4,096).
        learning_rate: for 256 pictures in a step (MAE: 0.00015); it is proportional to
            `batch`.
        weight_decay: of AdamW (MAE: 0.05).
        beta2: of AdamW (MAE: 0.95).
        seed: of the renders, the initial weights and the order of pictures.
        checkpoint_steps: steps between two checkpoints.
    """

    engines: tuple[str, ...] = ("toon-tiktok", "toon-alter", "avataaars")
    face_share: float = Field(default=0.5, ge=0, le=1)
    size: int = Field(default=224, ge=16, le=512)
    patch: int = Field(default=16, ge=1)
    width: int = Field(default=768, ge=4)
    depth: int = Field(default=12, ge=1)
    heads: int = Field(default=12, ge=1)
    decoder_width: int = Field(default=512, ge=4)
    decoder_depth: int = Field(default=8, ge=1)
    decoder_heads: int = Field(default=16, ge=1)
    hidden_share: float = Field(default=0.75, gt=0, lt=1)
    least_crop: float = Field(default=0.6, gt=0, le=1)
    flip: bool = True
    steps: int = Field(default=200_000, ge=0)
    batch: int = Field(default=256, ge=1)
    learning_rate: float = Field(default=1.5e-4, gt=0)
    weight_decay: float = Field(default=0.05, ge=0)
    beta2: float = Field(default=0.95, ge=0, lt=1)
    seed: int = Field(default=0, ge=0)
    checkpoint_steps: int = Field(default=500, ge=1)

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        if self.size % self.patch:
            raise ValueError(
                f"size: {self.size} px is no multiple of patch: {self.patch} px"
            )
        for name, width, heads in (
            ("heads", self.width, self.heads),
            ("decoder_heads", self.decoder_width, self.decoder_heads),
        ):
            if width % heads or width % 4:
                raise ValueError(
                    f"{name}: a token of {width} numbers needs a width that is a "
                    f"multiple of 4 and of the {heads} heads"
                )
        if not self.engines and self.face_share < 1:
            raise ValueError(
                "engines is empty, so there are no renders: set face_share to 1"
            )
        patches = (self.size // self.patch) ** 2
        if not 1 <= round(patches * (1 - self.hidden_share)) < patches:
            raise ValueError(
                f"hidden_share: {self.hidden_share} of {patches} patches leaves none "
                "visible or hides none"
            )
        if not all(self.counts.values()):
            raise ValueError(
                f"batch: {self.batch} pictures, with face_share: {self.face_share}, "
                "have no place for "
                + ", ".join(name for name, count in self.counts.items() if not count)
            )
        if len(set(self.engines)) < len(self.engines):
            raise ValueError("engines names an engine twice")
        return self

    @property
    def counts(self) -> dict[str, int]:
        """Pictures of the faces and of each engine in a batch, if they are shown."""
        faces = round(self.batch * self.face_share)
        counts = {FACES: faces} if self.face_share > 0 else {}
        if self.face_share < 1:
            share, more = divmod(self.batch - faces, max(1, len(self.engines)))
            counts |= {
                name: share + (number < more)
                for number, name in enumerate(self.engines)
            }
        return counts

    @property
    def rate(self) -> float:
        """The largest learning rate, for steps of `batch` pictures."""
        return self.learning_rate * self.batch / LARGE_BATCH


class HeadOptions(Options):
    """The heads T_p of one engine and their training on its renders.

    Attributes:
        views: augmented renders whose features are computed once; they cycle through
            the renders.
        width: units of both hidden layers.
        dropout: share of hidden units that are dropped.
        steps: optimiser steps (paper: 50 epochs).
        batch: pairs in each step.
        learning_rate: of Adam, the largest; it decays along half a cosine.
        continuous_weight: of the L1 losses.
        discrete_weight: of the cross-entropies.
        checkpoint_steps: steps between two checkpoints.
    """

    views: int = Field(default=20_000, ge=2)
    width: int = Field(default=256, ge=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    steps: int = Field(default=4_000, ge=1)
    batch: int = Field(default=256, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    continuous_weight: float = Field(default=1.0, ge=0)
    discrete_weight: float = Field(default=1.0, ge=0)
    checkpoint_steps: int = Field(default=500, ge=1)


class EasyCraftOptions(MethodOptions):
    """Options of EasyCraft.

    Attributes:
        input_size: side in pixels of renders and of the faces that `predict` takes.
        samples: renders of each engine, for the pretraining and for its heads. Methods
            with the same number share the renders.
        absent: share of renders in which each optional part but hair, such as glasses,
            is absent; None draws every option equally often.
        augmentation: the random changes of the renders that train the heads.
        pretraining: the encoder.
        head: the heads.
    """

    samples: int = Field(default=20_000, ge=1)
    absent: float | None = Field(default=None, ge=0, le=1)
    augmentation: Augmentation = Augmentation()
    pretraining: PretrainingOptions = PretrainingOptions()
    head: HeadOptions = HeadOptions()
