"""Fitted methods as models of MLflow, which can be loaded and served."""

from __future__ import annotations

import base64
import io
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarSpec, Discrete
from benchmark.registry import ENGINES, METHODS
from benchmark.storage.trial_folder import TRIAL_FILE
from benchmark.system.environment import own_version
from benchmark.tracking.records import MODEL_URI, TAG
from methods.base import EngineUser

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

    from benchmark.tracking.connection import Experiment

COLUMN = "picture"
"""The column of a model's input."""
FITTED = "artifacts/method"
"""In a model of MLflow: the folder that the method saved."""
PINNED = ("torch", "torchvision", "numpy", "safetensors", "pillow")
"""Packages that are pinned in a model besides avatarbench, which requires the rest."""


def log_model(
    runs: Experiment,
    run: str,
    fitted: Path,
    trial: Path,
    example: NDArray[np.uint8],
    record: Mapping[str, Any],
) -> str:
    """Log a fitted method to a run as a pyfunc model; returns its address.

    Args:
        runs: the experiment.
        run: the id of the trial's run.
        fitted: the folder that the method saved.
        trial: the folder of the trial.
        example: an (S, S, 3) picture, the input example.
        record: the content of `trial.json`.
    """
    from mlflow.entities import LoggedModelOutput

    client = runs.client
    keys = ("variant", "method", "engine", "seed")
    tags = {TAG + key: str(record[key]) for key in keys}
    name = f"{record['variant']}-{record['engine']}-s{record['seed']}"
    model = client.create_logged_model(
        runs.id, name, source_run_id=run, tags=tags, model_type="avatar-method"
    )
    with tempfile.TemporaryDirectory(prefix="avatarbench-") as folder:
        target = Path(folder) / "model"
        write_model(target, fitted, trial, example, record, run, model.model_id)
        client.log_model_artifacts(model.model_id, str(target))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run, [LoggedModelOutput(model.model_id, 0)])
    uri = f"models:/{model.model_id}"
    client.set_tag(run, MODEL_URI, uri)
    return uri


def write_model(
    target: Path,
    fitted: Path,
    trial: Path,
    example: NDArray[np.uint8],
    record: Mapping[str, Any],
    run: str | None = None,
    model: str | None = None,
) -> None:
    """Write a pyfunc model to a new folder; see `log_model` for the arguments."""
    from mlflow.models import Model
    from mlflow.pyfunc import save_model

    with tempfile.TemporaryDirectory(prefix="avatarbench-") as folder, _quiet():
        # MLflow keeps the last name of the path.
        saved = Path(folder) / "method"
        shutil.copytree(fitted, saved)
        save_model(
            target,
            mlflow_model=Model(run_id=run, model_id=model),
            python_model=str(Path(__file__).with_name("pyfunc_model.py")),
            artifacts={"method": str(saved), "trial": str(trial / TRIAL_FILE)},
            signature=signature_of(AvatarSpec.from_json(record["spec"])),
            input_example=[{COLUMN: encode(example)}],
            pip_requirements=requirements(record["method"], record["engine"]),
            model_config={"device": "cpu"},
            metadata={
                "avatarbench": {
                    key: record[key] for key in ("variant", "method", "engine", "seed")
                },
            },
        )


def signature_of(spec: AvatarSpec) -> ModelSignature:
    """A column of pictures in; a column for each parameter of the spec out.

    The parameter `align` says whether the face is first searched and cut out.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import (
        ColSpec,
        DataType,
        ParamSchema,
        ParamSpec,
        Schema,
        TensorSpec,
    )
    from mlflow.types.schema import AnyType

    columns: list[ColSpec | TensorSpec] = [
        ColSpec(
            DataType.string if isinstance(each, Discrete) else DataType.double,
            each.name,
        )
        for each in spec.parameters
    ]
    # A picture is base64 text or an array.
    pictures = Schema([ColSpec(AnyType(), COLUMN)])
    options = ParamSchema([ParamSpec("align", DataType.boolean, False)])
    return ModelSignature(pictures, Schema(columns), options)


def requirements(method: str, engine: str) -> list[str]:
    """Packages that a model of a method needs, at the versions that fitted it.

    The package of the engine is among them if the method renders while it predicts.
    """
    versions = {"avatarbench": own_version()}
    versions |= {name: metadata.version(name) for name in PINNED}
    plugins = [METHODS.plugin(method)]
    if issubclass(METHODS.load(method), EngineUser):
        plugins.append(ENGINES.plugin(engine))
    for plugin in plugins:
        if plugin is not None and plugin.dist is not None:
            versions[plugin.dist.name] = plugin.dist.version
    # A local version, such as 2.6.0+cpu, is not on a package index.
    return [f"{name}=={text.partition('+')[0]}" for name, text in versions.items()]


def encode(picture: NDArray[np.uint8]) -> str:
    """An (S, S, 3) picture as the base64 text of a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's progress bars and its advice for other models out of the output."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
