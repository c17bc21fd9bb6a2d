"""`avatarbench faces select`: choose a diverse set of faces to hold out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark import weights
from benchmark.commands.faces_export import check_no_others, print_section
from benchmark.faces.faceset import HELDOUT
from benchmark.faces.ffhq import TRAIN_COUNT, ffhq_faces, is_ffhq, list_ffhq
from benchmark.faces.folder import FileFaces
from benchmark.faces.picture_checks import check_splits
from benchmark.faces.picture_listing import list_pictures
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.selection import (
    ATTRIBUTION,
    SELECTION,
    SelectedFace,
    Selection,
    diverse,
    licence_lines,
    write_selection,
)
from benchmark.faces.split import FaceSplit
from benchmark.storage.digests import bytes_digest
from benchmark.system.console import ConsoleProgress, open_progress
from benchmark.system.environment import own_version
from benchmark.weights import LIGHTCNN_V4
from benchmark.weights.resolver import WeightResolver, explain_missing

BATCH = 32
SIDE = 256
"""Side in pixels at which faces are read."""


def select_faces(source: Path, count: int, seed: int, out: Path, quiet: bool) -> None:
    """Choose faces and write their pictures, licences and manifest into a folder.

    Of FFHQ's pictures, only those of its validation category are candidates, if there
    are any: suites train on the others.

    Raises FaceSetError if a candidate cannot be used, there are too few, or the folder
    has other pictures; WeightsError if the embedding's weights are not fetched.
    """
    console = open_progress(quiet)
    resolver = WeightResolver({})
    if missing := resolver.missing([LIGHTCNN_V4]):
        raise weights.WeightsError("; ".join(explain_missing(missing)))
    files, digests = resolver.take([LIGHTCNN_V4])
    name, candidates, section = _candidates(source)
    if len(candidates) < count:
        raise FaceSetError(
            f"{source} has {len(candidates)} candidates, but {count} faces were asked "
            "for: add pictures, or lower --count"
        )
    problems, warnings = check_splits({"candidates": candidates}, console)
    if problems:
        raise FaceSetError("\n".join(problems))
    for sentence in warnings:
        console.say(f"warning: {sentence}")
    chosen = diverse(_embeddings(candidates, files, console), count, seed)
    faces: list[SelectedFace] = []
    pictures: dict[str, bytes] = {}
    for row in sorted(chosen):
        face = candidates.ids[row]
        data, label = candidates.source.picture(face)
        file = face + Path(label).suffix.lower()
        pictures[file] = data
        licence = candidates.source.licence(face)
        digest = bytes_digest(data)
        faces.append(
            SelectedFace(
                id=face, file=file, sha256=digest, licence=licence, cluster=chosen[row]
            )
        )
    selection = Selection(
        source=name,
        candidates=len(candidates),
        candidates_digest=candidates.digest,
        seed=seed,
        embedding=LIGHTCNN_V4,
        embedding_sha256=digests[LIGHTCNN_V4],
        clustering=_clustering(),
        made_with=f"avatarbench {own_version()}",
        faces=tuple(faces),
    )
    check_no_others(out, pictures.keys())
    write_selection(out, selection, pictures)
    _print_result(selection, out, section)


def _candidates(source: Path) -> tuple[str, FaceSplit, Mapping[str, str]]:
    """Name, candidates, and the key and value that name the source in suites."""
    if not source.is_dir():
        raise FaceSetError(f"{source} is not a folder: give a folder of faces")
    place = str(source.resolve())
    if not is_ffhq(source):
        faces = FileFaces(list_pictures(source))
        name = source.resolve().name
        return name, FaceSplit("candidates", faces), {"folder": place}
    files = list_ffhq(source)
    unseen = {face: path for face, path in files.items() if int(face) >= TRAIN_COUNT}
    faces = ffhq_faces(source, unseen or files, True)
    return "FFHQ", FaceSplit("candidates", faces), {"ffhq": place}


def _embeddings(
    candidates: FaceSplit, files: Mapping[str, Path], console: ConsoleProgress
) -> NDArray[np.float32]:
    """(n, 256) face embeddings of aligned faces."""
    import torch

    from methods.f2p.alignment import TEMPLATES
    from methods.f2p.identity import Identity
    from methods.f2p.options import SimilarityOptions
    from methods.shared.pictures import as_tensor

    network = Identity(files, SimilarityOptions(identity=LIGHTCNN_V4))
    found: list[NDArray[np.float32]] = []
    with console.task("embeddings", len(candidates), 0) as bar, torch.inference_mode():
        for start in range(0, len(candidates), BATCH):
            ids = candidates.ids[start : start + BATCH]
            batch = FaceSplit(candidates.name, candidates.source, ids).pictures(SIDE)
            vectors = network.embeddings(as_tensor(batch), TEMPLATES["ffhq"])
            found.append(vectors.numpy())
            bar.advance(len(ids))
    return np.concatenate(found)


def _clustering() -> str:
    from importlib.metadata import version

    return f"k-means of scikit-learn {version('scikit-learn')}"


def _print_result(selection: Selection, out: Path, section: Mapping[str, str]) -> None:
    print(
        f"{len(selection.faces)} of {selection.candidates} faces of "
        f"{selection.source}, one of each cluster: {out}"
    )
    print("licences:")
    for line in licence_lines(selection):
        print(line)
    print(f"authors: {out / ATTRIBUTION}\nmanifest: {out / SELECTION}")
    print(
        "These faces are held out: make ground truth of them, but do not choose "
        "methods or options by them."
    )
    print(
        "Next, make ground truth: avatarbench studio serve --faces "
        f"{shlex.quote(str(out))} --engine ENGINE"
    )
    print_section(section, HELDOUT, None)
