"""`avatarbench create score`: measure a model on labelled photographs."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmark.avatars.counting import counted
from benchmark.commands.create_model import choose_model
from benchmark.creation.model import ModelError
from benchmark.creation.scoring import mean_score, predict_photos, score_vectors
from benchmark.engines.base import Engine
from benchmark.faces.picture_listing import list_pictures
from benchmark.faces.truth_csv import TruthFile
from benchmark.registry import ENGINES
from benchmark.system.console import open_progress, print_table


def score_photos(
    photos: Path,
    truth: Path,
    *,
    engine_name: str,
    method: str | None,
    model: str | None,
    runs: Path,
    quiet: bool,
) -> None:
    """Print the agreement of each parameter on the photographs with a ground truth."""
    engine: Engine = ENGINES.create(engine_name)
    opened = choose_model(engine, model, method, runs)
    labels = TruthFile(truth)
    labelled = set(labels.faces())
    files = {n: p for n, p in list_pictures(photos).items() if n in labelled}
    if not files:
        raise ModelError(
            f"{truth} has no row for a photograph of {photos}: its column `face` holds "
            "file names without suffix"
        )
    console = open_progress(quiet)
    names, vectors = predict_photos(
        opened, files, console, lambda text: print(text, file=sys.stderr)
    )
    if not names:
        raise ModelError(f"no photograph of {photos} can be used")
    scores = score_vectors(vectors, labels.read(engine.spec, names))
    print(f"{opened.title}: {counted(len(names), 'photograph')} of {len(files)}")
    print_table(
        ("parameter", "right", "within 2 steps", "constant", "faces"),
        (
            (
                score.name,
                f"{score.right:.2f}",
                "" if score.near is None else f"{score.near:.2f}",
                f"{score.constant:.2f}",
                str(score.count),
            )
            for score in scores
        ),
    )
    print(f"mean {mean_score(scores):.3f}")
