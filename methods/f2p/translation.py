"""The translator's training: faces without labels, judged through a frozen imitator.

AAAI 2020 and TPAMI 2022: the translator T makes a vector of a face's embedding, the
imitator G draws it, and the face-recognition network F looks at the drawing. Identity
and content tell how like the face it is, and T should find the vector again in what F
sees: the loopback |x - T(F(G(x)))|. All but T are frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchmark.avatars import AvatarSpec
from benchmark.progress import Progress
from benchmark.store import Stage, Store
from methods.base import MethodError
from methods.f2p.course import Course, loss_of
from methods.f2p.features import Features
from methods.f2p.options import TranslatorOptions
from methods.networks.lightcnn import EMBEDDING
from methods.networks.translator import Translator
from methods.randomness import seed_of
from methods.training import Recipe, train

TRANSLATOR_VERSION = "1"
TRANSLATOR = "translator.safetensors"
SETTLED_ON = 10_000
"""Faces at most that batch normalisation takes its statistics of."""


@dataclass(frozen=True)
class Translated:
    """A trained translator: frozen, in evaluation mode, on the device; its digest."""

    network: Translator
    digest: str


def trained_translator(course: Course, store: Store, progress: Progress) -> Translated:
    """The translator of a course, from the store where it is there.

    A build that was killed goes on from its checkpoint and ends with the same bytes (on
    one machine with the same threads).

    Raises:
        MethodError: where there are fewer than two faces.
        FloatingPointError: where the loss stops being finite.
    """
    count = len(course.faces.identity)
    if count < 2:
        raise MethodError(
            f"the translator learns from two train faces or more, got {count}: give a "
            "face set with a larger train split"
        )
    stage = translator_stage(course)

    def build(folder: Path, scratch: Path) -> None:
        network = make_translator(course.spec, course.options, course.seed)
        network.to(course.device)
        loss_at = loss_of(network, course, progress)
        recipe = _recipe(course.options)
        train(network, loss_at, recipe, scratch, progress, course.label)
        _settle(network, course.faces.identity, course.device)
        tensors = network.state_dict()
        plain = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        save_file(plain, folder / TRANSLATOR)

    tensors = load_file(store.obtain(stage, build) / TRANSLATOR)
    network = restored(course.spec, course.options, tensors, course.device)
    return Translated(network, stage.key)


def make_translator(
    spec: AvatarSpec, options: TranslatorOptions, seed: int
) -> Translator:
    """The untrained translator of these options."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("translator", seed))
        return Translator(spec, EMBEDDING, options.width, options.scalars)


def restored(
    spec: AvatarSpec,
    options: TranslatorOptions,
    tensors: Mapping[str, Tensor],
    device: str,
) -> Translator:
    """A trained translator of its tensors, frozen, in evaluation mode, on `device`."""
    network = make_translator(spec, options, seed=0)
    network.load_state_dict(tensors)
    return network.eval().requires_grad_(False).to(device)


@torch.no_grad()
def _settle(network: Translator, embeddings: Features, device: str) -> None:
    """Give batch normalisation the statistics of the train faces' embeddings.

    In training its batches are of faces and, for the loopback, of drawings in turn:
    the running statistics are of a mixture that `predict` never sees.
    """
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.reset_running_stats()
            layer.momentum = None  # the mean over all calls, of which there is one
    network.train()
    rows = torch.arange(min(len(embeddings), SETTLED_ON))
    network(embeddings.rows(rows, device))
    network.eval()


def _recipe(options: TranslatorOptions) -> Recipe:
    return Recipe(
        options.warm_steps + options.steps,
        options.learning_rate,
        options.schedule,
        options.checkpoint_steps,
    )


def translator_stage(course: Course) -> Stage:
    """What a trained translator depends on, with what rounding depends on."""
    faces, pairs = course.faces, course.pairs
    inputs = {"imitator": course.imitated.digest, "faces": faces.identity.digest}
    if faces.content is not None:
        inputs["content"] = faces.content.digest
    if pairs is not None:
        inputs["pairs"] = pairs.identity.digest
    return Stage(
        "translator",
        TRANSLATOR_VERSION,
        {
            **course.options.model_dump(mode="json", exclude={"checkpoint_steps"}),
            "similarity": course.weights.model_dump(mode="json", exclude={"parser"}),
            "eyes": course.judge.avatars.eyes,
            "mouth": course.judge.avatars.mouth,
            "device": course.device,
            "threads": torch.get_num_threads(),
        },
        inputs,
        course.seed,
    )
