"""Trained models that turn aligned faces into vectors of one engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.engines.base import Engine
from benchmark.registry import METHODS
from benchmark.storage.digests import bytes_digest, file_digest
from benchmark.weights.folders import CARD, ESTIMATOR, known_weights

if TYPE_CHECKING:
    import torch

METHOD_FILE = "method.json"
MLFLOW = ("models:/", "runs:/", "mlflow-artifacts:/")
BATCH = 16
FITS = "fit"
"""Folder of the fitted methods in a store."""


class ModelError(ValueError):
    """A model cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class Model:
    """A trained model for one engine.

    Attributes:
        title: what it is and where it lies, for people.
        digest: SHA-256 (hex) of its files.
        size: side in pixels of the faces that it takes.
        spec: of the vectors that it predicts.
        run: maps (n, 3, size, size) float32 faces in [-1, 1] to n vectors.
        name: what it is, without the folder.
    """

    title: str
    digest: str
    size: int
    spec: AvatarSpec
    run: Callable[[torch.Tensor], AvatarVectors]
    name: str

    def predict(self, faces: NDArray[np.uint8]) -> AvatarVectors:
        """The vectors of (n, S, S, 3) uint8 aligned faces, which are resized."""
        from methods.shared.pictures import as_tensor, resized

        batches = [
            self.run(as_tensor(resized(faces[start : start + BATCH], self.size)))
            for start in range(0, len(faces), BATCH)
        ]
        return AvatarVectors.concatenate(
            [AvatarVectors.defaults(self.spec, 0), *batches]
        )


def open_model(
    engine: Engine,
    source: str | None = None,
    method: str | None = None,
    runs: Path = Path("runs"),
) -> Model:
    """Open the model that `create` uses.

    Args:
        engine: the engine to predict for.
        source: a folder of a fitted method or of an estimator's weights, the name of
            such weights, or an MLflow URI; None takes the shipped estimator.
        method: name of the method that `source` must hold; None allows any. Without
            `source` it must be None.
        runs: folder of all runs, with fitted methods and MLflow's database.

    Raises:
        ModelError, WeightsError, MethodError or UnknownName: if there is no such model,
            or it is for another engine.
    """
    if method is not None:
        METHODS.load(method)
    if source is None:
        if method is not None:
            raise ModelError(f"no fitted {method} is named: give its folder")
        return _open_shipped(engine)
    folder = _locate(source, runs)
    if (folder / CARD).is_file():
        if method is not None:
            raise ModelError(
                f"{source} holds an estimator's weights, not a fitted {method}: leave "
                "out --method"
            )
        return _open_product(folder, engine)
    found = sorted(folder.rglob(METHOD_FILE))
    if len(found) != 1:
        what = "no fitted method" if not found else f"{len(found)} fitted methods"
        raise ModelError(
            f"{source} holds {what}: give a folder with one {METHOD_FILE}, as a run "
            "stores it for each trial"
        )
    return _open_fitted(found[0].parent, engine, method)


def fits_of(runs: Path, spec: AvatarSpec, method: str) -> list[Path]:
    """Folders of a method that is fitted to an engine, the newest first.

    They are in the store of `runs`. Raises ModelError if there is none.
    """
    candidates: list[tuple[float, Path]] = []
    for file in (runs / "store" / FITS).glob(f"*/{METHOD_FILE}"):
        data = _read(file)
        # Through JSON, because a spec's own data has tuples where JSON has lists.
        own = json.loads(json.dumps(spec.to_json()))
        if data.get("method") == method and data.get("spec") == own:
            candidates.append((file.stat().st_mtime, file.parent))
    if not candidates:
        raise ModelError(
            f"{runs / 'store'} has no {method} that is fitted to {spec.name}: run a "
            "suite with both, such as `avatarbench run quick`, or name a folder with "
            "--model"
        )
    return [folder for _, folder in sorted(candidates, reverse=True)]


def _locate(source: str, runs: Path) -> Path:
    if source.startswith(MLFLOW):
        from benchmark.tracking.model_artifacts import download_model

        return download_model(source, runs)
    folder = Path(source)
    if folder.is_dir():
        return folder
    named = known_weights().get(source)
    if named is not None and (named / ESTIMATOR).is_file():
        return named
    raise ModelError(
        f"--model {source}: there is no such folder; expected a folder of a fitted "
        "method, weights made by `avatarbench train estimator`, or an MLflow address "
        "such as models:/NAME/1"
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _open_fitted(folder: Path, engine: Engine, wanted: str | None) -> Model:
    from methods.base import with_engine

    data = _read(folder / METHOD_FILE)
    name, spec = data.get("method"), data.get("spec")
    if not isinstance(name, str) or not isinstance(spec, dict):
        raise ModelError(f"{folder / METHOD_FILE} is damaged: fit the method again")
    if wanted not in (None, name):
        raise ModelError(f"{folder} holds {name}, not {wanted}: change --method")
    _check_spec(folder, AvatarSpec.from_json(spec), engine.spec)
    method = with_engine(METHODS.load(name).load(folder), lambda: engine)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digest = bytes_digest("\n".join(map(file_digest, files)).encode())
    size = method.options.input_size
    title = METHODS.load(name).meta.title
    where = f"{title} ({folder})"
    return Model(where, digest, size, engine.spec, method.predict, title)


def _check_spec(folder: Path, spec: AvatarSpec, wanted: AvatarSpec) -> None:
    if spec.name != wanted.name:
        raise ModelError(
            f"{folder} predicts vectors of engine {spec.name}, not {wanted.name}: give "
            f"--engine {spec.name} or another model"
        )
    if spec != wanted:
        raise ModelError(
            f"{folder} was fitted to other parameters of engine {spec.name}: fit it "
            "again"
        )


def _open_shipped(engine: Engine) -> Model:
    from methods.product.weights import read_product_card, shipped_product

    folder = shipped_product()
    engines = read_product_card(folder).engines
    if engine.spec.name not in engines:
        raise ModelError(
            f"no estimator for engine {engine.spec.name} ships with the package (there "
            f"are some for {', '.join(engines)}): fit a method to the engine with "
            "`avatarbench run` and name its folder with --model"
        )
    return _open_product(folder, engine)


def _open_product(folder: Path, engine: Engine) -> Model:
    from methods.product.weights import LABEL, load_product, read_product_card

    name = engine.spec.name
    network = load_product(folder, {name: engine.spec})
    card = read_product_card(folder)

    def run(faces: torch.Tensor) -> AvatarVectors:
        return network.vectors(faces, name)

    digest = card.digests[ESTIMATOR]
    title = f"{folder.name} ({LABEL})"
    return Model(title, digest, card.size, engine.spec, run, title)
