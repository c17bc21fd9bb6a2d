"""The model that MLflow loads and serves: a fitted method that reads pictures.

MLflow copies this file into every logged model and runs the copy where the model is
loaded. avatarbench must be installed there.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel
from numpy.typing import NDArray

from benchmark.engines.base import Engine
from benchmark.engines.protocol.errors import EngineUnavailable
from benchmark.faces.pictures import FaceSetError, decode_picture
from benchmark.photographs import PhotographError, align
from benchmark.photographs.choosing import largest_face
from benchmark.photographs.reading import decode_photograph
from benchmark.registry import ENGINES, METHODS, UnknownName
from methods.base import with_engine
from methods.shared.pictures import as_tensor, resized

COLUMN = "picture"
BATCH = 64
"""Pictures that are decoded and predicted together."""


class FittedMethod(PythonModel):
    """Turns pictures of aligned faces into avatar vectors by names."""

    def load_context(self, context: Any) -> None:
        """Load the fitted method onto the device that the model config names.

        A method that renders while it predicts needs its engine to be installed.
        """
        text = Path(context.artifacts["trial"]).read_text(encoding="utf-8")
        trial = json.loads(text)
        method = METHODS.load(trial["method"])
        device = (context.model_config or {}).get("device", "cpu")
        loaded = method.load(Path(context.artifacts["method"]), device)
        self._method = with_engine(loaded, lambda: _engine(trial))

    def predict(  # type: ignore[reportIncompatibleMethodOverride]
        self,
        context: Any,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> list[dict[str, float | str]]:
        """One vector by parameter names for each row of the column `picture`.

        A picture is the bytes of a picture file, their base64 text, or an
        (H, W, 3) array of integers from 0 to 255. It shows one aligned face and is
        square. With the parameter `align`, it is any photograph, and the largest face
        is cut out first. Raises MlflowException, which names the row, for anything
        else. A server answers it with status 400.
        """
        rows = _rows(model_input[COLUMN])
        size = self._method.options.input_size
        read = _cut_out if (params or {}).get("align") else _read
        records: list[dict[str, float | str]] = []
        for first in range(0, len(rows), BATCH):
            batch = enumerate(rows[first : first + BATCH], first)
            try:
                faces = [read(_data(row), f"picture {n}", size) for n, row in batch]
            except (FaceSetError, PhotographError) as error:
                raise MlflowException.invalid_parameter_value(str(error)) from error
            records += self._method.predict(as_tensor(np.stack(faces))).to_records()
        return records


def _engine(trial: Mapping[str, Any]) -> Engine:
    """The engine of a trial; MlflowException where it is not installed."""
    name = trial["engine"]
    try:
        return ENGINES.create(name)
    except (UnknownName, EngineUnavailable) as error:
        raise MlflowException.invalid_parameter_value(
            f"{trial['method']} renders while it predicts, and its engine {name} "
            f"cannot be used here: {error}"
        ) from error


def _rows(column: Any) -> list[Any]:
    """The pictures; MLflow gives a row for `{"inputs": {"picture": [...]}}`."""
    rows: list[Any] = []
    for row in column:
        several = isinstance(row, (list, np.ndarray)) and len(row) > 0
        rows += list(row) if several and isinstance(row[0], (str, bytes)) else [row]
    return rows


def _data(picture: Any) -> Any:
    """Base64 text as bytes; other text as nothing."""
    if not isinstance(picture, str):
        return picture
    start = picture.find("base64,")
    try:
        return base64.b64decode(picture[start + 7 if start > 0 else 0 :], validate=True)
    except (binascii.Error, ValueError):
        return None


def _read(picture: Any, label: str, size: int) -> NDArray[np.uint8]:
    """An aligned face as (size, size, 3) uint8."""
    if isinstance(picture, (bytes, bytearray)):
        return decode_picture(bytes(picture), label, size)
    pixels = _as_array(picture, label)
    if pixels.shape[0] != pixels.shape[1]:
        raise FaceSetError(
            f"{label} is not square: align and crop the face, or set the parameter "
            "align to true"
        )
    return resized(pixels[None], size)[0]


def _cut_out(picture: Any, label: str, size: int) -> NDArray[np.uint8]:
    """The largest face of a photograph as (size, size, 3) uint8."""
    if isinstance(picture, (bytes, bytearray)):
        pixels = decode_photograph(bytes(picture), label)
    else:
        pixels = _as_array(picture, label)
    return align(pixels, largest_face(pixels, label), size)


def _as_array(picture: Any, label: str) -> NDArray[np.uint8]:
    """Check an array or nested lists of pixels."""
    try:
        # Pandas and JSON give arrays of arrays.
        pixels = np.array(_plain(picture))
    except ValueError:
        pixels = np.empty(0)
    whole = pixels.dtype.kind in "ui" and pixels.size > 0
    if not (whole and pixels.ndim == 3 and pixels.shape[-1] == 3):
        raise FaceSetError(
            f"{label} is no picture: give the bytes of a picture file, their base64 "
            "text, or an (H, W, 3) array of integers"
        )
    if pixels.min() < 0 or pixels.max() > 255:
        raise FaceSetError(f"{label} has values outside 0 to 255: use 8-bit RGB")
    return pixels.astype(np.uint8)


def _plain(value: Any) -> Any:
    """Nested arrays of objects as nested lists."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    return value


set_model(FittedMethod())
