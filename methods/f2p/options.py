"""Options of F2P and F2P v2; where the papers are silent, the default says whose it is.

The papers are Shi et al., "Face-to-Parameter Translation" (ICCV 2019), its follow-up
(AAAI 2020) and the journal version of both, "Neural Rendering for Game Character
Auto-creation" (TPAMI 2022), whose numbers are the defaults here.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from methods.base import MethodOptions
from methods.f2p.alignment import Template
from methods.f2p.relaxed import ONE_SHOT_SHARPNESS, SEARCH_SHARPNESS
from methods.networks.lightcnn import LightCNNName
from methods.networks.translator import ScalarRange

ImitatorSize = Literal[64, 128, 256, 512]
"""Sides in pixels that the imitator can draw: eight deconvolutions make 512."""


class Section(BaseModel):
    """Options of one part of the method; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ImitatorOptions(Section):
    """The network that draws as the engine does (TPAMI section 3.1, Table 2).

    The paper trains 500 epochs over 16,000 of 20,000 renders in batches of 16: 500,000
    steps, too many for two processor cores. `width` and `optimiser: adam` make it
    smaller and quicker.

    Attributes:
        size: side in pixels of its pictures. Under 512 the hidden layers nearest to the
            picture are left out, one a halving.
        width: factor of every layer's filters.
        start: how weights start, which the paper does not say: "dcgan", normal with
            deviation 0.02 (around 1 for batch normalisation's factors), as DCGAN and an
            unofficial program have it; "torch", as torch makes layers.
        steps: of the optimiser.
        batch: renders a step.
        optimiser: "sgd" with momentum 0.9, as published, or "adam".
        learning_rate: 0.01 for "sgd"; 0.001 serves "adam" well.
        schedule: "tenths", 10 % less after each tenth of the steps, as published (each
            50 of 500 epochs); "cosine" rises and falls to zero.
        held_out: share of the renders that it never sees and is measured on.
        checkpoint_steps: steps from one checkpoint to the next.
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


class PartWeights(Section):
    """How much each part counts in the content; the papers do not say.

    Ground, neck, clothes, hats and ear-rings count for nothing: engines here do not
    let one choose them.
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


class SimilarityOptions(Section):
    """How likeness is measured (TPAMI section 3.2); a term of weight 0 is not read.

    Attributes:
        template: what faces are aligned to: where their eyes and mouths lie.
        identity: the network of the face embeddings. The paper's is "lightcnn-29-v2",
            a file that users bring; "lightcnn-v4" can be fetched.
        parser: a folder of weights, or a name, of the face parser behind the content.
        parts: how much each part counts in the content.
        identity_weight: of 1 - cosine of the face embeddings (lambda 1 of the paper).
        content_weight: of the distance of weighted parsing features (lambda 2).
        content_reduction: whether that distance is the "mean" of the absolute
            differences or their "sum". The paper writes an L1 norm, a sum; with it the
            identity counts for nothing beside thousands of features, and a step of rate
            10 leaves [0, 1] at once. The mean is our reading.
    """

    template: Template = "portraits"
    identity: LightCNNName = "lightcnn-v4"
    parser: str = "parser128"
    parts: PartWeights = PartWeights()
    identity_weight: float = Field(default=0.01, ge=0)
    content_weight: float = Field(default=1.0, ge=0)
    content_reduction: Literal["mean", "sum"] = "mean"


class SearchOptions(Section):
    """The search for a vector by gradient descent (TPAMI section 3.3).

    Attributes:
        steps: gradient steps (the paper: 50).
        learning_rate: of plain gradient descent, in the first steps (the paper: 10).
        decay: the rate's factor every `decay_every` steps (the paper: 20 % less).
        decay_every: steps from one decay to the next (the paper: 5).
        sharpness: b of the softmax smoothing of discrete groups (the paper: 100).
        batch: faces that are searched at once; each one's path is its own.
    """

    steps: int = Field(default=50, ge=0)
    learning_rate: float = Field(default=10.0, gt=0)
    decay: float = Field(default=0.8, gt=0, le=1)
    decay_every: int = Field(default=5, ge=1)
    sharpness: float = Field(default=SEARCH_SHARPNESS, gt=0)
    batch: int = Field(default=16, ge=1)


class TranslatorOptions(Section):
    """The network from an embedding to a vector (AAAI 2020; TPAMI, Table 4).

    Attributes:
        width: of its layers (the paper: 512; the blocks are twice as wide inside).
        scalars: how scalars come into [0, 1], which the papers leave open. Under
            "clamp" one that leaves the range does not learn until others bring it back.
        sharpness: b of the softmax smoothing of discrete groups (the paper: 1).
        steps: of Adam. The paper: up to 20 epochs of CelebA, 250,000 steps at 16 faces.
        batch: faces a step; the journal does not say.
        learning_rate: the paper's.
        schedule: of the rate; the paper tells of no change.
        faces: how many of the train faces are learnt from, the first ones; None for
            all.
        checkpoint_steps: steps from one checkpoint to the next; of the warm start too.
        loopback_weight: of the distance between a vector and what the network makes of
            its picture (lambda 3 of the paper).
        loopback_reduction: "mean" or "sum" of the absolute differences. The paper
            writes an L1 norm, a sum; the mean goes with that of the content.
        content_rest: the content's weight is 0 in every step of this number (the paper:
            4); 0 never leaves it out. The paper shows frontal faces in the other steps,
            which an unlabelled face set cannot tell apart.
        warm_steps: steps before these, on pairs of renders and their vectors, with a
            course of the rate of their own. The AAAI paper is quoted to pre-train so,
            the journal does not tell of it: off.
        warm_batch: pairs a step.
        warm_learning_rate: under the same schedule.
        warm_samples: how many of the imitator's renders make these pairs.
    """

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


class PriorOptions(Section):
    """The facial prior: vectors like those predicted for train faces (TPAMI 3.5).

    Attributes:
        share: of the variance in each group of parameters that its principal directions
            keep, at most 1; None leaves the prior out.
        faces: how many train faces it is fitted on; None for all.
    """

    share: float | None = Field(default=None, gt=0, le=1)
    faces: int | None = Field(default=None, ge=2)


class SharedOptions(MethodOptions):
    """What F2P and F2P v2 have in common; equal values share stages of the store.

    Attributes:
        input_size: side in pixels of the faces that `predict` wants.
        samples: avatars that are rendered for the imitator (the paper: 20,000).
        absent: share of them in which each optional part, such as glasses, is absent;
            None draws every option equally often.
        imitator: the imitator.
        imitator_seed: of the renders and of the imitator. Runs under several seeds
            share them where it is given; None gives each seed its own.
        similarity: the weights of the terms.
        prior: the facial prior.
    """

    input_size: int = Field(default=224, ge=64, le=1024)
    samples: int = Field(default=20_000, ge=2)
    absent: float | None = Field(default=None, ge=0, le=1)
    imitator: ImitatorOptions = ImitatorOptions()
    imitator_seed: int | None = Field(default=None, ge=0)
    similarity: SimilarityOptions = SimilarityOptions()
    prior: PriorOptions = PriorOptions()


class F2POptions(SharedOptions):
    """F2P: a search for each face."""

    search: SearchOptions = SearchOptions()


class F2PV2Options(SharedOptions):
    """F2P v2: a network that is trained once."""

    translator: TranslatorOptions = TranslatorOptions()
