"""An encoder of avatars, which gives the inversion its start (beyond SwiftAvatar).

The avatar generator draws any number of avatars whose latent codes are known. The
encoder learns from them, and from renders of the engine, whose latent codes are
unknown, by drawing its prediction again. The inversion of section 3.2 refines it.

Files of the stage:

    encoder.safetensors    the network
    measures.json          mean terms of equation 5 of its predictions for renders
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.storage.digests import file_digest
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from benchmark.weights import EFFICIENTNET_LITE0
from methods.base import MethodError
from methods.estimator.examples import row_order
from methods.estimator.training import Recipe, train
from methods.generator.sampling import centre, render
from methods.networks.backbones import load_imagenet, make_backbone
from methods.networks.latent_encoder import LatentEncoder
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of, seed_of
from methods.shared.renders import Renders
from methods.shared.tensors import storable
from methods.swiftavatar.latent_optimisation import frozen
from methods.swiftavatar.options import EncoderOptions, InversionOptions
from methods.swiftavatar.perceptual import Perceptual

ENCODER, MEASURES = "encoder.safetensors", "measures.json"
BACKBONE = "efficientnet_lite0"
STAGES = 6
"""First stages of the backbone that are used, down to a stride of 16."""
MEASURED_RENDERS = 256


@dataclass(frozen=True)
class TrainedEncoder:
    """An encoder that is trained, or read from the store, at its first use.

    Latent codes that are stored need no encoder.

    Attributes:
        digest: the key of its stage.
        folder: gives the folder of its stage, with all files.
        load: reads its network from there.
    """

    digest: str
    folder: Callable[[], Path]
    load: Callable[[Path], LatentEncoder]

    @cached_property
    def network(self) -> LatentEncoder:
        """Frozen, in evaluation mode."""
        return self.load(self.folder())

    @property
    def measures(self) -> Mapping[str, float]:
        """Mean `perceptual` and `pixel` terms of its predictions for renders."""
        return json.loads((self.folder() / MEASURES).read_text())

    def __call__(self, pictures: Tensor) -> Tensor:
        """(n, rows, D) latent codes of (n, 3, S, S) renders in [-1, 1]."""
        network = self.network  # its training needs gradients
        with torch.no_grad():
            return network(pictures)


def encoder_stage(
    renders: Renders,
    avatar_digest: str,
    options: InversionOptions,
    weights: Mapping[str, Path],
    seed: int,
    device: str,
) -> Stage:
    """Return the stage of `trained_encoder`: everything that it depends on."""
    read = {"perceptual", "perceptual_size", "perceptual_weight", "pixel_weight"}
    return Stage(
        "encoder",
        "1",
        {
            **options.encoder.model_dump(mode="json"),
            **options.model_dump(mode="json", include=read),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {
            "avatar": avatar_digest,
            "renders": renders.digest,
            "backbone": file_digest(_backbone_file(weights)),
        },
        seed,
    )


def trained_encoder(
    renders: Renders,
    avatar: SemanticGenerator,
    avatar_digest: str,
    net: Perceptual | None,
    options: InversionOptions,
    weights: Mapping[str, Path],
    seed: int,
    store: Store,
    progress: Progress,
    device: str,
) -> TrainedEncoder:
    """The encoder of an avatar generator.

    `net` is the perceptual network of the options; None if its weight is 0. A killed
    build resumes from its checkpoint and ends with the same bytes, on the same machine
    with the same number of threads.

    Raises MethodError if the weight file of the backbone is missing, and at the first
    use FloatingPointError if the loss is not finite.
    """
    stage = encoder_stage(renders, avatar_digest, options, weights, seed, device)
    label = f"{renders.vectors.spec.name} encoder"

    def build(folder: Path, scratch: Path) -> None:
        network = _make_encoder(avatar, seed, _backbone_file(weights)).to(device)
        losses = _Losses(network, avatar, net, renders, options, seed, device)
        own = options.encoder
        recipe = Recipe(own.steps, own.learning_rate, "cosine")
        with frozen(avatar):
            train(network, losses.loss_at, recipe, scratch, progress, label)
        save_file(storable(network.state_dict()), folder / ENCODER)
        measures = losses.measure()
        (folder / MEASURES).write_text(json.dumps(measures, indent=2) + "\n")

    def load(folder: Path) -> LatentEncoder:
        network = _make_encoder(avatar, seed, None).to(device)
        network.load_state_dict(load_file(folder / ENCODER))
        return network.eval().requires_grad_(False)

    return TrainedEncoder(stage.key, lambda: store.get_or_build(stage, build), load)


def _backbone_file(weights: Mapping[str, Path]) -> Path:
    if EFFICIENTNET_LITE0 not in weights:
        raise MethodError(
            f"the encoder needs the weight file {EFFICIENTNET_LITE0}: run `avatarbench "
            f"weights fetch {EFFICIENTNET_LITE0}` or set another inversion.start"
        )
    return weights[EFFICIENTNET_LITE0]


def _make_encoder(
    avatar: SemanticGenerator, seed: int, file: Path | None
) -> LatentEncoder:
    """The untrained encoder, with ImageNet weights from `file`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("encoder", seed))
        backbone = make_backbone(BACKBONE)
        if file is not None:
            load_imagenet(backbone, BACKBONE, file)
        return LatentEncoder(
            backbone.first(STAGES),
            avatar.config.size,
            avatar.layout.rows,
            centre(avatar).cpu(),
        )


