"""Training and evaluation of the face parser on portraits with part maps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from benchmark.avatars.part_classes import PART_NAMES
from benchmark.faces.parsed import ParsedFaces
from benchmark.system.progress import Progress
from methods.estimator.augmentation import Augmentation, augment
from methods.estimator.examples import row_order
from methods.estimator.training import Recipe, train
from methods.networks.face_parser import FaceParser, ParserConfig, PartParser
from methods.shared.options import Options
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of

SHIFT, SCALE, TURN = 0.08, 0.15, 10.0
"""Maximum shift (share of the side), change of scale, and rotation (degrees)."""

PIXEL_AUGMENTATION = Augmentation(
    light=True, blur=True, colour=True, crop=False, flip=False
)
"""Augmentations of `methods.estimator.augmentation` that do not move pixels."""

MEASURED = 25
"""Batch size of evaluation."""


class ParserRecipe(Options):
    """How a parser is trained.

    Attributes:
        size: side of the faces in pixels.
        steps: Adam steps; a linear warm-up over the first 5 %, then a cosine decay.
        batch: faces per step.
        learning_rate: its maximum.
        checkpoint_steps: steps between two checkpoints.
        seed: of initial weights, order and augmentation.
    """

    size: int = Field(default=128, ge=64, le=512, multiple_of=16)
    steps: int = Field(default=2000, ge=1)
    batch: int = Field(default=16, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    checkpoint_steps: int = Field(default=100, ge=1)
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class ParserQuality:
    """Agreement of predicted with true part maps, over all pixels of all faces.

    Attributes:
        iou: intersection over union of each class, in [0, 1]; None where no true map
            shows the class.
        mean_iou: the mean over the classes that are shown.
        accuracy: share of pixels with the right class.
    """

    iou: dict[str, float | None]
    mean_iou: float
    accuracy: float


def train_parser(
    faces: ParsedFaces,
    encoder: Path,
    recipe: ParserRecipe,
    scratch: Path,
    progress: Progress,
    device: str = "cpu",
) -> FaceParser:
    """Train a parser with cross-entropy, starting from an ImageNet `encoder`.

    Random numbers of a step depend on the seed and the step only. A training that was
    killed and is started again with the same `scratch` ends with the same bytes. Raises
    ValueError for faces of another size than the recipe's, and WeightMismatch where
    `encoder` does not hold the encoder's weights.
    """
    if faces.size != recipe.size:
        raise ValueError(
            f"{faces.name} has faces of {faces.size} px, the recipe needs {recipe.size}"
        )
    network = _initial_network(encoder, recipe).to(device)
    weights = class_weights(faces).to(device)
    rows_at = row_order(len(faces), recipe.batch, recipe.seed)

    def loss_at(step: int) -> Tensor:
        pictures, parts = faces.batch(rows_at(step).numpy())
        generator = generator_of("parser", recipe.seed, step)
        inputs, targets = augment_with_maps(
            as_tensor(pictures, device), torch.from_numpy(parts).to(device), generator
        )
        return functional.cross_entropy(network(inputs), targets, weights)

    scratch.mkdir(parents=True, exist_ok=True)
    plan = Recipe(recipe.steps, recipe.learning_rate, "cosine", recipe.checkpoint_steps)
    train(network, loss_at, plan, scratch, progress, "face parser")
    return network.eval()


def class_weights(faces: ParsedFaces) -> Tensor:
    """(13,) class weights: 1 over the square root of the class's share of pixels.

    They are scaled to a mean of 1 over pixels. A class without pixels has weight 0.
    """
    counts = np.zeros(len(PART_NAMES), np.int64)
    for start in range(0, len(faces), MEASURED):
        rows = np.arange(start, min(start + MEASURED, len(faces)))
        counts += np.bincount(faces.batch(rows)[1].ravel(), minlength=len(counts))
    share = torch.from_numpy(counts / counts.sum())
    weights = torch.where(share > 0, share.clamp_min(1e-9).rsqrt(), 0.0)
    return (weights / (weights * share).sum()).float()


def augment_with_maps(
    pictures: Tensor, parts: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Mirror half of the faces, crop and rotate all, then vary light, blur and colour.

    Takes (n, 3, S, S) pictures in [-1, 1] and (n, S, S) part maps, which get the same
    crop. Returns pictures and int64 part maps of the same shapes.
    """
    draws = torch.rand(len(pictures), 5, generator=generator).to(pictures.device)
    signed = draws * 2 - 1
    scale = 1 + SCALE * signed[:, 0]
    angle = torch.deg2rad(TURN * signed[:, 1])
    mirror = torch.where(draws[:, 2] < 0.5, -1.0, 1.0)
    matrix = pictures.new_zeros(len(pictures), 2, 3)
    matrix[:, 0, 0] = scale * angle.cos() * mirror
    matrix[:, 0, 1] = -scale * angle.sin() * mirror
    matrix[:, 1, 0] = scale * angle.sin()
    matrix[:, 1, 1] = scale * angle.cos()
    matrix[:, :, 2] = 2 * SHIFT * signed[:, 3:5]
    grid = functional.affine_grid(matrix, list(pictures.shape), align_corners=False)
    moved = functional.grid_sample(
        pictures, grid, padding_mode="border", align_corners=False
    )
    maps = functional.grid_sample(
        parts[:, None].float(),
        grid,
        mode="nearest",
        padding_mode="border",
        align_corners=False,
    )
    return augment(moved, PIXEL_AUGMENTATION, generator), maps[:, 0].long()


@torch.no_grad()
def measure(
    parser: PartParser, faces: ParsedFaces, device: str = "cpu"
) -> ParserQuality:
    """Evaluate a parser on faces that it was not trained on."""
    classes = len(PART_NAMES)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for start in range(0, len(faces), MEASURED):
        rows = np.arange(start, min(start + MEASURED, len(faces)))
        pictures, parts = faces.batch(rows)
        predicted = parser(as_tensor(pictures, device)).argmax(1).cpu()
        pairs = torch.from_numpy(parts).long() * classes + predicted
        confusion += torch.bincount(pairs.flatten(), minlength=classes**2).view(
            classes, classes
        )
    return _quality(confusion)


def _quality(confusion: Tensor) -> ParserQuality:
    """From pixel counts by true class (rows) and predicted class (columns)."""
    true, predicted, both = confusion.sum(1), confusion.sum(0), confusion.diagonal()
    iou = {
        name: float(both[i] / (true[i] + predicted[i] - both[i])) if true[i] else None
        for i, name in enumerate(PART_NAMES)
    }
    known = [value for value in iou.values() if value is not None]
    return ParserQuality(
        iou, sum(known) / len(known), float(both.sum() / confusion.sum())
    )


def _initial_network(encoder: Path, recipe: ParserRecipe) -> FaceParser:
    """A parser with an ImageNet encoder and a decoder initialised from the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = FaceParser(ParserConfig(size=recipe.size))
        network.load_encoder(encoder)
    return network
