"""Options of F2P and F2P v2. Defaults are the published numbers unless stated.

F2P: Shi et al., "Face-to-Parameter Translation for Game Character Auto-Creation" (ICCV
2019). F2P v2: Shi et al., "Fast and Robust Face-to-Parameter Translation for Game
Character Auto-Creation" (AAAI 2020). Journal version of both: "Neural Rendering for
Game Character Auto-creation" (TPAMI 2022), the source of the numbers.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from methods.base import MethodOptions
from methods.estimator.augmentation import Augmentation
from methods.f2p.alignment import Template
from methods.f2p.relaxed import ONE_SHOT_SHARPNESS, SEARCH_SHARPNESS
from methods.networks.lightcnn import LightCNNName
from methods.networks.translator import ScalarRange
from methods.shared.options import NewerOptions, Options

ImitatorSize = Literal[64, 128, 256, 512]
"""Picture sizes of the imitator in pixels; eight deconvolutions give 512."""


class ImitatorOptions(Options):
    """The imitator, a network that draws as the engine does (TPAMI 3.1, Table 2).

    The paper trains for 500,000 steps: 500 epochs over 16,000 of 20,000 renders in
    batches of 16. For fewer cores, a small `width` and `optimiser: adam` train faster.

    Attributes:
        size: side of its pictures in pixels. Below 512, one hidden layer is left out
            for each halving, from the output side.
        width: factor of the number of filters in every layer.
        start: initial weights, which the paper does not state. "dcgan": normal with
            standard deviation 0.02 (mean 1 for the scales of batch normalisation), as
            in DCGAN and an unofficial implementation. "torch": PyTorch's defaults.
        steps: optimiser steps.
        batch: renders per step.
        optimiser: "sgd" with momentum 0.9, as published, or "adam".
        learning_rate: 0.01 for "sgd", as published; 0.001 is suited to "adam".
        schedule: "tenths", 10 % less after each tenth of the steps, as published (every
            50 of 500 epochs); "cosine", a warm-up and a cosine decay to zero.
        held_out: share of the renders that is not trained on, only measured.
        checkpoint_steps: steps between two checkpoints.
    """

    size: ImitatorSize = 512
    width: float = Field(default=1.0, gt=0, le=4)
    start: Literal["dcgan", "torch"] = "dcgan"
    steps: int = Field(default=500_000, ge=0)
    batch: int = Field(default=16, ge=2)
    optimiser: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = Field(default=0.01, gt=0)
    schedule: Literal["tenths", "cosine"] = "tenths"
    held_out: float = Field(default=0.2, gt=0, lt=1)
    checkpoint_steps: int = Field(default=500, ge=1)


class PartWeights(Options):
    """Weight of each part in the content distance; the papers do not state them.

    Background, neck, clothes, hat and ear-rings have weight 0, because the engines here
    have no parameters for them.
    """

    background: float = Field(default=0.0, ge=0)
    skin: float = Field(default=1.0, ge=0)
    eyes: float = Field(default=1.0, ge=0)
    brows: float = Field(default=1.0, ge=0)
    mouth: float = Field(default=1.0, ge=0)
    nose: float = Field(default=1.0, ge=0)
    ears: float = Field(default=1.0, ge=0)
    hair: float = Field(default=1.0, ge=0)
    neck: float = Field(default=0.0, ge=0)
    cloth: float = Field(default=0.0, ge=0)
    glasses: float = Field(default=1.0, ge=0)
    hat: float = Field(default=0.0, ge=0)
    earring: float = Field(default=0.0, ge=0)


class SimilarityOptions(Options):
    """The similarity of faces (TPAMI section 3.2); a term of weight 0 is not computed.

    Attributes:
        template: alignment of the faces: the positions of eyes and mouth.
        identity: network of the face embeddings. The paper uses "lightcnn-29-v2", whose
            file users must provide; "lightcnn-v4" can be fetched.
        parser: face parser of the content: a folder of weights or its name.
        parts: weight of each part in the content.
        identity_weight: of 1 - cosine of the face embeddings (lambda 1 of the paper).
        content_weight: of the distance of weighted parsing features (lambda 2).
        content_reduction: "mean" or "sum" of the absolute differences. The paper writes
            an L1 norm, which is a sum. The default differs: a sum over thousands of
            features outweighs the identity, and a step of rate 10 leaves [0, 1].
    """

    template: Template = "portraits"
    identity: LightCNNName = "lightcnn-v4"
    parser: str = "parser128"
    parts: PartWeights = PartWeights()
    identity_weight: float = Field(default=0.01, ge=0)
    content_weight: float = Field(default=1.0, ge=0)
    content_reduction: Literal["mean", "sum"] = "mean"


class SearchOptions(Options):
    """The search for a vector by gradient descent (TPAMI section 3.3).

    Attributes:
        steps: gradient steps (paper: 50).
        learning_rate: initial rate of plain gradient descent (paper: 10).
        decay: factor of the rate every `decay_every` steps (paper: 0.8).
        decay_every: steps between two decays (paper: 5).
        sharpness: b of the softmax smoothing of discrete groups (paper: 100).
        batch: faces that are searched at once, independently of each other.
    """

    steps: int = Field(default=50, ge=0)
    learning_rate: float = Field(default=10.0, gt=0)
    decay: float = Field(default=0.8, gt=0, le=1)
    decay_every: int = Field(default=5, ge=1)
    sharpness: float = Field(default=SEARCH_SHARPNESS, gt=0)
    batch: int = Field(default=16, ge=1)


class TranslatorOptions(NewerOptions):
    """The translator, from an embedding to a vector (AAAI 2020; TPAMI, Table 4).

    Attributes:
        width: of its layers (paper: 512; the blocks are twice as wide inside).
        scalars: mapping of scalars to [0, 1], which the papers do not state. With
            "clamp", a scalar outside of the range gets no gradient.
        sharpness: b of the softmax smoothing of discrete groups (paper: 1).
        steps: Adam steps. Paper: up to 20 epochs of CelebA, which are 250,000 steps of
            16 faces.
        batch: faces per step; the journal does not state it.
        learning_rate: as published.
        schedule: of the rate; the paper mentions none.
        faces: number of train faces, from the first on; None means all.
        checkpoint_steps: steps between two checkpoints, in the warm start too.
        loopback_weight: of the distance between a vector and the prediction from its
            drawing (lambda 3 of the paper).
        loopback_reduction: "mean" or "sum" of the absolute differences. The paper
            writes an L1 norm, which is a sum. The default differs, to match the
            content's mean.
        content_rest: the content has weight 0 in one of this many steps (paper: 4); 0
            means never. The paper uses frontal faces in the other steps, but an
            unlabelled face set does not say which faces are frontal.
        warm_steps: supervised steps before the others, on pairs of renders and their
            vectors, with their own learning-rate schedule. Default 0: the journal does
            not mention a warm start, although the AAAI paper is said to have one.
        warm_batch: pairs per step of the warm start.
        warm_learning_rate: of the warm start, under the same schedule.
        warm_samples: number of the imitator's renders among these pairs.
        augmentation: random changes of the faces and of these renders, once for each
            picture; None keeps them as they are, as the papers do.
    """

    NEWER: ClassVar[frozenset[str]] = frozenset({"augmentation"})

    width: int = Field(default=512, ge=8)
    scalars: ScalarRange = "sigmoid"
    sharpness: float = Field(default=ONE_SHOT_SHARPNESS, gt=0)
    steps: int = Field(default=250_000, ge=0)
    batch: int = Field(default=16, ge=2)
    learning_rate: float = Field(default=1e-4, gt=0)
    schedule: Literal["constant", "cosine"] = "constant"
    faces: int | None = Field(default=None, ge=2)
    checkpoint_steps: int = Field(default=500, ge=1)
    loopback_weight: float = Field(default=1.0, ge=0)
    loopback_reduction: Literal["mean", "sum"] = "mean"
    content_rest: int = Field(default=4, ge=0)
    warm_steps: int = Field(default=0, ge=0)
    warm_batch: int = Field(default=64, ge=2)
    warm_learning_rate: float = Field(default=1e-3, gt=0)
    warm_samples: int = Field(default=10_000, ge=2)
    augmentation: Augmentation | None = None


class PriorOptions(Options):
    """The facial prior: principal components of train faces' vectors (TPAMI 3.5).

    Attributes:
        share: share of the variance in each group of parameters that the principal
            directions keep, at most 1; None means no prior.
        faces: number of train faces that it is fitted to; None means all.
    """

    share: float | None = Field(default=None, gt=0, le=1)
    faces: int | None = Field(default=None, ge=2)


class ImitationOptions(MethodOptions):
    """Options of a method that draws through an imitator.

    Fits with equal values share renders and imitator in the store.

    Attributes:
        samples: avatars that are rendered for the imitator (paper: 20,000).
        absent: share of them in which each optional part but hair, such as glasses, is
            absent; None draws every option with equal probability.
        imitator: the imitator.
        imitator_seed: seed of the renders and of the imitator. With a fixed value, runs
            with several seeds share one imitator. None uses the seed of the run.
    """

    samples: int = Field(default=20_000, ge=2)
    absent: float | None = Field(default=None, ge=0, le=1)
    imitator: ImitatorOptions = ImitatorOptions()
    imitator_seed: int | None = Field(default=None, ge=0)


class SharedOptions(ImitationOptions):
    """Options of F2P and F2P v2; fits with equal values share stages of the store.

    Attributes:
        input_size: side in pixels of the faces that `predict` takes.
        similarity: terms of the similarity and their weights.
        prior: the facial prior.
    """

    input_size: int = Field(default=224, ge=64, le=1024)
    similarity: SimilarityOptions = SimilarityOptions()
    prior: PriorOptions = PriorOptions()


class F2POptions(SharedOptions):
    """F2P: a search for each face."""

    search: SearchOptions = SearchOptions()


class F2PV2Options(SharedOptions):
    """F2P v2: a network that is trained once."""

    translator: TranslatorOptions = TranslatorOptions()
