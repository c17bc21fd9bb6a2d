"""The trace of EasyCraft: what the encoder draws, and what the heads read off renders.

The encoder should describe faces and renders alike. A linear classifier shows how well
its features tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from benchmark.avatars import AvatarVectors
from methods.base import FitContext
from methods.easycraft.options import EasyCraftOptions, PretrainingOptions
from methods.easycraft.pretraining import (
    DECODER,
    TrainedEncoder,
    make_autoencoder,
)
from methods.generator.page import Panel, draw_page, fitted
from methods.networks.masked_autoencoder import (
    MaskedAutoencoder,
    as_patches,
    as_pictures,
    normalised,
)
from methods.networks.parameter_heads import ParameterHeads
from methods.shared.pictures import as_images, as_tensor, at_effective_resolution
from methods.shared.randomness import generator_of, seed_of
from methods.tracing import SimilarityProbe, Step, Trace

UNSEEN = 200
"""Renders that neither encoder nor heads have seen."""
COMPARED = 400
"""Faces, and as many renders, that the linear classifier tells apart."""
FOLDS = 5
DRAWN = 6
"""Pictures of each style on the sheet."""
COLUMNS = ("picture", "visible", "drawn")


def traced(
    encoder: TrainedEncoder,
    heads: ParameterHeads,
    predict: Callable[[Tensor], AvatarVectors],
    options: EasyCraftOptions,
    context: FitContext,
) -> Trace:
    """The stages with their figures, a sheet of reconstructions, and a probe."""
    figures = {f"error_{name}": value for name, value in encoder.measures.items()}
    figures |= _domain_gap(encoder, options, context)
    steps = (
        Step("renders", {"avatars": float(options.samples)}),
        Step("masked-autoencoder", figures),
        Step("easycraft-heads", _unseen(predict, options, context)),
    )
    sheets = {"reconstructions": _sheet(encoder, options.pretraining)}
    probe = _probe(encoder, heads, predict, options.input_size)
    return Trace(steps, sheets, face_similarity=probe)


def _domain_gap(
    encoder: TrainedEncoder, options: EasyCraftOptions, context: FitContext
) -> dict[str, float]:
    """Accuracy of a linear classifier of train faces and as many renders, in 5 folds.

    Renders are those of the context's engine. Chance is 0.5. Without faces there is no
    such figure.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    faces = context.faces.images[:COMPARED]
    if len(faces) < FOLDS:
        return {}
    renders = _unseen_renders(len(faces), options, context)[1]
    some = np.concatenate([_features(encoder, faces), _features(encoder, renders)])
    labels = np.repeat([0, 1], len(faces))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    found = cross_val_score(classifier, some, labels, cv=FOLDS)
    return {"faces_told_from_renders": float(found.mean())}


def _features(
    encoder: TrainedEncoder, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    return encoder.features(as_tensor(images)).cpu().numpy()


def _unseen_renders(
    count: int, options: EasyCraftOptions, context: FitContext
) -> tuple[AvatarVectors, NDArray[np.uint8]]:
    """Random avatars that were not trained on, and their renders."""
    seed = seed_of("unseen", context.seed)
    vectors = AvatarVectors.sample(context.engine.spec, count, seed, options.absent)
    return vectors, context.engine.render(vectors, options.input_size)


def _unseen(
    predict: Callable[[Tensor], AvatarVectors],
    options: EasyCraftOptions,
    context: FitContext,
) -> dict[str, float]:
    """Right choices and errors of scalars on renders that were not trained on."""
    truth, pictures = _unseen_renders(UNSEEN, options, context)
    found, active = predict(as_tensor(pictures)), truth.active()
    figures = {}
    if active.discrete.any():
        right = (found.discrete == truth.discrete)[active.discrete]
        figures["accuracy_unseen"] = float(right.mean())
    if active.continuous.any():
        apart = np.abs(found.continuous - truth.continuous)[active.continuous]
        figures["error_unseen"] = float(apart.mean())
    return figures


@torch.no_grad()
def _sheet(encoder: TrainedEncoder, options: PretrainingOptions) -> NDArray[np.uint8]:
    """(H, W, 3) uint8: a panel of each style with pictures, what is visible, drawings.

    Each hidden patch is drawn with the brightness and contrast of the true one, which
    the autoencoder does not predict.
    """
    network = make_autoencoder(options).eval()
    encoder_state = {
        f"encoder.{name}": tensor.cpu()
        for name, tensor in encoder.network.state_dict().items()
    }
    network.load_state_dict(encoder_state | load_file(encoder.folder / DECODER))
    panels = []
    for style in encoder.styles:
        pictures = at_effective_resolution(
            as_tensor(style.load()[:DRAWN]), options.size
        )
        orders = network.orders(len(pictures), generator_of("sheet", options.seed))
        tiles = [fitted(as_images(each)) for each in _stages(network, pictures, orders)]
        stacked = np.stack(tiles, axis=1).reshape(-1, *tiles[0].shape[1:])
        panels.append(Panel(style.name, stacked, len(COLUMNS), COLUMNS))
    return draw_page("Hidden patches drawn by the autoencoder", panels)


def _stages(
    network: MaskedAutoencoder, pictures: Tensor, orders: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures, their visible patches on grey, and these with drawings of the rest."""
    patch, size = network.encoder.patch, network.encoder.size
    patches = as_patches(pictures, patch)
    _, mean, deviation = normalised(patches)
    hidden = torch.ones_like(orders, dtype=torch.bool)
    hidden.scatter_(1, orders[:, : network.visible], False)
    drawn = network(pictures, orders) * deviation + mean
    blank = torch.where(hidden[:, :, None], torch.zeros_like(patches), patches)
    joined = torch.where(hidden[:, :, None], drawn, patches)
    return (
        pictures,
        as_pictures(blank, patch, size),
        as_pictures(joined, patch, size).clamp(-1, 1),
    )


def _probe(
    encoder: TrainedEncoder,
    heads: ParameterHeads,
    predict: Callable[[Tensor], AvatarVectors],
    size: int,
) -> SimilarityProbe:
    """Distances of faces and pictures in the features that the heads read."""

    @torch.no_grad()
    def distances(faces: Tensor, pictures: Tensor) -> Tensor:
        first, second = (
            heads.norm(encoder.features(some)) for some in (faces, pictures)
        )
        return (first - second).square().mean(dim=1, keepdim=True).cpu()

    return SimilarityProbe(
        ("features",), size, predict, lambda faces, vectors: {}, distances
    )
