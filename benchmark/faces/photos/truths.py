"""Write the ground truth that tables of looks mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmark.avatars.names import check_plain_name
from benchmark.faces.photos.looks import ENGINES, looks_to_vectors, read_looks
from benchmark.faces.photos.manifest import read_photographs
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import truth_bytes
from benchmark.faces.truth_seal import FaceProvenance, seal_truth
from benchmark.registry import ENGINES as ENGINE_CLASSES
from benchmark.storage.store import atomic_write

ENDING = ".looks.csv"


def write_truths(looks: Path, folder: Path) -> list[Path]:
    """Write ENGINE.LABELLER.csv for each engine of the option guide.

    If all faces are photographs of the set `photos`, each file gets a seal with the
    digests of the photographs.

    Args:
        looks: a table of looks, named LABELLER.looks.csv.
        folder: where to write; it is made if need be.

    Returns:
        The ground-truth files.

    Raises:
        FaceSetError: if the table cannot be used, or has another name.
    """
    labeller = looks.name.removesuffix(ENDING)
    try:
        check_plain_name(labeller)
    except ValueError as error:
        raise FaceSetError(f"{looks}: {error}") from error
    if labeller == looks.name:
        raise FaceSetError(f"{looks} must be named LABELLER{ENDING}: rename it")
    rows = read_looks(looks)
    if not rows:
        raise FaceSetError(f"{looks} has no rows: add one row per face")
    photographs = read_photographs()
    contents: dict[str, bytes] = {}
    for engine_name in ENGINES:
        engine = ENGINE_CLASSES.create(engine_name)
        try:
            vectors = looks_to_vectors(engine_name, engine.spec, rows)
        except FaceSetError as error:
            raise FaceSetError(f"{looks}: {error}") from error
        if set(rows) <= set(photographs):
            pictures = {face: photographs[face].sha256 for face in rows}
            origins = _provenances(pictures, engine.meta.version)
            contents |= seal_truth(vectors, engine_name, labeller, origins)
        else:
            contents[f"{engine_name}.{labeller}.csv"] = truth_bytes(
                tuple(rows), vectors
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        atomic_write(folder / name, data)
    return [folder / name for name in contents if name.endswith(".csv")]


def _provenances(
    pictures: Mapping[str, str], version: str
) -> dict[str, FaceProvenance]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        face: FaceProvenance(sha256, version, now) for face, sha256 in pictures.items()
    }
