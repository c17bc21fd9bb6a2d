"""The translator's training: faces without labels, judged through a frozen imitator.

AAAI 2020 and TPAMI 2022: the translator T makes a vector of a face's embedding, the
imitator G draws it, and the face-recognition network F looks at the drawing. Identity
and content tell how like the face it is, and T should find the vector again in what F
sees: the loopback |x - T(F(G(x)))|. All but T are frozen.


A trained translator lies in the store:

    translator.safetensors   the network
    measures.json            how like train faces are to what is drawn for them
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchmark.avatars import AvatarSpec
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.base import MethodError
from methods.estimator.training import Recipe, train
from methods.f2p.features import Features
from methods.f2p.options import TranslatorOptions
from methods.f2p.relaxed import mean_avatar, strict
from methods.f2p.training_setup import Course, Lesson
from methods.f2p.warm_start import warm_start_stage, warm_started
from methods.networks.lightcnn import EMBEDDING
from methods.networks.translator import Translator
from methods.shared.randomness import seed_of

TRANSLATOR_VERSION = "2"
TRANSLATOR, MEASURES = "translator.safetensors", "measures.json"
SETTLED_ON = 10_000
"""Faces at most that batch normalisation takes its statistics of."""
MEASURED, MEASURED_AT_ONCE = 64, 16
"""Train faces at most that likeness is measured on, and how many in a call."""


@dataclass(frozen=True)
class Translated:
    """A trained translator.

    Attributes:
        network: frozen, in evaluation mode, on the device.
        digest: the key of its stage.
        measures: mean distances of train faces to what the imitator draws, by term of
            the similarity: `identity_mean_avatar`, of the mean avatar, which a search
            starts from, and `identity_predicted`, of the predicted vectors with choices
            made; likewise for the content.
    """

    network: Translator
    digest: str
    measures: Mapping[str, float]


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
        network = _start(course, store, progress)
        lesson, recipe = Lesson(network, course, progress), _recipe(course.options)
        train(network, lesson, recipe, scratch, progress, course.label)
        _settle(network, course.faces.identity, course.device)
        tensors = network.state_dict()
        plain = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        save_file(plain, folder / TRANSLATOR)
        measures = _measured(network, course)
        (folder / MEASURES).write_text(json.dumps(measures, indent=2) + "\n")

    folder = store.get_or_build(stage, build)
    tensors = load_file(folder / TRANSLATOR)
    network = restored(course.spec, course.options, tensors, course.device)
    measures = json.loads((folder / MEASURES).read_text())
    return Translated(network, stage.key, measures)


def _start(course: Course, store: Store, progress: Progress) -> Translator:
    """The network before its first step on faces, warmed where that is wanted."""
    network = make_translator(course.spec, course.options, course.seed)
    network.to(course.device)
    if course.pairs is not None:
        own = (course.options, course.seed, course.device)
        warm = warm_started(network, course.pairs, *own, store, progress)
        network.load_state_dict(warm)
    return network


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


@torch.no_grad()
def _measured(network: Translator, course: Course) -> dict[str, float]:
    """See `Translated.measures`."""
    faces, frame = course.faces, course.judge.avatars
    targets = {"identity": faces.identity, "content": faces.content}
    count = min(len(faces.identity), MEASURED)
    mean = mean_avatar(course.spec, 1, course.device)
    totals: defaultdict[str, float] = defaultdict(float)
    for rows in torch.arange(count).split(MEASURED_AT_ONCE):
        free = network(faces.identity.rows(rows, course.device))
        predicted = torch.from_numpy(strict(course.spec, free).flat())
        drawn = {
            "mean_avatar": course.imitated.draw(mean),
            "predicted": course.imitated.draw(predicted.to(course.device)),
        }
        for term, features in targets.items():
            if features is None:
                continue
            judge, wanted = course.judge.terms[term], features.rows(rows, course.device)
            for name, pictures in drawn.items():
                apart = judge.distance(judge.features(pictures, frame), wanted)
                totals[f"{term}_{name}"] += float(apart.double().sum())
    return {name: total / count for name, total in totals.items()}


def _recipe(options: TranslatorOptions) -> Recipe:
    return Recipe(
        options.steps,
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
        own = (course.options, course.seed, course.device)
        inputs["warm_start"] = warm_start_stage(pairs, *own).key
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
