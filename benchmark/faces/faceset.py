"""Face sets: splits of aligned portraits, and designers' ground truth for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.avatars.spec import did_you_mean
from benchmark.faces import ffhq
from benchmark.faces.folder import (
    FileFaces,
    check_disjoint,
    list_pictures,
    listed_ids,
    select_files,
)
from benchmark.faces.parquet_set import read_manifest
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.split import FaceSource, FaceSplit
from benchmark.faces.truth_csv import TruthFile, write_truth
from benchmark.faces.truth_seal import check_pictures, open_truth
from benchmark.storage.digests import bytes_digest

__all__ = [
    "FaceSet",
    "FaceSetError",
    "FaceSource",
    "FaceSplit",
    "TruthFile",
    "embedded_portraits",
    "open_ffhq",
    "open_folder",
    "open_parquet_set",
    "write_truth",
]

TRAIN, HELDOUT = "train", "heldout"
PORTRAITS = Path(__file__).parent / "data" / "portraits"

Truths = Mapping[str, Mapping[str, Path]]
"""Paths of truth CSVs by engine name and designer."""

TruthFiles = Mapping[str, Mapping[str, TruthFile]]


@dataclass(frozen=True)
class FaceSet:
    """Splits by name, and truth files by engine name and designer.

    `stand_in` marks faces that stand in for photographs of people. Tables made from
    them say so.
    """

    name: str
    version: str
    licence: str
    stand_in: bool
    splits: Mapping[str, FaceSplit]
    truths: TruthFiles

    def split(self, name: str) -> FaceSplit:
        """The split of that name; FaceSetError if there is none."""
        if name not in self.splits:
            raise FaceSetError(
                f"face set {self.name} has no split {name!r}"
                f"{did_you_mean(name, self.splits)}; it has {', '.join(self.splits)}"
            )
        return self.splits[name]

    def designers(self, engine: str) -> tuple[str, ...]:
        """Designers with a truth for the engine, the main one first; may be empty."""
        return tuple(self.truths.get(engine, {}))

    def truth(
        self, engine: str, spec: AvatarSpec, split: FaceSplit | str, designer: str
    ) -> AvatarVectors:
        """The designer's vectors for a split (or a subset of one), in its order.

        Raises FaceSetError if there are none, or the truth file does not fit `spec`.
        """
        faces = self.split(split).ids if isinstance(split, str) else split.ids
        return self._truth_file(engine, designer).read(spec, faces)

    def truth_digest(self, engine: str, designer: str) -> str:
        """SHA-256 (hex) of the designer's truth file for the engine."""
        return self._truth_file(engine, designer).digest

    def verify(self) -> None:
        """Check every file against its digest; FaceSetError names the first bad one."""
        for split in self.splits.values():
            _ = split.ids
        for designers in self.truths.values():
            for truth in designers.values():
                truth.faces()

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over name, version, splits and truths."""
        lines = [self.name, self.version]
        lines += [f"{name} {split.digest}" for name, split in self.splits.items()]
        for engine in sorted(self.truths):
            for designer in self.designers(engine):
                lines.append(
                    f"{engine} {designer} {self.truth_digest(engine, designer)}"
                )
        return bytes_digest("\n".join(lines).encode())

    def _truth_file(self, engine: str, designer: str) -> TruthFile:
        if not self.designers(engine):
            raise FaceSetError(
                f"face set {self.name} has no truth for engine {engine}; engines with "
                f"a truth: {', '.join(self.truths) or 'none'}"
            )
        if designer not in self.truths[engine]:
            known = self.designers(engine)
            raise FaceSetError(
                f"face set {self.name} has no designer {designer!r} for engine "
                f"{engine}{did_you_mean(designer, known)}; it has {', '.join(known)}"
            )
        return self.truths[engine][designer]


def open_parquet_set(folder: Path) -> FaceSet:
    """Open a folder of Parquet files with a manifest (`faceset.json`).

    Each file is checked against the manifest when it is first read.
    """
    manifest = read_manifest(folder)
    return FaceSet(
        name=manifest.name,
        version=manifest.version,
        licence=manifest.licence,
        stand_in=manifest.stand_in,
        splits={
            name: FaceSplit(name, faces) for name, faces in manifest.splits.items()
        },
        truths=manifest.truths,
    )


def embedded_portraits() -> FaceSet:
    """Open the synthetic portraits that come with this package."""
    return open_parquet_set(PORTRAITS)


def open_folder(
    pictures: Path,
    truths: Truths,
    splits: Mapping[str, Sequence[str] | Path] | None = None,
    licence: str = "not stated",
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

    Raises:
        FaceSetError: if an id has no picture or is in two splits, or a seal does not
            match.
    """
    files = list_pictures(pictures)
    truth_files = _truth_files(truths, files, open_truth)
    if splits is None:
        members = _default_members(files, truth_files)
    else:
        members = {name: listed_ids(faces) for name, faces in splits.items()}
        check_disjoint(members)
    sources = {
        name: FileFaces(select_files(files, faces, f"split {name}"), {}, licence)
        for name, faces in members.items()
    }
    name = pictures.resolve().name
    return _plain_set(name, "1", licence, sources, truth_files)


