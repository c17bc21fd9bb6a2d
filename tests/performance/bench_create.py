"""`avatarbench create`: seconds from a cold start, and photographs per second.

Run it on an idle machine: python tests/performance/bench_create.py [FOLDER]

FOLDER holds photographs (JPEG). Without it, they are files of 1024 px with an embedded
portrait each. The detector is less sure of portraits than of sharp photographs, so that
it also looks for lying faces, which takes three times as long. The estimator has
random weights, which do not change the time. CPU seconds change less with other work on
the machine than seconds do.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark.system.memory import keep_freed_memory, use_huge_pages
from benchmark.system.openmp import limit_spinning

limit_spinning()  # before torch is imported
use_huge_pages()
keep_freed_memory()

import numpy as np
import torch
from figures import record
from PIL import Image

from benchmark.creation.creating import Settings, create_avatars
from benchmark.creation.cropping import crop_faces, crop_photograph
from benchmark.creation.model import open_model
from benchmark.creation.writing import write_avatar
from benchmark.faces.faceset import embedded_portraits
from benchmark.photographs import align, decode_photograph, largest_face
from benchmark.registry import ENGINES
from benchmark.system.hardware import hardware
from benchmark.system.progress import Silent
from methods.product.network import make_product_estimator
from methods.product.weights import ProductCard, write_product

BUILT_IN = ("toon-tiktok", "toon-alter", "avataaars")
PHOTOS, SIZE, SIDE = 64, 128, 1024


def write_photos(folder: Path) -> None:
    """Write photographs with one portrait each."""
    folder.mkdir()
    split = embedded_portraits().split("validation")
    for number, face in enumerate(split.ids[:PHOTOS]):
        data, _ = split.source.picture(face)
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        whole = Image.new("RGB", (SIDE, SIDE), "grey")
        whole.paste(
            picture.resize((SIDE * 2 // 3, SIDE * 2 // 3)), (SIDE // 6, SIDE // 6)
        )
        whole.save(folder / f"{number:03d}.jpg", quality=92)


def write_estimator(folder: Path) -> None:
    """Write an untrained estimator for the built-in engines."""
    specs = {name: ENGINES.create(name).spec for name in BUILT_IN}
    card = ProductCard(
        title="random",
        engines={name: spec.digest for name, spec in specs.items()},
        size=SIZE,
        head_width=256,
        licence="CC0-1.0",
        data="none",
        encoder="random",
        command="",
        hours=0,
        steps=0,
        faces=0,
        validation="none",
        scores={},
    )
    write_product(folder, make_product_estimator(specs), card)


def time_start(photo: Path, engine: str, model: Path, out: Path) -> tuple[float, float]:
    """Seconds and CPU seconds of the command for one photograph; best of three."""
    best = (float("inf"), float("inf"))
    for number in range(3):
        command = [sys.executable, "-m", "benchmark.cli", "create", str(photo)]
        command += ["--engine", engine, "--model", str(model), "--quiet"]
        command += ["--out", str(out / f"{engine}-{number}")]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, (seconds, cpu))
    return best


def time_each(engine: str, name: str, work: Callable[[], Any], count: int) -> Any:
    """Print the seconds and CPU seconds of one of `count` photographs."""
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"  {name:<20}{seconds / count * 1000:>8.1f} ms{used / count * 1000:>8.1f} ms"
    )
    record(f"create: {engine}, {name}", seconds / count * 1000, "ms")
    return result


def time_large(photo: Path) -> None:
    """Time a photograph of 12 million pixels, reduced while it is decoded and whole."""
    print("one photograph of 4000 x 3000 px: takes time, CPU time")
    scene = Image.new("RGB", (4000, 3000), "grey")
    scene.paste(Image.open(photo).resize((3000, 3000)), (500, 0))
    stream = io.BytesIO()
    scene.save(stream, "JPEG", quality=90)
    data = stream.getvalue()
    time_each("large", "reduced", lambda: crop_photograph(data, "", 512), 1)
    time_each(
        "large",
        "whole",
        lambda: crop_faces(decode_photograph(data, ""), "", 512),
        1,
    )


def main() -> None:
    """Time the cold start of each engine, then a folder and its parts."""
    machine = hardware("cpu", torch.get_num_threads())
    print(f"{machine['processor']}, {machine['threads']} threads")
    with tempfile.TemporaryDirectory() as place:
        folder, model, out = (Path(place) / n for n in ("photos", "model", "out"))
        if len(sys.argv) > 1:
            folder = Path(sys.argv[1])
        else:
            write_photos(folder)
        write_estimator(model)
        photos = {path.stem: path for path in sorted(folder.glob("*.jpg"))}
        print("one photograph from a cold start:  seconds, CPU seconds")
        for name in BUILT_IN:
            seconds, cpu = time_start(next(iter(photos.values())), name, model, out)
            print(f"  {name:<20}{seconds:>8.2f} s {cpu:>8.2f} s")
            record(f"create: {name}, cold start", seconds, "s")
        for name in BUILT_IN:
            time_folder(name, photos, model, out / name)
        time_large(next(iter(photos.values())))


def time_folder(name: str, photos: dict[str, Path], model: Path, out: Path) -> None:
    """Time each part on all photographs, then the whole with its parts in parallel."""
    print(f"{name}, {len(photos)} photographs: each takes time, CPU time")
    out.mkdir(parents=True)
    engine, count = ENGINES.create(name), len(photos)
    opened = open_model(engine, str(model))
    files = [path.read_bytes() for path in photos.values()]
    pictures = time_each(
        name, "decode", lambda: [decode_photograph(data, "") for data in files], count
    )
    found = time_each(
        name, "find", lambda: [largest_face(picture, "") for picture in pictures], count
    )
    crops = time_each(
        name,
        "align",
        lambda: [align(p, f, 512, True) for p, f in zip(pictures, found, strict=True)],
        count,
    )
    vectors = time_each(name, "predict", lambda: opened.predict(np.stack(crops)), count)
    drawn = time_each(name, "render", lambda: engine.render(vectors, 512), count)
    time_each(
        name,
        "write",
        lambda: [
            write_avatar(out, str(row), {}, face, drawn[row])
            for row, face in enumerate(crops)
        ],
        count,
    )
    settings = Settings(engine, opened, out)
    time_each(
        name,
        "all in parallel",
        lambda: create_avatars(photos, settings, Silent(), print),
        count,
    )


if __name__ == "__main__":
    main()
