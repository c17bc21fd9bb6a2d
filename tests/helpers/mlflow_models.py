"""A model of MLflow that needs no training: the control `constant` of an engine."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.engines.toon import ToonTikTok
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from benchmark.tracking.models import write_model
from methods.base import FitContext, Pictures
from methods.controls import Constant

GREY = np.full((64, 64, 3), 200, np.uint8)


def base64_of(picture) -> str:
    """A picture as the base64 text of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


def write_constant_model(folder: Path) -> Path:
    """Write a pyfunc model for toon-tiktok as `model` in a folder; returns its path."""
    engine = ToonTikTok()
    method = Constant(Constant.Options())
    pictures = Pictures(np.empty((0, 224, 224, 3), np.uint8), "none")
    store = Store(folder / "store")
    method.fit(FitContext(engine, pictures, store, "cpu", 0, Silent()))
    (folder / "fitted").mkdir()
    method.save(folder / "fitted")
    record = {
        "variant": "constant",
        "method": "constant",
        "engine": "toon-tiktok",
        "seed": 0,
        "spec": engine.spec.to_json(),
    }
    (folder / "trial.json").write_text(json.dumps(record))
    write_model(folder / "model", folder / "fitted", folder, GREY, record)
    return folder / "model"
