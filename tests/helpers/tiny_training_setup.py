"""A training setup without weight files: a painter as imitator, and pixel features."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import nn

from benchmark.avatars import (
    AvatarSpec,
    AvatarVectors,
    Condition,
    Continuous,
    Discrete,
)
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.f2p.alignment import TEMPLATES
from methods.f2p.comparison import SimilarityNetwork
from methods.f2p.features import features_of
from methods.f2p.imitation import TrainedImitator
from methods.f2p.options import SimilarityOptions, TranslatorOptions
from methods.f2p.training_setup import Faces, TrainingSetup
from methods.f2p.warm_start import WarmPairs

FRAME = TEMPLATES["portraits"]
SPEC = AvatarSpec(
    "tiny",
    (
        Continuous("width", "head"),
        Discrete("beard", "facial_hair", ("none", "full"), optional=True),
        Discrete("shape", "head", ("round", "square", "oval")),
        Discrete(
            "colour",
            "facial_hair",
            ("red", "black"),
            colours=("#ff0000", "#000000"),
            active_when=Condition("beard", ("full",)),
        ),
    ),
)
SIDE = SPEC.flat_size
WEIGHTS = SimilarityOptions(identity_weight=0.1)
OPTIONS = TranslatorOptions(
    width=32,
    steps=60,
    batch=8,
    learning_rate=0.003,
    checkpoint_steps=4,
    warm_batch=8,
    warm_learning_rate=0.003,
)


class Painter(nn.Module):
    """Replaces an imitator: each number of the vector is a grey column."""

    def __init__(self):
        super().__init__()
        self.ink = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, vectors):
        columns = (vectors * 2 - 1) * self.ink
        return columns[:, None, None].expand(-1, 3, SIDE, -1)


class Pixels:
    """Replaces a term: a fixed linear map of a picture's columns."""

    def __init__(self, width, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.matrix = torch.randn(SIDE, width, generator=generator)
        self.digest = f"pixels {width} {seed}"
        self.calls = 0

    def features(self, pictures, frame):
        self.calls += 1
        return pictures.mean((1, 2)) @ self.matrix

    def distance(self, candidates, targets):
        return (candidates - targets).abs().mean(1)


def painted(vectors):
    """(n, SIDE, SIDE, 3) uint8 pictures of vectors."""
    pictures = Painter()(torch.from_numpy(vectors.flat()))
    grey = ((pictures + 1) * 127.5).round().to(torch.uint8)
    return np.ascontiguousarray(grey.permute(0, 2, 3, 1).numpy())


def make_features(root, pictures, term, progress=None, frame=FRAME, label="faces"):
    digest = hashlib.sha256(pictures.tobytes()).hexdigest()
    store, progress = Store(root), progress or Silent()
    return features_of(pictures, digest, term, frame, store, progress, "cpu", label)


def make_setup(root, count=40, weights=WEIGHTS, **changes):
    """A setup whose faces are drawings of known vectors."""
    vectors = AvatarVectors.sample(SPEC, count, seed=1)
    pictures = painted(vectors)
    terms = {"identity": Pixels(256, seed=1), "content": Pixels(SIDE, seed=2)}
    found = {k: make_features(root, pictures, term) for k, term in terms.items()}
    options = OPTIONS.model_copy(update=changes)
    pairs = WarmPairs(found["identity"], vectors) if options.warm_steps else None
    return TrainingSetup(
        imitator=TrainedImitator(SPEC, Painter().eval(), "painter", {}),
        similarity=SimilarityNetwork(terms, FRAME, FRAME),
        faces=Faces(found["identity"], found["content"]),
        pairs=pairs,
        options=options,
        weights=weights,
        seed=0,
        device="cpu",
    )
