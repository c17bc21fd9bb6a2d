"""Align the photographs of a folder, with a record by which it is resumed."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.photographs.alignment import align
from benchmark.photographs.choosing import face_problem, largest_face, no_face
from benchmark.photographs.detection import find_faces
from benchmark.photographs.reading import PhotographError, decode_photograph, read_file
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write
from benchmark.system.openmp import one_torch_thread
from benchmark.system.progress import Progress

RECORD = "alignment.jsonl"
"""One line per photograph, in the folder of aligned pictures."""
VERSION = 1
"""Part of the keys in the record; raise it when pictures change."""


@dataclass(frozen=True)
class AlignmentOptions:
    """The side of the aligned pictures in pixels, and which faces are aligned."""

    size: int
    every_face: bool


@dataclass(frozen=True)
class AlignedPhotograph:
    """What became of a photograph; one line of the record.

    Attributes:
        photograph: file name of the photograph.
        key: SHA-256 (hex) over its bytes, the options and `VERSION`.
        pictures: file names of the aligned pictures, the largest face first.
        problems: sentences on what could not be aligned.
    """

    photograph: str
    key: str
    pictures: Sequence[str]
    problems: Sequence[str]


def align_folder(
    photographs: Mapping[str, Path],
    out: Path,
    options: AlignmentOptions,
    progress: Progress,
) -> tuple[list[AlignedPhotograph], int]:
    """Align photographs and write the faces as `out/NAME.png`.

    With `every_face`, further faces are `out/NAME-2.png` and so on. A photograph that
    an earlier call has aligned with the same options is not aligned again.

    Args:
        photographs: files by the name of their aligned picture, without its ending.
        out: the folder to write; it may hold pictures of its own record only.
        options: size and number of faces.
        progress: receives one unit per photograph.

    Returns:
        One entry per photograph, in order, and how many an earlier call has aligned.
    """
    out.mkdir(parents=True, exist_ok=True)
    known = read_record(out)
    # Without a line that was cut off, and without lines that later ones replace.
    atomic_write(out / RECORD, "".join(map(_line, known.values())).encode())

    def work(name: str) -> AlignedPhotograph:
        path = photographs[name]
        before = known.get(path.name)
        others = photographs.keys() - {name}
        return _align_one(path, name, others, out, options, before)

    results: list[AlignedPhotograph] = []
    with one_torch_thread() as threads:
        pool = ThreadPoolExecutor(threads)
        try:
            with (
                progress.task("align", len(photographs)) as bar,
                (out / RECORD).open("a", encoding="utf-8") as record,
            ):
                for done in pool.map(work, photographs):
                    if known.get(done.photograph) is not done:
                        record.write(_line(done))
                        record.flush()
                    results.append(done)
                    bar.advance()
        finally:
            pool.shutdown(cancel_futures=True)
    return results, sum(known.get(done.photograph) is done for done in results)


def _line(entry: AlignedPhotograph) -> str:
    return json.dumps(asdict(entry)) + "\n"


def read_record(out: Path) -> dict[str, AlignedPhotograph]:
    """The latest entry of each photograph; a line that was cut off is ignored."""
    try:
        lines = (out / RECORD).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    entries: dict[str, AlignedPhotograph] = {}
    for line in lines:
        try:
            entry = AlignedPhotograph(**json.loads(line))
        except (ValueError, TypeError):
            continue
        entries[entry.photograph] = entry
    return entries


def _align_one(
    path: Path,
    name: str,
    other_names: frozenset[str] | set[str],
    out: Path,
    options: AlignmentOptions,
    before: AlignedPhotograph | None,
) -> AlignedPhotograph:
    """Align one photograph, unless `before` says that it is done."""
    try:
        data = read_file(path)
    except PhotographError as error:
        return AlignedPhotograph(path.name, "", [], [str(error)])
    key = bytes_digest(f"{VERSION} {options} {bytes_digest(data)}".encode())
    written = before.pictures if before is not None else ()
    there = all((out / picture).is_file() for picture in written)
    if before is not None and before.key == key and there:
        return before
    try:
        faces, problems = _aligned_faces(data, str(path), options)
    except PhotographError as error:
        faces, problems = [], [str(error)]
    pictures: list[str] = []
    for number, face in enumerate(faces, 1):
        stem = name if number == 1 else f"{name}-{number}"
        if stem in other_names:
            problems.append(
                f"face {number} of {path} was not written, since {stem}.png is the "
                "picture of another photograph: rename that photograph"
            )
            continue
        atomic_write(out / f"{stem}.png", _png(face))
        pictures.append(f"{stem}.png")
    for picture in set(written) - set(pictures):
        (out / picture).unlink(missing_ok=True)
    return AlignedPhotograph(path.name, key, pictures, problems)


def _aligned_faces(
    data: bytes, label: str, options: AlignmentOptions
) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """The aligned faces of a photograph, and sentences on faces without one."""
    photograph = decode_photograph(data, label)
    if not options.every_face:
        face = largest_face(photograph, label)
        return [align(photograph, face, options.size)], []
    found = find_faces(photograph)
    if not found:
        raise PhotographError(no_face(label))
    aligned: list[NDArray[np.uint8]] = []
    problems: list[str] = []
    for number, face in enumerate(found, 1):
        problem = face_problem(face, photograph)
        if problem is None:
            aligned.append(align(photograph, face, options.size))
        else:
            problems.append(f"face {number} of {len(found)} in {label} {problem}")
    return aligned, problems


def _png(picture: NDArray[np.uint8]) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG", compress_level=3)
    return data.getvalue()
