"""A diverse selection of faces: chosen by clusters, with digests and licences.

The folder of a selection holds copies of the pictures and

    selection.json    how the faces were chosen, and SHA-256 and licence of each
    ATTRIBUTION.md    the licence and author of each picture
    heldout.txt       the ids, for the key `splits` of a suite
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.faces.folder import read_picture
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write

SELECTION, ATTRIBUTION, IDS = "selection.json", "ATTRIBUTION.md", "heldout.txt"


class SelectedFace(BaseModel):
    """A chosen face.

    Attributes:
        id: the face id.
        file: name of the picture in the folder.
        sha256: SHA-256 (hex) of the picture's bytes.
        licence: licence and author as the source states them.
        cluster: number of candidates in the cluster that the face stands for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    file: str
    sha256: str
    licence: str
    cluster: int


class Selection(BaseModel):
    """A selection of faces and how it was made.

    Attributes:
        source: name of the face source.
        candidates: number of faces to choose from.
        candidates_digest: SHA-256 (hex) over their ids and pictures.
        seed: of the clustering.
        embedding: the network that embedded the faces.
        embedding_sha256: SHA-256 (hex) of its weight file.
        clustering: algorithm and version.
        made_with: program and version that wrote the selection.
        faces: the chosen faces, in the order of their ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    candidates: int
    candidates_digest: str
    seed: int
    embedding: str
    embedding_sha256: str
    clustering: str
    made_with: str
    faces: tuple[SelectedFace, ...]


def diverse(embeddings: NDArray[np.float32], count: int, seed: int) -> dict[int, int]:
    """Choose `count` rows that cover all others, by k-means on the unit sphere.

    Args:
        embeddings: (n, d) finite embeddings, none of them zero.
        count: number of clusters.
        seed: of the initial centres.

    Returns:
        For each cluster the row nearest to its centre, and the number of its members.

    Raises:
        FaceSetError: if there are fewer than `count` different embeddings.
    """
    from sklearn.cluster import KMeans

    units = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    different = len(np.unique(units.round(5), axis=0))
    if different < count:
        raise FaceSetError(
            f"{count} faces were asked for, but only {different} of the "
            f"{len(units)} pictures look different: add pictures, or lower --count"
        )
    found = KMeans(count, random_state=seed).fit(units)
    distances = np.asarray(found.transform(units), np.float64)
    labels = distances.argmin(axis=1)
    members = [np.flatnonzero(labels == cluster) for cluster in range(count)]
    return {
        int(rows[distances[rows, cluster].argmin()]): len(rows)
        for cluster, rows in enumerate(members)
        if len(rows)
    }


def write_selection(
    folder: Path, selection: Selection, pictures: dict[str, bytes]
) -> None:
    """Write pictures (by file name), attribution, ids and, last, the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        atomic_write(folder / name, data)
    atomic_write(folder / ATTRIBUTION, _attribution(selection).encode())
    ids = "".join(f"{face.id}\n" for face in selection.faces)
    atomic_write(folder / IDS, ids.encode())
    text = selection.model_dump_json(indent=2) + "\n"
    atomic_write(folder / SELECTION, text.encode())


def read_selection(folder: Path) -> Selection | None:
    """The selection in a folder, whose pictures are unchanged; None if it has none.

    Raises FaceSetError if the manifest is invalid, or a picture is missing or changed.
    """
    path = folder / SELECTION
    if not path.is_file():
        return None
    try:
        selection = Selection.model_validate_json(read_checked(path, None))
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole"
        raise FaceSetError(
            f"{path} is not a selection: {key}: {first['msg']}; make it again with "
            "`avatarbench faces select`"
        ) from error
    for face in selection.faces:
        if bytes_digest(read_picture(folder / face.file)) != face.sha256:
            raise FaceSetError(
                f"{folder / face.file} has changed since it was selected: make the "
                "selection again with `avatarbench faces select`"
            )
    return selection


def licence_lines(selection: Selection) -> list[str]:
    """How many pictures have which licence, the most frequent licence first."""
    kinds = Counter(face.licence.partition(" (http")[0] for face in selection.faces)
    return [f"{count:>5} {kind}" for kind, count in kinds.most_common()]


def _attribution(selection: Selection) -> str:
    lines = [
        f"# Pictures from {selection.source}",
        "",
        "Name the author of every picture that you publish. Some licences forbid "
        "commercial use.",
        "",
        "| Picture | Licence and author |",
        "|:--|:--|",
    ]
    for face in selection.faces:
        licence = face.licence.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {face.file} | {licence} |")
    return "\n".join(lines) + "\n"
