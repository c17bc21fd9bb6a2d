"""Tiny engines with only the required interface, and fit contexts."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from benchmark.avatars import (
    AvatarSpec,
    AvatarVectors,
    Condition,
    Continuous,
    Discrete,
)
from benchmark.engines.base import EngineMeta
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.base import FitContext, Labelled, Pictures

DISCRETE_SPEC = AvatarSpec(
    "tiny-discrete",
    (
        Discrete("shape", "head", ("round", "square", "oval")),
        Discrete("glasses", "glasses", ("none", "worn"), optional=True),
    ),
)
CONTINUOUS_SPEC = AvatarSpec(
    "tiny-continuous", (Continuous("width", "head"), Continuous("length", "head"))
)
MIXED_SPEC = AvatarSpec(
    "tiny-mixed",
    (
        Continuous("width", "head"),
        Discrete("beard", "facial_hair", ("none", "full"), optional=True),
        Discrete(
            "beard_colour",
            "facial_hair",
            ("black", "red", "white"),
            colours=("#000000", "#aa3311", "#ffffff"),
            active_when=Condition("beard", ("full",)),
        ),
        Continuous("length", "head"),
    ),
)


class TinyEngine:
    """Draws the flat form of a vector as stripes."""

    __slots__ = ("meta", "spec")

    def __init__(self, spec):
        self.spec = spec
        self.meta = EngineMeta(spec.name, spec.name, "1", "here", "CC0-1.0")

    def render(self, vectors, size):
        stripes = np.linspace(0, vectors.spec.flat_size, size, endpoint=False)
        values = vectors.flat()[:, stripes.astype(int)]
        image = np.repeat(values[:, None, :, None], size, axis=1)
        return (np.repeat(image, 3, axis=3) * 200 + 20).astype(np.uint8)


@pytest.fixture(
    scope="session",
    params=[DISCRETE_SPEC, CONTINUOUS_SPEC, MIXED_SPEC],
    ids=["all-discrete", "all-continuous", "mixed"],
)
def engine(request):
    return TinyEngine(request.param)


@pytest.fixture(scope="session")
def mixed_engine():
    return TinyEngine(MIXED_SPEC)


@pytest.fixture(scope="session")
def make_context(tmp_path_factory):
    """Contexts with their own store, unless one is given."""

    def make(engine, labelled=False, store=None, seed=0, progress=None, weights=None):
        rng = np.random.default_rng(7)
        images = rng.integers(0, 256, (12, 64, 64, 3), dtype=np.uint8)
        digest = hashlib.sha256(images.tobytes()).hexdigest()
        faces = Pictures(images, digest)
        truth = AvatarVectors.sample(engine.spec, 12, seed=8)
        return FitContext(
            engine=engine,
            faces=faces,
            store=store or Store(tmp_path_factory.mktemp("store")),
            device="cpu",
            seed=seed,
            progress=progress or Silent(),
            weights=weights or {},
            labelled=Labelled(faces, truth, digest + " a") if labelled else None,
        )

    return make


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Use one thread: a second one does not speed up small networks.

    Other tests of the same process run suites, which set their own number.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
