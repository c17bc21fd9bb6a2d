"""The pretraining of the encoder T_e as a masked autoencoder, a stage of the store.

It sees train faces and renders of several engines, all without labels (EasyCraft, Wang
et al., CVPR 2025). The stage's folder contains:

    encoder.safetensors    the encoder
    decoder.safetensors    the rest of the autoencoder, for traces
    measures.json          see `TrainedEncoder.measures`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from benchmark.engines.base import RenderOnly
from benchmark.registry import ENGINES, Unavailable, UnknownName
from benchmark.storage.store import Stage
from methods.base import FitContext, MethodError
from methods.easycraft.options import FACES, EasyCraftOptions, PretrainingOptions
from methods.estimator.examples import row_order
from methods.estimator.training import Recipe, train
from methods.networks.masked_autoencoder import MaskedAutoencoder, PictureEncoder
from methods.shared.pictures import as_tensor, at_effective_resolution
from methods.shared.randomness import generator_of, seed_of, uniform
from methods.shared.renders import Renders, renders_stage, training_renders
from methods.shared.tensors import restored, storable

PRETRAINING_VERSION = "1"
ENCODER, DECODER = "encoder.safetensors", "decoder.safetensors"
MEASURES = "measures.json"
MEASURED = 128
"""Pictures of each style that are measured."""


@dataclass(frozen=True)
class Style:
    """Pictures of one kind, which are loaded on first use.

    Attributes:
        name: "faces" or the name of an engine.
        digest: of the pictures.
        count: n.
        load: gives (n, S, S, 3) uint8.
    """

    name: str
    digest: str
    count: int
    load: Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True)
class TrainedEncoder:
    """A trained encoder.

    Attributes:
        network: the encoder, frozen, in evaluation mode, on the device.
        digest: the key of its stage.
        folder: of the stage.
        styles: the pictures that it was shown.
        measures: the mean squared error on hidden patches for each style, whole
            pictures. Drawing the mean of every patch has the error 1.
    """

    network: PictureEncoder
    digest: str
    folder: Path
    styles: tuple[Style, ...]
    measures: Mapping[str, float]

    def features(self, pictures: Tensor) -> Tensor:
        """Feature vectors of (n, 3, S, S) pictures in [-1, 1]: (n, feature_size)."""
        return features_of(self.network, pictures)


@torch.no_grad()
def features_of(network: PictureEncoder, pictures: Tensor) -> Tensor:
    """(n, feature_size) feature vectors of (n, 3, S, S) pictures, for any S."""
    device = next(network.parameters()).device
    return network.features(at_effective_resolution(pictures.to(device), network.size))


def trained_encoder(options: EasyCraftOptions, context: FitContext) -> TrainedEncoder:
    """The encoder of the options; cached in the store.

    Neither the engine nor the seed of the context matters. A build that was killed
    resumes from its checkpoint and ends with the same bytes. For errors, see
    `pretraining_styles`.
    """
    own = options.pretraining
    styles = pretraining_styles(options, context)
    stage = pretraining_stage(options, styles, context.device)

    def build(folder: Path, scratch: Path) -> None:
        network = make_autoencoder(own).to(context.device)
        loss = _loss(network, styles, own, context.device)
        train(network, loss, _recipe(own), scratch, context.progress, "encoder")
        measures = {
            style.name: _error(network, style, own, context.device) for style in styles
        }
        encoder, decoder = network.encoder.state_dict(), decoder_state(network)
        save_file(storable(encoder), folder / ENCODER)
        save_file(storable(decoder), folder / DECODER)
        (folder / MEASURES).write_text(json.dumps(measures, indent=2) + "\n")

    folder = context.store.get_or_build(stage, build)
    network = restore_encoder(own, load_file(folder / ENCODER), context.device)
    measures = json.loads((folder / MEASURES).read_text())
    return TrainedEncoder(network, stage.key, folder, styles, measures)


def pretraining_stage(
    options: EasyCraftOptions, styles: tuple[Style, ...], device: str
) -> Stage:
    """The stage of the encoder: its key covers all that affects the weights."""
    own = options.pretraining
    return Stage(
        "masked-autoencoder",
        PRETRAINING_VERSION,
        {
            **own.model_dump(mode="json", exclude={"checkpoint_steps", "seed"}),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {style.name: style.digest for style in styles},
        own.seed,
    )


def pretraining_styles(
    options: EasyCraftOptions, context: FitContext
) -> tuple[Style, ...]:
    """The pictures of the pretraining; nothing is rendered yet.

    Raises MethodError without train faces, unless no faces are shown, and for an engine
    that cannot be used.
    """
    own, faces = options.pretraining, context.faces
    styles = []
    if own.face_share > 0:
        if not len(faces.images):
            raise MethodError(
                "easycraft: the suite has no train faces, which the pretraining shows: "
                "choose a face set with some, or set pretraining.face_share to 0"
            )
        count = len(faces.images)
        styles.append(Style(FACES, faces.digest, count, lambda: faces.images))
    if own.face_share < 1:
        for name in own.engines:
            renders = _renders(name, options, context)
            digest, count = renders.digest, len(renders.vectors)
            styles.append(Style(name, digest, count, renders.load))
    return tuple(styles)


def planned_render_stages(options: EasyCraftOptions) -> tuple[Stage, ...]:
    """The stages of the renders that the pretraining shows."""
    own = options.pretraining
    if own.face_share == 1:
        return ()
    size, samples, absent = options.input_size, options.samples, options.absent
    return tuple(
        renders_stage(_engine(name), samples, size, own.seed, absent)
        for name in own.engines
    )


def make_autoencoder(options: PretrainingOptions) -> MaskedAutoencoder:
    """The untrained autoencoder, seeded."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("masked autoencoder", options.seed))
        return MaskedAutoencoder(
            _make_encoder(options),
            options.decoder_width,
            options.decoder_depth,
            options.decoder_heads,
            options.hidden_share,
        )


