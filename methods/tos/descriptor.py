"""f, the frozen description of faces and avatars, and descriptors in the store."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmark.avatars.part_classes import PART_NAMES
from benchmark.storage.digests import bytes_digest, file_digest
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.base import MethodError
from methods.estimator.augmentation import Augmentation
from methods.f2p.alignment import TEMPLATES, Frame, align, placement_of
from methods.f2p.content import content_files
from methods.f2p.features import (
    Features,
    stored_features,
    view_of,
    view_options,
)
from methods.f2p.identity import Identity
from methods.f2p.parser_weights import load_parser, read_parser_card
from methods.networks.lightcnn import EMBEDDING
from methods.shared.pictures import as_tensor
from methods.tos.options import DescriptorOptions

DESCRIPTORS_VERSION = "1"
DESCRIPTORS = "descriptors.npy"
COLOURS = 3


class Descriptor:
    """f: (n, length) numbers of n pictures, under frozen networks.

    Attributes:
        digest: SHA-256 (hex) over all that descriptors depend on besides pictures.
        sizes: the length of each part, by name, in order.
    """

    digest: str
    sizes: Mapping[str, int]

    def __init__(
        self,
        weights: Mapping[str, Path],
        options: DescriptorOptions,
        device: str = "cpu",
    ) -> None:
        """Load the networks; MethodError where `weights` lacks a file."""
        self._options = options
        sizes: dict[str, int] = {}
        described: dict[str, object] = {
            "options": options.model_dump(mode="json", exclude={"parser"})
        }
        if options.identity_weight:
            self._identity = Identity(weights, options.networks, device)
            sizes["identity"] = EMBEDDING
            described["identity"] = self._identity.digest
        if options.reads_parts:
            file = _parser_file(weights, options.parser)
            self._parser = load_parser(file.parent, device)
            card = read_parser_card(file.parent)
            self._placement = placement_of(TEMPLATES[card.template], self._parser.size)
            values = [getattr(options.parts, part) for part in PART_NAMES]
            self._parts = torch.tensor(values, device=device).view(1, -1, 1, 1)
            described["parser"] = [file_digest(file), card.template, self._parser.size]
            side = self._parser.size
            with torch.inference_mode():
                blank = torch.zeros(1, 3, side, side, device=device)
                channels = self._parser.read(blank).features.shape[1]
            cells = options.side**2
            if options.content_weight:
                sizes["content"] = channels * cells
            if options.colour_weight:
                sizes["colour"] = COLOURS * cells
        self.sizes = sizes
        self.digest = bytes_digest(json.dumps(described, sort_keys=True).encode())

    @property
    def length(self) -> int:
        """Numbers in a descriptor."""
        return sum(self.sizes.values())

    def of(self, pictures: Tensor, frame: Frame) -> Tensor:
        """(n, length) descriptors of (n, 3, S, S) RGB pictures in [-1, 1].

        `frame` gives the positions of eyes and mouth. Differentiable in the pictures.
        Each part is scaled so that squared distances are weighted. Raises ValueError
        for pictures of another shape or range.
        """
        options, parts = self._options, list[Tensor]()
        if options.identity_weight:
            embeddings = self._identity.embeddings(pictures, frame)
            unit = functional.normalize(embeddings, dim=1)
            parts.append(unit * _scale(options.identity_weight, EMBEDDING))
        if options.reads_parts:
            aligned = align(pictures, frame, self._placement)
            parsed = self._parser.read(aligned)
            mask = (parsed.probabilities * self._parts).sum(dim=1, keepdim=True)
            colours = functional.adaptive_avg_pool2d(aligned, mask.shape[-1])
            for weight, values in (
                (options.content_weight, parsed.features),
                (options.colour_weight, colours),
            ):
                if weight:
                    grid = functional.adaptive_avg_pool2d(mask * values, options.side)
                    parts.append(grid.flatten(1) * _scale(weight, grid[0].numel()))
        return torch.cat(parts, dim=1)

    def distances(self, first: Tensor, second: Tensor) -> Tensor:
        """(n, k) weighted squared distances of n descriptors, one column a part."""
        squares = (first - second).square().split(list(self.sizes.values()), dim=1)
        return torch.stack([part.sum(dim=1) for part in squares], dim=1)


def _scale(weight: float, length: int) -> float:
    return math.sqrt(weight / length)


def _parser_file(weights: Mapping[str, Path], parser: str) -> Path:
    _, name = content_files(parser)
    if name not in weights:
        raise MethodError(
            f"the descriptor needs the weight file {name}: train a parser with "
            "`avatarbench train parser`, or name another in the option parser"
        )
    return weights[name]


def descriptors_of(
    count: int,
    load: Callable[[], NDArray[np.uint8]],
    digest: str,
    descriptor: Descriptor,
    frame: Frame,
    store: Store,
    progress: Progress,
    device: str,
    label: str,
    augmentation: Augmentation | None = None,
    seed: int | None = None,
) -> Features:
    """Descriptors of `count` pictures with that digest.

    `load` gives the (n, S, S, 3) uint8 pictures, and is called only where descriptors
    are missing. They are taken in order, again from the first where `count` is more
    than n, and augmented if `augmentation` is given. The descriptors are a stage of the
    store; a build that was killed resumes at the unfinished shard.
    """
    stage = Stage(
        "descriptors",
        DESCRIPTORS_VERSION,
        {"count": count, **view_options(frame, device, augmentation)},
        {"pictures": digest, "descriptor": descriptor.digest},
        seed,
    )

    def describe(rows: slice) -> NDArray[np.float32]:
        pictures = load()
        sources = np.arange(rows.start, rows.stop) % len(pictures)
        shard = as_tensor(pictures[sources], device)
        shard = view_of(shard, augmentation, seed, rows.start)
        with torch.no_grad():
            return descriptor.of(shard, frame).cpu().numpy()

    return stored_features(stage, DESCRIPTORS, count, describe, store, progress, label)