def open_ffhq(
    root: Path,
    truths: Truths,
    splits: Mapping[str, Sequence[str] | Path] | None = None,
) -> FaceSet:
    """Open FFHQ with truth CSVs.

    By default, the truth files' faces are held out. Of the others, indices below 60,000
    are for training. A split's digest covers the content of its pictures, but only id
    and file size of training pictures, of which there are gigabytes.

    Args:
        root: FFHQ's folder, nested or flat, with 1024 px pictures or thumbnails.
        truths: truth CSVs by engine name and designer; their ids are FFHQ indices.
        splits: as in `open_folder`; ids are FFHQ indices.

    Raises:
        FaceSetError: as `open_folder`.
    """
    files = ffhq.list_ffhq(root)
    truth_files = _truth_files(truths, files, partial(open_truth, face_id=ffhq.face_id))
    if splits:
        members = {name: _ffhq_ids(name, faces) for name, faces in splits.items()}
        check_disjoint(members)
    else:
        members = _default_members(files, truth_files)
        members[TRAIN] = [f for f in members[TRAIN] if int(f) < ffhq.TRAIN_COUNT]
    sources = {
        name: ffhq.ffhq_faces(
            root, select_files(files, faces, f"split {name}"), name != TRAIN
        )
        for name, faces in members.items()
    }
    return _plain_set("ffhq", "2", ffhq.LICENCE, sources, truth_files)


def _ffhq_ids(split: str, faces: Sequence[str] | Path) -> tuple[str, ...]:
    try:
        return tuple(ffhq.face_id(face) for face in listed_ids(faces))
    except ValueError as error:
        source = faces if isinstance(faces, Path) else f"split {split}"
        raise FaceSetError(f"{source}: {error}") from error


def _truth_files(
    truths: Truths, files: Mapping[str, Path], open_file: Callable[[Path], TruthFile]
) -> TruthFiles:
    """Open truth files; FaceSetError for a picture that one was not made for."""
    opened = {
        engine: {name: open_file(Path(path)) for name, path in designers.items()}
        for engine, designers in truths.items()
    }
    for designers in opened.values():
        for truth in designers.values():
            check_pictures(truth, files, FileFaces(files).picture)
    return opened


def _default_members(
    files: Mapping[str, Path], truths: TruthFiles
) -> dict[str, Sequence[str]]:
    """Hold out the faces of the truth files, which must agree; the rest is training."""
    held_out: tuple[str, ...] = ()
    first: TruthFile | None = None
    for truth in (t for designers in truths.values() for t in designers.values()):
        faces = tuple(sorted(truth.faces()))
        select_files(files, faces, str(truth.path))
        if first is not None and faces != held_out:
            face = sorted(set(faces) ^ set(held_out))[0]
            raise FaceSetError(
                f"{first.path} and {truth.path} have different faces (only one has "
                f"{face}): give every engine the same held-out faces, or list splits"
            )
        first, held_out = truth, faces
    excluded = set(held_out)
    train = [face for face in files if face not in excluded]
    members: dict[str, Sequence[str]] = {TRAIN: train}
    return members | ({HELDOUT: held_out} if held_out else {})


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