def restore_encoder(
    options: PretrainingOptions, tensors: Mapping[str, Tensor], device: str
) -> PictureEncoder:
    """The encoder with the given tensors, frozen, in evaluation mode, on `device`."""
    return restored(_make_encoder(options), tensors, device)


def decoder_state(network: MaskedAutoencoder) -> dict[str, Tensor]:
    """The tensors of an autoencoder that are not the encoder's."""
    return {
        name: tensor
        for name, tensor in network.state_dict().items()
        if not name.startswith("encoder.")
    }


def _make_encoder(options: PretrainingOptions) -> PictureEncoder:
    return PictureEncoder(
        options.size, options.patch, options.width, options.depth, options.heads
    )


def _engine(name: str) -> RenderOnly:
    try:
        return RenderOnly(ENGINES.create(name))
    except (UnknownName, Unavailable) as error:
        raise MethodError(f"easycraft: pretraining.engines: {error}") from error


def _renders(name: str, options: EasyCraftOptions, context: FitContext) -> Renders:
    return training_renders(
        _engine(name),
        options.samples,
        options.input_size,
        options.pretraining.seed,
        context.store,
        context.progress,
        options.absent,
    )


def _recipe(options: PretrainingOptions) -> Recipe:
    return Recipe(
        options.steps,
        options.rate,
        "cosine",
        options.checkpoint_steps,
        betas=(0.9, options.beta2),
        weight_decay=options.weight_decay,
    )


def _loss(
    network: MaskedAutoencoder,
    styles: tuple[Style, ...],
    options: PretrainingOptions,
    device: str,
) -> Callable[[int], Tensor]:
    """The loss of a step: hidden patches of cropped pictures of all styles."""
    rows_of = [
        row_order(
            style.count, options.counts[style.name], seed_of(style.name, options.seed)
        )
        for style in styles
    ]
    pictures = [style.load() for style in styles]

    def loss_at(step: int) -> Tensor:
        generator = generator_of("masked autoencoder", options.seed, step)
        shown = []
        for some, rows in zip(pictures, rows_of, strict=True):
            whole = as_tensor(some[rows(step).numpy()], device)
            crops = cropped(whole, options.least_crop, options.flip, generator)
            shown.append(at_effective_resolution(crops, options.size))
        batch = torch.cat(shown)
        orders = network.orders(len(batch), generator).to(device)
        return network.loss(batch, orders).mean()

    return loss_at


def cropped(
    pictures: Tensor, least: float, flip: bool, generator: torch.Generator
) -> Tensor:
    """Random square crops of (n, 3, S, S) pictures, enlarged to S; half are mirrored.

    The side of a crop is a share of S between `least` and 1.
    """
    share = least + (1 - least) * uniform(generator, pictures)
    shift = (uniform(generator, pictures, 2) * 2 - 1) * (1 - share)[:, None]
    mirrored = uniform(generator, pictures) < (0.5 if flip else 0.0)
    matrices = pictures.new_zeros(len(pictures), 2, 3)
    matrices[:, 0, 0] = torch.where(mirrored, -share, share)
    matrices[:, 1, 1] = share
    matrices[:, :, 2] = shift
    grid = functional.affine_grid(matrices, list(pictures.shape), align_corners=False)
    return functional.grid_sample(
        pictures, grid, padding_mode="border", align_corners=False
    )


@torch.no_grad()
def _error(
    network: MaskedAutoencoder, style: Style, options: PretrainingOptions, device: str
) -> float:
    """The mean loss of the first pictures of a style, whole."""
    generator = generator_of("measured", options.seed)
    pictures = as_tensor(style.load()[:MEASURED], device)
    pictures = at_effective_resolution(pictures, options.size)
    orders = network.orders(len(pictures), generator).to(device)
    return float(network.loss(pictures, orders).double().mean())
