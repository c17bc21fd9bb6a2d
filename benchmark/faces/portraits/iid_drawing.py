"""Draw the people of the face set `portraits-iid`.

``python -m benchmark.faces.portraits.iid_drawing`` writes the manifest and the ground
truth again, which takes as long as drawing everybody.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.faces.picture_cache import FetchReport
from benchmark.faces.portraits import iid
from benchmark.faces.portraits.designer.truths import (
    DESIGNERS,
    ENGINES,
    engine_spec,
    truth,
)
from benchmark.faces.portraits.people import attributes, sample_person
from benchmark.faces.portraits.splits import (
    EMBEDDED_SEED,
    Batch,
    explain_missing_extra,
    render_indices,
    webp,
)
from benchmark.faces.truth_csv import write_truth
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress

PEOPLE = Batch("train", 2_000_000, 116, 256)
"""The people, of seed `EMBEDDED_SEED`.

Train faces have the numbers from 0, validation faces those from 1,000,000. Crowds stay
below 1,000,000 with every seed.
"""


def numbers() -> dict[str, int]:
    """Numbers of the people in their domain, by face id."""
    return {f"iid-{row:04d}": PEOPLE.start + row for row in range(PEOPLE.count)}


def draw_portraits_iid(progress: Progress, jobs: int = 2) -> FetchReport:
    """Draw everybody who is not in the cache yet.

    An interrupted call keeps what it has drawn.

    Args:
        progress: shows how many people are done.
        jobs: number of worker processes.

    Raises:
        FaceSetError: if the extra `portraits` is missing, or the cache cannot be
            written.
    """
    return iid.picture_cache().fill(
        lambda faces: _draw(faces, jobs), progress, "portraits"
    )


def write_data(folder: Path, jobs: int = 2) -> None:
    """Draw everybody, and write the manifest and the ground truth of both designers."""
    faces = tuple(numbers())
    pixels = [bytes_digest(picture.tobytes()) for picture in _draw(faces, jobs)]
    rows = (f"{row}\n" for row in map(",".join, zip(faces, pixels, strict=True)))
    write_truths(folder / iid.TRUTH)
    text = "face,pixels\n" + "".join(rows)
    atomic_write(folder / iid.MANIFEST, text.encode())


def write_truths(folder: Path) -> None:
    """Write ENGINE.DESIGNER.csv for each built-in engine. Nothing is drawn."""
    people = [
        attributes(sample_person(number, EMBEDDED_SEED, PEOPLE.domain))
        for number in numbers().values()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for engine in ENGINES:
        for designer in DESIGNERS:
            vectors = truth(engine, engine_spec(engine), designer, people)
            write_truth(folder / f"{engine}.{designer}.csv", tuple(numbers()), vectors)


def _draw(faces: Sequence[str], jobs: int) -> Generator[NDArray[np.uint8], None, None]:
    """Draw people by face id: (size, size, 3) uint8.

    They are compressed as the embedded portraits are.
    """
    known = numbers()
    chosen = [known[face] for face in faces]
    size, domain = PEOPLE.size, PEOPLE.domain
    with explain_missing_extra():
        for face in render_indices(chosen, size, EMBEDDED_SEED, domain, jobs):
            with Image.open(io.BytesIO(webp(face.picture))) as picture:
                yield np.asarray(picture.convert("RGB"))


if __name__ == "__main__":
    write_data(iid.DATA)
