"""The translator's training on faces without labels, through a frozen imitator.

F2P v2 (Shi et al., AAAI 2020; TPAMI 2022): the translator T predicts a vector from a
face's embedding, the imitator G draws it, and the face-recognition network F embeds the
drawing. The loss is the sum of the identity and content distances between drawing and
face, and the loopback |x - T(F(G(x)))|. Only T is trained.

The stage's folder contains:

    translator.safetensors   the network
    measures.json            distances of train faces to the drawings of their vectors
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
from methods.f2p.training_setup import TrainingSetup, TranslatorLoss
from methods.f2p.warm_start import warm_start_stage, warm_started
from methods.networks.lightcnn import EMBEDDING
from methods.networks.translator import Translator
from methods.shared.randomness import seed_of
from methods.shared.tensors import restored, storable

TRANSLATOR_VERSION = "2"
TRANSLATOR, MEASURES = "translator.safetensors", "measures.json"
SETTLED_ON = 10_000
"""Maximum number of faces for the statistics of batch normalisation."""
MEASURED, MEASURED_AT_ONCE = 64, 16
"""Maximum number of train faces that are measured, and the batch size."""


@dataclass(frozen=True)
class TrainedTranslator:
    """A trained translator.

    Attributes:
        network: frozen, in evaluation mode, on the device.
        digest: the key of its stage.
        measures: mean distances of train faces to drawings, by term of the similarity.
            `identity_mean_avatar`: drawings of the mean avatar, the start of a search.
            `identity_predicted`: drawings of the predicted vectors, with choices made.
            The same for the content.
    """

    network: Translator
    digest: str
    measures: Mapping[str, float]


def trained_translator(
    setup: TrainingSetup, store: Store, progress: Progress
) -> TrainedTranslator:
    """The translator of a setup; cached in the store.

    A build that was killed resumes from its checkpoint and ends with the same bytes (on
    one machine with the same number of threads).

    Raises:
        MethodError: where there are fewer than two faces.
        FloatingPointError: where the loss is not finite.
    """
    count = len(setup.faces.identity)
    if count < 2:
        raise MethodError(
            f"the translator needs two or more train faces, got {count}: give a face "
            "set with a larger train split"
        )
    stage = translator_stage(setup)

    def build(folder: Path, scratch: Path) -> None:
        network = _initial_network(setup, store, progress)
        loss, recipe = TranslatorLoss(network, setup, progress), _recipe(setup.options)
        train(network, loss, recipe, scratch, progress, setup.label)
        _set_batch_statistics(network, setup.faces.identity, setup.device)
        save_file(storable(network.state_dict()), folder / TRANSLATOR)
        measures = _measure(network, setup)
        (folder / MEASURES).write_text(json.dumps(measures, indent=2) + "\n")

    folder = store.get_or_build(stage, build)
    tensors = load_file(folder / TRANSLATOR)
    network = restore_translator(setup.spec, setup.options, tensors, setup.device)
    measures = json.loads((folder / MEASURES).read_text())
    return TrainedTranslator(network, stage.key, measures)


def _initial_network(
    setup: TrainingSetup, store: Store, progress: Progress
) -> Translator:
    """The network before its first step on faces, after the warm start if any."""
    network = make_translator(setup.spec, setup.options, setup.seed)
    network.to(setup.device)
    if setup.pairs is not None:
        own = (setup.options, setup.seed, setup.device)
        warm = warm_started(network, setup.pairs, *own, store, progress)
        network.load_state_dict(warm)
    return network


def make_translator(
    spec: AvatarSpec, options: TranslatorOptions, seed: int
) -> Translator:
    """The untrained translator of these options."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("translator", seed))
        return Translator(spec, EMBEDDING, options.width, options.scalars)


def restore_translator(
    spec: AvatarSpec,
    options: TranslatorOptions,
    tensors: Mapping[str, Tensor],
    device: str,
) -> Translator:
    """A translator with the given tensors, frozen, in evaluation mode, on `device`."""
    return restored(make_translator(spec, options, seed=0), tensors, device)


@torch.no_grad()
def _set_batch_statistics(
    network: Translator, embeddings: Features, device: str
) -> None:
    """Set the statistics of batch normalisation to those of the faces' embeddings.

    The running statistics of the training cannot be used: its batches alternate
    between faces and, for the loopback, drawings, while `predict` reads faces only.
    """
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.reset_running_stats()
            layer.momentum = None  # the mean over all calls; there is one call
    network.train()
    rows = torch.arange(min(len(embeddings), SETTLED_ON))
    network(embeddings.rows(rows, device))
    network.eval()


@torch.no_grad()
def _measure(network: Translator, setup: TrainingSetup) -> dict[str, float]:
    """See `TrainedTranslator.measures`."""
    faces, similarity = setup.faces, setup.similarity
    features = {"identity": faces.identity, "content": faces.content}
    count = min(len(faces.identity), MEASURED)
    mean = mean_avatar(setup.spec, 1, setup.device)
    totals: defaultdict[str, float] = defaultdict(float)
    for rows in torch.arange(count).split(MEASURED_AT_ONCE):
        free = network(faces.identity.rows(rows, setup.device))
        predicted = torch.from_numpy(strict(setup.spec, free).flat())
        drawings = {
            "mean_avatar": setup.imitator.draw(mean),
            "predicted": setup.imitator.draw(predicted.to(setup.device)),
        }
        for name, of_faces in features.items():
            if of_faces is None:
                continue
            term, targets = similarity.terms[name], of_faces.rows(rows, setup.device)
            for kind, pictures in drawings.items():
                candidates = term.features(pictures, similarity.avatars)
                distances = term.distance(candidates, targets)
                totals[f"{name}_{kind}"] += float(distances.double().sum())
    return {name: total / count for name, total in totals.items()}


def _recipe(options: TranslatorOptions) -> Recipe:
    return Recipe(
        options.steps,
        options.learning_rate,
        options.schedule,
        options.checkpoint_steps,
    )


def translator_stage(setup: TrainingSetup) -> Stage:
    """The stage of a translator: its key covers all that affects the weights."""
    faces, pairs = setup.faces, setup.pairs
    inputs = {"imitator": setup.imitator.digest, "faces": faces.identity.digest}
    if faces.content is not None:
        inputs["content"] = faces.content.digest
    if pairs is not None:
        own = (setup.options, setup.seed, setup.device)
        inputs["warm_start"] = warm_start_stage(pairs, *own).key
    return Stage(
        "translator",
        TRANSLATOR_VERSION,
        {
            **setup.options.model_dump(mode="json", exclude={"checkpoint_steps"}),
            "similarity": setup.weights.model_dump(mode="json", exclude={"parser"}),
            "eyes": setup.similarity.avatars.eyes,
            "mouth": setup.similarity.avatars.mouth,
            "device": setup.device,
            "threads": torch.get_num_threads(),
        },
        inputs,
        setup.seed,
    )