class _Losses:
    """Losses of the training by step, on samples and renders."""

    def __init__(
        self,
        network: LatentEncoder,
        avatar: SemanticGenerator,
        net: Perceptual | None,
        renders: Renders,
        options: InversionOptions,
        seed: int,
        device: str,
    ) -> None:
        self._network, self._avatar, self._net = network, avatar, net
        self._renders, self._options = renders, options
        self._seed, self._device = seed, device
        own: EncoderOptions = options.encoder
        self._shown = round(own.batch * own.renders)
        self._drawn = own.batch - self._shown
        count = len(renders.vectors)
        self._rows_at: Callable[[int], Tensor] = row_order(
            count, min(max(1, self._shown), count), seed
        )
        draws = generator_of("encoder-scale", seed)
        many = torch.randn(1024, avatar.config.style_dim, generator=draws)
        with torch.no_grad():
            spread = avatar.style(many.to(device)).var(0).mean()
        self._variance = float(spread)

    def loss_at(self, step: int) -> Tensor:
        """The loss of a step; it depends only on the step and the network."""
        own = self._options.encoder
        latents = self._sample(step)
        pictures = render(self._avatar, latents).image if self._drawn else None
        shown = self._take(step)
        inputs = [x for x in (pictures, shown) if x is not None]
        # Tensors of inference mode cannot be saved for the backward pass.
        batch = torch.cat(inputs).clone()
        found = self._network(batch)
        loss = self._redrawn(found, batch).mean()
        if self._drawn:
            gap = (found[: self._drawn] - latents).square().mean() / self._variance
            loss = loss + own.latent_weight * gap
        return loss

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Mean terms of equation 5 of the first renders' predictions."""
        totals = torch.zeros(2, dtype=torch.float64)
        count = min(MEASURED_RENDERS, len(self._renders.vectors))
        for start in range(0, count, 32):
            rows = slice(start, min(start + 32, count))
            batch = as_tensor(self._renders.pictures[rows], self._device)
            terms = self._terms(self._network(batch), batch)
            totals += torch.stack(terms).double().sum(1).cpu()
        perceptual, pixel = (totals / count).tolist()
        return {"perceptual": perceptual, "pixel": pixel}

    def _sample(self, step: int) -> Tensor:
        """(drawn, rows, D) latent codes, half of them mixed part by part."""
        draws = generator_of("encoder-samples", self._seed, step)
        shape = (2, self._drawn, self._avatar.config.style_dim)
        z = torch.randn(shape, generator=draws).to(self._device)
        layout = self._avatar.layout
        with torch.no_grad():
            first, second = (layout.repeat(self._avatar.style(one)) for one in z)
        mixed = layout.mix(first, second, draws)
        half = torch.arange(self._drawn, device=self._device) % 2 == 0
        return torch.where(half[:, None, None], mixed, first)

    def _take(self, step: int) -> Tensor | None:
        if not self._shown:
            return None
        rows = self._rows_at(step).numpy()
        return as_tensor(self._renders.pictures[rows], self._device)

    def _redrawn(self, latents: Tensor, pictures: Tensor) -> Tensor:
        """(n,) weighted terms of equation 5 without the latent term."""
        perceptual, pixel = self._terms(latents, pictures)
        options = self._options
        return options.perceptual_weight * perceptual + options.pixel_weight * pixel

    def _terms(self, latents: Tensor, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(n,) perceptual and pixel terms of equation 5."""
        made = self._avatar([latents], input_is_latent=True, randomize_noise=False)
        square = (made.image - pictures).square().mean((1, 2, 3))
        if self._net is None:
            return torch.zeros_like(square), square
        with torch.no_grad():
            features = self._net.features(pictures)
        return self._net.distances(made.image, features), square
