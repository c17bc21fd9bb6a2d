"""The joint training of g and c against d, as a stage of the store.

TOS (Wolf, Taigman, Polyak, ICCV 2017): G(x) = g(f(x)) draws a face x as an avatar that
the frozen descriptor f finds equal to x. c reads parameters off an avatar's picture,
and the frozen emulator e draws them. L_c ties G(x) to e(c(G(x))), which the engine can
draw. No face has a known vector, and the vectors of the renders are not used here.

The stage's folder contains:

    networks.safetensors   g and c
    measures.json          see `TrainedTos.measures`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from benchmark.avatars import AvatarSpec
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.estimator.examples import row_order
from methods.estimator.training import CHECKPOINT, LOG_STEPS, Recipe, Trainer, repeat
from methods.f2p.relaxed import entropy, relaxed, strict
from methods.networks.tied_output import (
    DescriptorDecoder,
    ParameterReader,
    PictureDiscriminator,
)
from methods.shared.pictures import as_tensor
from methods.shared.randomness import seed_of
from methods.shared.tensors import restored, storable
from methods.tos.options import TiedOptions
from methods.tos.setup import TiedSetup

TIED_VERSION = "1"
NETWORKS, MEASURES = "networks.safetensors", "measures.json"
MEASURED = 64
"""Faces and renders that are measured."""
STANDARDISED = 512
"""Faces and renders whose descriptors give mean and scale."""


class TosNetworks(nn.Module):
    """g and c, which are trained together and predict together.

    Args:
        spec: of the engine.
        length: of a descriptor.
        size: side of the pictures in pixels.
        options: of the networks and their training.
    """

    def __init__(
        self, spec: AvatarSpec, length: int, size: int, options: TiedOptions
    ) -> None:
        super().__init__()
        scalars, width = len(spec.continuous), options.width
        self.spec, self._sharpness = spec, options.sharpness
        self.decoder = DescriptorDecoder(length, size, width)
        self.reader = ParameterReader(spec.flat_size, scalars, size, width)

    def relaxed(self, pictures: Tensor) -> Tensor:
        """c: (n, flat_size) relaxed vectors of (n, 3, S, S) pictures of avatars."""
        return relaxed(self.spec, self.reader(pictures), self._sharpness)


@dataclass(frozen=True)
class TrainedTos:
    """Trained networks.

    Attributes:
        networks: g and c, frozen, in evaluation mode, on the device.
        digest: the key of their stage.
        measures: means over train faces x and renders y. Differences of pictures are
            absolute, and black and white differ by 1. `tie_faces`: G(x) and e(c(G(x))).
            `tie_renders`: y and e(c(y)). `identity_renders`: y and G(y).
            `descriptor_generated`: L_CONST of G(x). `descriptor_emulated`: the same of
            e's drawing of the predicted vector, with choices made.
            `descriptor_renders`: of renders that have nothing to do with the faces.
            `taken_for_renders`: the mean probability by d that G(x) is a render.
    """

    networks: TosNetworks
    digest: str
    measures: Mapping[str, float]


def trained_tos(setup: TiedSetup, store: Store, progress: Progress) -> TrainedTos:
    """The networks of a setup; cached in the store.

    A build that was killed resumes from its checkpoint and ends with the same bytes (on
    one machine with the same number of threads). Raises FloatingPointError where a loss
    is not finite.
    """
    stage = tied_stage(setup)

    def build(folder: Path, scratch: Path) -> None:
        networks, discriminator = _initial(setup)
        training = TiedTraining(networks, discriminator, setup, progress)
        trainers = training.trainers
        recipe, checkpoint = _recipe(setup.options.tied), scratch / CHECKPOINT
        repeat(training.step, trainers, recipe, checkpoint, progress, setup.label)
        networks.eval()
        measures = _measured(networks, discriminator.eval(), setup)
        save_file(storable(networks.state_dict()), folder / NETWORKS)
        (folder / MEASURES).write_text(json.dumps(measures, indent=2) + "\n")

    folder = store.get_or_build(stage, build)
    tensors = load_file(folder / NETWORKS)
    networks = restore_networks(
        setup.spec,
        setup.descriptor.length,
        setup.emulator.network.size,
        setup.options.tied,
        tensors,
        setup.device,
    )
    measures = json.loads((folder / MEASURES).read_text())
    return TrainedTos(networks, stage.key, measures)


def restore_networks(
    spec: AvatarSpec,
    length: int,
    size: int,
    options: TiedOptions,
    tensors: Mapping[str, Tensor],
    device: str,
) -> TosNetworks:
    """Networks with the given tensors, frozen, in evaluation mode, on `device`."""
    return restored(TosNetworks(spec, length, size, options), tensors, device)


def tied_stage(setup: TiedSetup) -> Stage:
    """The stage of trained networks: its key covers all that affects the weights."""
    options = setup.options
    return Stage(
        "tied-output",
        TIED_VERSION,
        {
            **options.tied.model_dump(mode="json", exclude={"checkpoint_steps"}),
            "device": setup.device,
            "threads": torch.get_num_threads(),
        },
        {
            "emulator": setup.emulator.digest,
            "faces": setup.faces_digest,
            "renders": setup.described.digest,
            "descriptor": setup.descriptor.digest,
        },
        setup.seed,
    )


class TiedTraining:
    """The steps of the training: d first, then g and c together.

    Attributes:
        networks: g and c.
        discriminator: d.
        trainers: of both.
    """

    def __init__(
        self,
        networks: TosNetworks,
        discriminator: PictureDiscriminator,
        setup: TiedSetup,
        progress: Progress,
    ) -> None:
        options, count = setup.options.tied, len(setup.renders.vectors)
        self.networks, self.discriminator = networks.train(), discriminator.train()
        self._setup, self._progress = setup, progress
        self._rows_at = row_order(count, options.batch, seed_of("renders", setup.seed))
        self._weights = {
            "tie": options.tie_weight,
            "adversarial": options.adversarial_weight,
            "descriptor": options.descriptor_weight,
            "identity": options.identity_weight,
            "variation": options.variation_weight,
            "entropy": options.entropy_weight,
        }
        recipe = _recipe(options)
        self._players = Trainer(networks, recipe)
        self._opponent = Trainer(discriminator, recipe)
        self.trainers = {"players/": self._players, "d/": self._opponent}

    def step(self, step: int) -> float:
        """Update all networks once; every `LOG_STEPS` steps the terms are logged."""
        setup, rows = self._setup, self._rows_at(step)
        faces = setup.faces(step)
        renders = as_tensor(setup.renders.pictures[rows.numpy()], setup.device)
        generated = self.networks.decoder(faces)
        self.discriminator.requires_grad_(True)
        opposed = self._opposed(generated.detach(), renders)
        opposing = self._opponent.step(opposed, step)
        self.discriminator.requires_grad_(False)
        described = setup.described.rows(rows, setup.device)
        terms = self.terms(faces, generated, renders, described)
        if step % LOG_STEPS == 0:
            figures = {f"{setup.label}/{k}": float(v) for k, v in _plain(terms)}
            figures[f"{setup.label}/discriminator"] = opposing
            self._progress.log(figures, step)
        total = torch.stack([self._weights[k] * v for k, v in terms.items()]).sum()
        return self._players.step(total, step)

    def _opposed(self, generated: Tensor, renders: Tensor) -> Tensor:
        """The loss of d: cross-entropy with renders as real, drawings of g as fake."""
        real, fake = self.discriminator(renders), self.discriminator(generated)
        return functional.softplus(-real).mean() + functional.softplus(fake).mean()

    def terms(
        self, faces: Tensor, generated: Tensor, renders: Tensor, described: Tensor
    ) -> dict[str, Tensor]:
        """The unweighted losses of g and c.

        Args:
            faces: (n, length) f(x).
            generated: (n, 3, S, S) G(x).
            renders: (m, 3, S, S) y.
            described: (m, length) f(y).
        """
        setup, networks = self._setup, self.networks
        redrawn = networks.decoder(described)
        seen = setup.descriptor.of(generated, setup.avatars)
        likely = self.discriminator(generated)
        vectors = networks.relaxed(generated)
        terms = {
            "tie": self._tie(generated, vectors)
            + self._tie(renders, networks.relaxed(renders)),
            "adversarial": functional.softplus(-likely).mean(),
            "descriptor": (seen - faces).square().sum(dim=1).mean(),
            "identity": functional.mse_loss(redrawn, renders),
            "variation": variation(generated),
        }
        if setup.options.tied.entropy_weight:
            terms["entropy"] = entropy(setup.spec, vectors)
        return terms

    def _tie(self, pictures: Tensor, vectors: Tensor) -> Tensor:
        """Mean squared difference of pictures and e's drawings of their parameters."""
        return functional.mse_loss(self._setup.emulator.draw(vectors), pictures)


