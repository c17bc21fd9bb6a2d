"""Photographs of 12 million pixels that are read, searched and aligned per second.

Run it on an idle machine: python tests/performance/bench_photographs.py
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmark.system.openmp import limit_spinning

limit_spinning()

from figures import record
from PIL import Image

from benchmark.faces.faceset import embedded_portraits
from benchmark.photographs import align, largest_face, read_photograph
from benchmark.photographs.folders import AlignmentOptions, align_folder
from benchmark.system.hardware import hardware
from benchmark.system.progress import Silent

COUNT, SIZE = 24, 256


def write_photographs(folder: Path) -> dict[str, Path]:
    """Portraits in the middle of grey photographs."""
    files: dict[str, Path] = {}
    people = embedded_portraits().split("validation").subset(COUNT)
    for face, picture in zip(people.ids, people.pictures(256), strict=True):
        scene = Image.new("RGB", (4000, 3000), (120, 130, 140))
        scene.paste(Image.fromarray(picture).resize((1500, 1500)), (1200, 600))
        files[face] = folder / f"{face}.jpg"
        scene.save(files[face], quality=90)
    return files


def main() -> None:
    """Print seconds of each step for one photograph, and the rate of a folder."""
    machine = hardware("cpu", threads=1)
    print(f"{machine['processor']}, {machine['cores']} cores, {SIZE} px")
    with tempfile.TemporaryDirectory() as folder:
        files = write_photographs(Path(folder))
        for _ in range(2):
            times = [time.perf_counter()]
            photograph = read_photograph(next(iter(files.values())))
            times.append(time.perf_counter())
            face = largest_face(photograph, "it")
            times.append(time.perf_counter())
            align(photograph, face, SIZE)
            times.append(time.perf_counter())
        for step, start, end in zip(
            ("read", "find", "align"), times, times[1:], strict=False
        ):
            print(f"{step:<10}{1000 * (end - start):>8.1f} ms")
            record(f"photographs: {step}", 1000 * (end - start), "ms")
        started = time.perf_counter()
        options = AlignmentOptions(SIZE, every_face=False)
        align_folder(files, Path(folder) / "aligned", options, Silent())
        rate = len(files) / (time.perf_counter() - started)
        print(f"{'folder':<10}{rate:>8.1f} photographs/s")
        record("photographs: folder", rate, "/s")


if __name__ == "__main__":
    main()
