"""Options of F2P and F2P v2; where the papers are silent, the default says whose it is.

The papers are Shi et al., "Face-to-Parameter Translation" (ICCV 2019), its follow-up
(AAAI 2020) and the journal version of both, "Neural Rendering for Game Character
Auto-creation" (TPAMI 2022), whose numbers are the defaults here.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from methods.base import MethodOptions

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


class SimilarityOptions(Section):
    """How the two terms of the similarity are weighed (TPAMI section 3.2).

    Attributes:
        identity_weight: of 1 - cosine of the face embeddings (lambda 1 of the paper).
        content_weight: of the distance of weighted parsing features (lambda 2).
        content_reduction: whether that distance is the "mean" of the absolute
            differences or their "sum". The paper writes an L1 norm, a sum; with it the
            identity counts for nothing beside thousands of features, and a step of rate
            10 leaves [0, 1] at once. The mean is our reading.
    """

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
    sharpness: float = Field(default=100.0, gt=0)
    batch: int = Field(default=16, ge=1)


class SharedOptions(MethodOptions):
    """What F2P and F2P v2 have in common; equal values share stages of the store.

    Attributes:
        input_size: side in pixels of the faces that `predict` wants.
        samples: avatars that are rendered for the imitator (the paper: 20,000).
        imitator: the imitator.
        imitator_seed: of the renders and of the imitator. Runs under several seeds
            share them where it is given; None gives each seed its own.
        similarity: the weights of the terms.
    """

    input_size: int = Field(default=224, ge=64, le=1024)
    samples: int = Field(default=20_000, ge=2)
    imitator: ImitatorOptions = ImitatorOptions()
    imitator_seed: int | None = Field(default=None, ge=0)
    similarity: SimilarityOptions = SimilarityOptions()


class F2POptions(SharedOptions):
    """F2P: a search for each face."""

    search: SearchOptions = SearchOptions()
