"""`avatarbench train estimator`: train the estimator of `avatarbench create`."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmark import weights
from benchmark.avatars.counting import counted
from benchmark.commands.train_parser import CLOCK, add_elapsed, read_seconds
from benchmark.faces.faceset import embedded_portraits
from benchmark.faces.portraits.designer.truths import ENGINES, engine_spec
from benchmark.faces.portraits.training_set import TrainingSet, open_training_set
from benchmark.faces.portraits.training_truths import training_truths
from benchmark.storage.digests import bytes_digest, file_digest
from benchmark.storage.locks import lock
from benchmark.system.console import ConsoleProgress, duration, open_progress
from benchmark.system.environment import own_version
from benchmark.system.hardware import hardware
from benchmark.weights.folders import ESTIMATOR, find_weights, require_free
from methods.product.measuring import agreement, predict_portraits
from methods.product.network import ProductEstimator
from methods.product.quantisation import dequantised, quantised_state
from methods.product.training import VERSION, Examples, ProductRecipe, train_product
from methods.product.weights import (
    LABEL,
    SHIPPED_NAME,
    ProductCard,
    load_product,
    read_product_card,
    write_product,
)

LABELS = "labels.npz"
DESIGNER = "designer-a"
VALIDATION = "validation"


@dataclass(frozen=True)
class Job:
    """A training whose inputs are checked, ready to start or to continue."""

    faces: TrainingSet
    examples: Examples
    encoder: Path | None
    start: Path | None
    recipe: ProductRecipe
    folder: Path
    device: str
    console: ConsoleProgress


def run_estimator_training(
    crowd: Path,
    recipe: ProductRecipe,
    *,
    start: Path | None,
    out: Path,
    export: Path | None,
    device: str,
    quiet: bool,
) -> int:
    """Train the estimator of all built-in engines, measure it and write its weights.

    With `start`, a folder or name of an estimator's weights, the training begins
    there; its heads keep their width. Returns the exit status, 130 if interrupted by
    Ctrl-C. Raises WeightsError or FaceSetError before anything is trained if an input
    does not fit.
    """
    if export is not None:
        require_free(export)
    job = _prepare(crowd, recipe, start, out, device, open_progress(quiet))
    with lock(job.folder / ".lock", f"training in {job.folder}"):
        try:
            network = _train(job)
        except KeyboardInterrupt:
            print(
                f"\nstopped; repeat the command to continue from {job.folder}",
                file=sys.stderr,
            )
            return 130
        # Measure what is stored.
        network.load_state_dict(dequantised(quantised_state(network)))
        scores = _measure(network, job.faces.size)
        folder = export or job.folder / "weights"
        if export is None and folder.exists():
            print(f"weights: {folder} (written before)")
            return 0
        write_product(folder, network, _make_card(job, folder.name, scores))
    print(f"weights: {folder} ({LABEL})")
    return 0


def _prepare(
    crowd: Path,
    recipe: ProductRecipe,
    start: Path | None,
    out: Path,
    device: str,
    console: ConsoleProgress,
) -> Job:
    encoder: Path | None = None
    if start is None:
        encoder = _find_encoder()
        origin = {"encoder": file_digest(encoder)}
    else:
        start = find_weights(start)
        width = read_product_card(start).head_width
        recipe = recipe.model_copy(update={"head_width": width})
        _load_start(start)
        origin = {"start": file_digest(start / ESTIMATOR)}
    faces = open_training_set(crowd)
    about = {
        "version": VERSION,
        "recipe": recipe.model_dump(mode="json"),
        "faces": faces.digest,
        "designer": DESIGNER,
        "engines": {name: engine_spec(name).digest for name in ENGINES},
        **origin,
    }
    digest = bytes_digest(json.dumps(about, sort_keys=True).encode())[:12]
    folder = out / "estimators" / f"estimator{faces.size}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    labels = out / "estimators" / f"{faces.digest[:12]}-{LABELS}"
    rows, vectors = training_truths(faces, ENGINES, DESIGNER, labels, console)
    console.say(
        f"{counted(len(rows), 'face')} of {crowd}; "
        f"{len(faces) - len(rows)} are train faces of the benchmark and left out"
    )
    examples = Examples(faces, rows, vectors)
    return Job(faces, examples, encoder, start, recipe, folder, device, console)


def _find_encoder() -> Path:
    encoder = weights.find(weights.EFFICIENTNET_LITE0)
    if encoder is None:
        raise weights.WeightsError(
            "the estimator starts from EfficientNet-Lite0: run `avatarbench weights "
            f"fetch {weights.EFFICIENTNET_LITE0}`, or name weights with --from"
        )
    return encoder


def _load_start(folder: Path) -> ProductEstimator:
    return load_product(folder, {name: engine_spec(name) for name in ENGINES})


def _train(job: Job) -> ProductEstimator:
    with add_elapsed(job.folder / CLOCK):
        return train_product(
            job.examples,
            job.recipe,
            job.encoder,
            job.folder,
            job.console,
            job.device,
            None if job.start is None else _load_start(job.start),
        )


def _measure(network: ProductEstimator, size: int) -> Mapping[str, float]:
    """Mean agreement on the embedded validation portraits by engine; prints it."""
    faces = embedded_portraits()
    split = faces.split(VALIDATION)
    pictures = np.asarray(split.pictures(size))
    predicted = predict_portraits(network, pictures)
    means: dict[str, float] = {}
    for engine, spec in network.specs.items():
        truth = faces.truth(engine, spec, split, DESIGNER)
        scores = agreement(predicted[engine], truth)
        means[engine] = round(float(np.mean(list(scores.values()))), 4)
        print(f"{engine}: {means[engine]:.3f} on {counted(len(pictures), 'portrait')}")
        for name, score in scores.items():
            print(f"  {name:<20}{score:.3f}")
    return means


def _make_card(job: Job, name: str, scores: Mapping[str, float]) -> ProductCard:
    faces, recipe = job.faces, job.recipe
    encoder, begin = _describe_start(job.start)
    seconds = read_seconds(job.folder / CLOCK)
    job.console.say(f"trained in {duration(seconds)}")
    machine = hardware(job.device, torch.get_num_threads())["name"]
    return ProductCard(
        title=SHIPPED_NAME if name == "weights" else name,
        engines={n: v.spec.digest for n, v in job.examples.vectors.items()},
        size=faces.size,
        network_size=recipe.network_size,
        head_width=recipe.head_width,
        licence=faces.licence,
        data=(
            f"{faces.name}: {counted(len(job.examples), 'synthetic face')} of "
            f"{faces.size} px (stand-ins for photographs), labelled by {DESIGNER}, "
            f"digest {faces.digest[:16]}; no face of the benchmark"
        ),
        encoder=encoder,
        command=shlex.join(["avatarbench", *sys.argv[1:]]),
        hours=round(seconds / 3600, 3),
        steps=recipe.steps,
        faces=recipe.steps * recipe.batch,
        validation="200 embedded validation portraits",
        scores=dict(scores),
        made_with=f"avatarbench {own_version()}",
        notes=(
            f"{begin}on {machine}; recipe {json.dumps(recipe.model_dump(mode='json'))}"
        ),
    )


def _describe_start(start: Path | None) -> tuple[str, str]:
    """The card's text on the backbone, and the beginning of its notes."""
    if start is None:
        entry = weights.describe(weights.EFFICIENTNET_LITE0)
        return f"{entry.title} ({entry.data}; {entry.licence}), trained further", ""
    card = read_product_card(start)
    took = "" if card.hours is None else f"{card.hours} h, "
    digest = card.digests[ESTIMATOR][:8]
    begin = f"{card.title} ({card.faces:,} pictures, {took}estimator {digest})"
    return card.encoder, f"started from {begin}; "