def variation(pictures: Tensor) -> Tensor:
    """L_TV: the mean absolute difference of neighbouring pixels, in both directions."""
    down = (pictures[:, :, 1:] - pictures[:, :, :-1]).abs().mean()
    right = (pictures[:, :, :, 1:] - pictures[:, :, :, :-1]).abs().mean()
    return down + right


def _plain(terms: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
    return [(name, term.detach()) for name, term in terms.items()]


def _initial(setup: TiedSetup) -> tuple[TosNetworks, PictureDiscriminator]:
    """The networks g with c, and d, before their first step."""
    options, length = setup.options.tied, setup.descriptor.length
    size = setup.emulator.network.size
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("tied output", setup.seed))
        networks = TosNetworks(setup.spec, length, size, options)
        discriminator = PictureDiscriminator(size, options.width)
    faces, renders = _samples(setup, STANDARDISED)
    networks.decoder.standardise(torch.cat([faces, renders]).cpu())
    return networks.to(setup.device), discriminator.to(setup.device)


def _samples(setup: TiedSetup, count: int) -> tuple[Tensor, Tensor]:
    """Descriptors of the faces of the first steps, and of the first renders.

    There are `count` of each, or as many as there are of the renders.
    """
    count = min(count, len(setup.described))
    steps = range(-(-count // setup.options.tied.batch))
    faces = torch.cat([setup.faces(step) for step in steps])[:count]
    return faces, setup.described.rows(torch.arange(count), setup.device)


@torch.no_grad()
def _measured(
    networks: TosNetworks, discriminator: PictureDiscriminator, setup: TiedSetup
) -> dict[str, float]:
    """See `TrainedTos.measures`."""
    faces, described = _samples(setup, MEASURED)
    renders = as_tensor(setup.renders.pictures[: len(described)], setup.device)
    generated = networks.decoder(faces)
    vectors = strict(setup.spec, networks.reader(generated)).flat()
    predicted = setup.emulator.draw(torch.from_numpy(vectors).to(setup.device))

    def difference(first: Tensor, second: Tensor) -> float:
        return float((first - second).abs().double().mean()) / 2

    def tie(pictures: Tensor) -> float:
        return difference(setup.emulator.draw(networks.relaxed(pictures)), pictures)

    def unlike(descriptors: Tensor) -> float:
        return float((descriptors - faces).square().sum(dim=1).double().mean())

    return {
        "tie_faces": tie(generated),
        "tie_renders": tie(renders),
        "identity_renders": difference(networks.decoder(described), renders),
        "descriptor_generated": unlike(setup.descriptor.of(generated, setup.avatars)),
        "descriptor_emulated": unlike(setup.descriptor.of(predicted, setup.avatars)),
        "descriptor_renders": unlike(described),
        "taken_for_renders": float(discriminator(generated).sigmoid().mean()),
    }


def _recipe(options: TiedOptions) -> Recipe:
    return Recipe(
        options.steps,
        options.learning_rate,
        options.schedule,
        options.checkpoint_steps,
        betas=(options.beta1, 0.999),
    )
