"""A setup of TOS without weight files: a painter as emulator, columns as descriptor."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from tiny_training_setup import SPEC
from torch import nn

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.estimator.examples import row_order
from methods.f2p.alignment import TEMPLATES
from methods.f2p.imitation import TrainedImitator
from methods.shared.renders import Renders
from methods.tos.descriptor import descriptors_of
from methods.tos.options import TiedOptions, TosOptions
from methods.tos.setup import TiedSetup

FRAME = TEMPLATES["portraits"]
SIDE = 16
OPTIONS = TiedOptions(
    width=4, steps=8, batch=4, learning_rate=0.005, checkpoint_steps=3
)


class Painter(nn.Module):
    """Replaces an emulator: each number of the vector is a grey stripe."""

    size = SIDE

    def __init__(self):
        super().__init__()
        self.ink = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, vectors):
        stripes = (vectors * 2 - 1).repeat_interleave(SIDE // SPEC.flat_size, dim=1)
        return (stripes * self.ink)[:, None, None].expand(-1, 3, SIDE, -1)


class Columns:
    """Replaces f: a fixed linear map of a picture's mean columns."""

    digest = "columns"

    def __init__(self):
        generator = torch.Generator().manual_seed(0)
        self.matrix = torch.randn(SIDE, 12, generator=generator) / SIDE**0.5
        self.length, self.sizes = 12, {"columns": 12}

    def of(self, pictures, frame):
        return pictures.mean((1, 2)) @ self.matrix

    def distances(self, first, second):
        return (first - second).square().sum(dim=1, keepdim=True)


def painted(vectors):
    """(n, SIDE, SIDE, 3) uint8 pictures of vectors."""
    flat = torch.from_numpy(vectors.flat())
    emulator = TrainedImitator(SPEC, Painter(), "painter", {})
    grey = ((emulator.draw(flat) + 1) * 127.5).round().to(torch.uint8)
    return np.ascontiguousarray(grey.permute(0, 2, 3, 1).numpy())


def make_setup(root, people, count=48, **changes):
    """A setup whose faces show `people`, but have the descriptors of avatars."""
    options = TosOptions(tied=OPTIONS.model_copy(update=changes))
    vectors = AvatarVectors.sample(SPEC, count, seed=1)
    pictures = painted(vectors)
    digest = hashlib.sha256(pictures.tobytes()).hexdigest()
    renders = Renders(vectors, SIDE, digest, lambda: pictures)
    descriptor = Columns()
    place = (FRAME, Store(root), Silent(), "cpu", "renders")
    described = descriptors_of(count, renders.load, digest, descriptor, *place)
    faces = descriptor.of(drawn(people), FRAME)
    rows_at = row_order(len(faces), options.tied.batch, 0)
    return TiedSetup(
        emulator=TrainedImitator(SPEC, Painter().eval(), "painter", {}),
        descriptor=descriptor,
        avatars=FRAME,
        faces=lambda step: faces[rows_at(step)],
        faces_digest="faces",
        renders=renders,
        described=described,
        options=options,
        seed=0,
        device="cpu",
    )


def drawn(vectors):
    """(n, 3, SIDE, SIDE) pictures in [-1, 1] of vectors."""
    emulator = TrainedImitator(SPEC, Painter(), "painter", {})
    return emulator.draw(torch.from_numpy(vectors.flat()))
