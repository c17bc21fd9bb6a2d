"""A suite small enough for tests: an engine, methods, metrics and faces.

Run as a program, it is the command line with these entries registered.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from PIL import Image

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Continuous, Discrete
from benchmark.engines.base import EngineMeta, check_request
from benchmark.registry import ENGINES, METHODS, METRICS
from benchmark.storage.store import Stage
from evaluation.base import MetricMeta
from methods.base import MethodMeta, MethodOptions

SPEC = AvatarSpec(
    "tiny",
    (
        Continuous("mouth", "mouth"),
        Discrete("skin", "skin", ("dark", "light"), colours=("#202020", "#e0e0e0")),
    ),
)


class TinyEngine:
    """A square in the skin colour, with a mouth as wide as its value."""

    meta = EngineMeta("tiny", "Tiny", "1", "tests", "CC0-1.0")
    spec = SPEC

    def render(self, vectors, size):
        check_request(self.spec, vectors, size)
        pictures = np.empty((len(vectors), size, size, 3), np.uint8)
        shades = np.where(vectors.column("skin") == 0, 32, 224)
        for picture, shade, mouth in zip(
            pictures, shades, vectors.column("mouth"), strict=True
        ):
            picture[:] = shade
            picture[size // 2 :, : round(float(mouth) * size)] = 128
        return pictures


class TinyOptions(MethodOptions):
    input_size: int = 64
    steps: int = 3
    pause: float = 0.0
    needs: str = ""


class TinyMethod:
    """Adds one number per step in a resumable stage; predicts from the brightness."""

    meta: ClassVar[MethodMeta] = MethodMeta("tiny", "Tiny", "1", "none", "CC0-1.0")
    Options: ClassVar[type[TinyOptions]] = TinyOptions

    def __init__(self, options):
        self.options = options
        self.bias = 0.0

    @staticmethod
    def required_weights(options):
        return (options.needs,) if options.needs else ()

    def fit(self, context):
        options = {"steps": self.options.steps}
        stage = Stage("tiny-walk", "1", options, seed=context.seed)

        def build(folder, scratch):
            state = scratch / "state.json"
            done = json.loads(state.read_text()) if state.is_file() else []
            with context.progress.task("walk", self.options.steps, len(done)) as bar:
                for step in range(len(done), self.options.steps):
                    rng = np.random.default_rng([context.seed, step])
                    done.append(float(rng.random()))
                    time.sleep(self.options.pause)
                    temporary = scratch / "state.tmp"
                    temporary.write_text(json.dumps(done))
                    temporary.rename(state)
                    context.progress.log({"loss": done[-1]}, step)
                    bar.advance()
            (folder / "walk.json").write_text(json.dumps(done))

        folder = context.store.get_or_build(stage, build)
        self.bias = float(np.mean(json.loads((folder / "walk.json").read_text())))

    def predict(self, faces):
        brightness = (faces.mean(dim=(1, 2, 3)).numpy() + 1) / 2
        mouth = np.clip(brightness * 0.5 + self.bias * 0.5, 0, 1)
        skin = (brightness > 0.5).astype(np.int64)
        return AvatarVectors(SPEC, mouth[:, None].astype(np.float32), skin[:, None])

    def save(self, folder):
        (folder / "tiny.json").write_text(json.dumps([self.options.steps, self.bias]))

    @classmethod
    def load(cls, folder, device="cpu"):
        steps, bias = json.loads((folder / "tiny.json").read_text())
        method = cls(TinyOptions(steps=steps))
        method.bias = bias
        return method


class RenderingMethod(TinyMethod):
    """Renders while it predicts."""

    meta = MethodMeta("rendering", "Rendering", "1", "none", "CC0-1.0")
    engine = None

    def fit(self, context):
        super().fit(context)
        self.engine = context.engine

    def use_engine(self, engine):
        self.engine = engine

    def predict(self, faces):
        vectors = super().predict(faces)
        if self.engine is None:
            raise RuntimeError("rendering has no engine")
        assert len(self.engine.render(vectors, 64)) == len(faces)
        return vectors


class FailingMethod(TinyMethod):
    """Fails to fit while a file `broken` exists next to the store."""

    meta = MethodMeta("failing", "Failing", "1", "none", "CC0-1.0")

    def fit(self, context):
        if (context.store.root.parent / "broken").exists():
            raise RuntimeError("the sky fell")
        super().fit(context)


class Oracle(TinyMethod):
    """Learns the mean mouth in the ground truth of the train faces."""

    meta = MethodMeta("oracle", "Oracle", "1", "none", "CC0-1.0", role="oracle")

    def fit(self, context):
        self.bias = float(context.labelled.truth.column("mouth").mean())


class MouthError:
    meta = MetricMeta("mouth-error", "Mouth error", "", "lower", "case", {"v": 1})

    def __init__(self, setup):
        pass

    def score(self, cases):
        distance = np.abs(cases.predicted.column("mouth") - cases.truth.column("mouth"))
        return distance.astype(np.float64)


class SkinShare:
    meta = MetricMeta("skin-share", "Skin share", "", "higher", "set", {"v": 1})

    def __init__(self, setup):
        pass

    def score(self, cases):
        hits = cases.predicted.column("skin") == cases.truth.column("skin")
        return np.array([hits.mean()])


class Needy(MouthError):
    meta = MetricMeta("needy", "Needy", "", "lower", "case", {}, ("lightcnn-29-v2",))


ENTRIES = {
    ENGINES: {"tiny": "TinyEngine"},
    METHODS: {
        "tiny": "TinyMethod",
        "rendering": "RenderingMethod",
        "failing": "FailingMethod",
        "oracle": "Oracle",
    },
    METRICS: {"mouth-error": "MouthError", "skin-share": "SkinShare", "needy": "Needy"},
}


def register() -> None:
    """Add the tiny entries to the registries of this process."""
    for registry, entries in ENTRIES.items():
        for name, attribute in entries.items():
            registry._targets.setdefault(name, f"tiny_suite:{attribute}")


def make_faces(folder: Path, count: int = 12) -> None:
    """Write grey faces of rising brightness, their ground truth, and three splits."""
    pictures = folder / "faces"
    pictures.mkdir(parents=True)
    names = [f"face{index:02d}" for index in range(count)]
    lines = ["face,mouth,skin"]
    for index, name in enumerate(names):
        shade = round(255 * index / (count - 1))
        Image.new("RGB", (64, 64), (shade,) * 3).save(pictures / f"{name}.png")
        skin = "light" if shade > 127 else "dark"
        lines.append(f"{name},{index / (count - 1):.3f},{skin}")
    for designer in ("designer-a", "designer-b"):
        (folder / f"{designer}.csv").write_text("\n".join(lines) + "\n")
    third = count // 3
    for row, split in enumerate(("train", "validation", "heldout")):
        members = names[row * third : (row + 1) * third]
        (folder / f"{split}.txt").write_text("\n".join(members) + "\n")


def suite_data(**changes) -> dict:
    """The data of a suite on the faces of `make_faces` in the same folder."""
    data = {
        "name": "tiny",
        "title": "Tiny suite",
        "faces": {
            "folder": "faces",
            "truth": {
                "tiny": {d: f"{d}.csv" for d in ("designer-a", "designer-b")},
            },
            "splits": {s: f"{s}.txt" for s in ("train", "validation", "heldout")},
        },
        "designers": ["designer-a", "designer-b"],
        "engines": ["tiny"],
        "variants": [{"name": "one", "method": "tiny"}],
        "metrics": ["mouth-error", "skin-share"],
        "render_size": 64,
        "speed": {"warmup": 1, "repeats": 5},
    }
    return data | changes


def make_suite(folder: Path, **changes) -> Path:
    """Write faces and a suite file to `folder`; returns the path of the file."""
    import yaml

    make_faces(folder)
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(suite_data(**changes)))
    return path


if __name__ == "__main__":
    import sys

    sys.modules.setdefault("tiny_suite", sys.modules["__main__"])
    register()
    torch.set_num_threads(1)
    from benchmark.cli import main

    main()
