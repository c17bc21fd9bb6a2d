"""Open folders of pictures and FFHQ trees as face sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmark.faces import ffhq
from benchmark.faces.faceset import HELDOUT, TRAIN, FaceSet, TruthFiles, Truths
from benchmark.faces.folder import (
    FileFaces,
    listed_ids,
    normal_id,
    overlaps,
    select_files,
)
from benchmark.faces.picture_listing import list_pictures
from benchmark.faces.problems import collected, report
from benchmark.faces.split import FaceSplit
from benchmark.faces.truth_csv import TruthFile
from benchmark.faces.truth_seal import check_pictures, open_truth

SplitLists = Mapping[str, Sequence[str] | Path]
"""Face ids by split, or text files with one id per line."""


def open_folder(
    pictures: Path,
    truths: Truths,
    splits: SplitLists | None = None,
    licence: str = "not stated",
    problems: list[str] | None = None,
) -> FaceSet:
    """Open a folder of square RGB pictures with truth CSVs.

    A face id is a picture's file name without its suffix.

    Args:
        pictures: the folder.
        truths: truth CSVs by engine name and designer. If a seal lies beside one
            (`benchmark.faces.truth_seal`), it is checked.
        splits: face ids by split, or a text file with one id per line. By default, the
            faces of the truth files are held out and all others are for training.
            Splits without a face are omitted.
        licence: licence of the pictures.
        problems: if given, what is wrong with truth files and splits is added to it,
            and the set holds what remains.

    Raises:
        FaceSetError: if the folder cannot be used; without `problems`, also if an id
            has no picture or is in two splits, or a truth file cannot be read or its
            seal does not match.
    """
    found: list[str] = []
    files = list_pictures(pictures, found)
    truth_files = _truth_files(truths, files, open_truth, found)
    if splits is None:
        members = _default_members(files, truth_files, found)
    else:
        members = _listed_members(files, splits, normal_id, found)
    report(found, problems)
    sources = {name: FileFaces(chosen, {}, licence) for name, chosen in members.items()}
    name = pictures.resolve().name
    return _plain_set(name, "1", licence, sources, truth_files)


def open_ffhq(
    root: Path,
    truths: Truths,
    splits: SplitLists | None = None,
    problems: list[str] | None = None,
) -> FaceSet:
    """Open FFHQ with truth CSVs.

    By default, the truth files' faces are held out. Of the others, indices below 60,000
    are for training. A split's digest covers the content of its pictures, but only id
    and file size of training pictures, of which there are gigabytes.

    Args:
        root: FFHQ's folder, nested or flat, with 1024 px pictures or thumbnails.
        truths: truth CSVs by engine name and designer; their ids are FFHQ indices.
        splits: as in `open_folder`; ids are FFHQ indices.
        problems: as in `open_folder`.

    Raises:
        FaceSetError: as `open_folder`.
    """
    found: list[str] = []
    files = ffhq.list_ffhq(root, found)
    open_file = partial(open_truth, face_id=ffhq.face_id)
    truth_files = _truth_files(truths, files, open_file, found)
    if splits:
        members = _listed_members(files, splits, ffhq.face_id, found)
    else:
        members = _default_members(files, truth_files, found)
        members[TRAIN] = {
            face: path
            for face, path in members[TRAIN].items()
            if int(face) < ffhq.TRAIN_COUNT
        }
    report(found, problems)
    sources = {
        name: ffhq.ffhq_faces(root, chosen, name != TRAIN)
        for name, chosen in members.items()
    }
    return _plain_set("ffhq", "2", ffhq.LICENCE, sources, truth_files)


def _truth_files(
    truths: Truths,
    files: Mapping[str, Path],
    open_file: Callable[[Path], TruthFile],
    found: list[str],
) -> TruthFiles:
    """Open truth files, without those that cannot be used."""
    opened: dict[str, dict[str, TruthFile]] = {}
    for engine, designers in truths.items():
        for designer, path in designers.items():
            with collected(found):
                truth = open_file(Path(path))
                truth.faces()
                check_pictures(truth, files, FileFaces(files).picture)
                opened.setdefault(engine, {})[designer] = truth
    return opened


def _listed_members(
    files: Mapping[str, Path],
    splits: SplitLists,
    face_id: Callable[[str], str],
    found: list[str],
) -> dict[str, dict[str, Path]]:
    """The picture files of each split, by face id."""
    members: dict[str, dict[str, Path]] = {}
    for name, faces in splits.items():
        source = str(faces) if isinstance(faces, Path) else f"split {name}"
        with collected(found):
            ids = listed_ids(faces, face_id, source)
            members[name] = select_files(files, ids, source, found)
    found += overlaps({name: list(chosen) for name, chosen in members.items()})
    return members


def _default_members(
    files: Mapping[str, Path], truths: TruthFiles, found: list[str]
) -> dict[str, dict[str, Path]]:
    """Hold out the faces of the truth files, which must agree; the rest is training."""
    held_out: tuple[str, ...] = ()
    first: TruthFile | None = None
    for truth in (t for designers in truths.values() for t in designers.values()):
        faces = tuple(sorted(truth.faces()))
        select_files(files, faces, str(truth.path), found)
        if first is not None and faces != held_out:
            face = sorted(set(faces) ^ set(held_out))[0]
            found.append(
                f"{first.path} and {truth.path} have different faces (only one has "
                f"{face}): give every engine the same held-out faces, or list splits"
            )
        else:
            first, held_out = truth, faces
    excluded = set(held_out)
    members = {TRAIN: {f: path for f, path in files.items() if f not in excluded}}
    if held_out:
        members[HELDOUT] = {face: files[face] for face in held_out if face in files}
    return members


def _plain_set(
    name: str,
    version: str,
    licence: str,
    sources: Mapping[str, FileFaces],
    truths: TruthFiles,
) -> FaceSet:
    """A face set of photographs; splits without a face are omitted."""
    splits = {n: FaceSplit(n, source) for n, source in sources.items() if source.files}
    return FaceSet(name, version, licence, False, splits, truths)
