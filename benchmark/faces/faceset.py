"""Face sets: splits of aligned portraits, with the truths designers made for them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.avatars.spec import nearest
from benchmark.faces import ffhq
from benchmark.faces.folder import (
    FileFaces,
    check_disjoint,
    choose,
    list_pictures,
    listed_ids,
)
from benchmark.faces.parquet_set import read_manifest
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.split import FaceSource, FaceSplit
from benchmark.faces.truth_csv import TruthFile, write_truth
from benchmark.faces.truth_seal import check_seen, sealed_truth

__all__ = [
    "FaceSet",
    "FaceSetError",
    "FaceSource",
    "FaceSplit",
    "TruthFile",
    "embedded_portraits",
    "open_ffhq",
    "open_folder",
    "open_packed",
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

    `stand_in` says that the faces stand in for photographs of people, which every
    table made from them repeats.
    """

    name: str
    version: str
    licence: str
    stand_in: bool
    splits: Mapping[str, FaceSplit]
    truths: TruthFiles

    def split(self, name: str) -> FaceSplit:
        """The split of that name; FaceSetError with the nearest names."""
        if name not in self.splits:
            raise FaceSetError(
                f"face set {self.name} has no split {name!r}"
                f"{nearest(name, self.splits)}; it has {', '.join(self.splits)}"
            )
        return self.splits[name]

    def designers(self, engine: str) -> tuple[str, ...]:
        """Who made truths for the engine, the main designer first; none is ()."""
        return tuple(self.truths.get(engine, {}))

    def truth(
        self, engine: str, spec: AvatarSpec, split: FaceSplit | str, designer: str
    ) -> AvatarVectors:
        """The designer's vectors for a split (or a subset of one), in its order.

        Raises FaceSetError where there are none, or where the file does not fit `spec`.
        """
        faces = self.split(split).ids if isinstance(split, str) else split.ids
        return self._truth_file(engine, designer).read(spec, faces)

    def truth_digest(self, engine: str, designer: str) -> str:
        """SHA-256 (hex) of the designer's truth file for the engine."""
        return self._truth_file(engine, designer).digest

    def verify(self) -> None:
        """Read every file against its digest; FaceSetError names the first bad one."""
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
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _truth_file(self, engine: str, designer: str) -> TruthFile:
        if not self.designers(engine):
            raise FaceSetError(
                f"face set {self.name} has no truth for engine {engine}; it has some "
                f"for {', '.join(self.truths) or 'none'}"
            )
        if designer not in self.truths[engine]:
            known = self.designers(engine)
            raise FaceSetError(
                f"face set {self.name} has no designer {designer!r} for engine "
                f"{engine}{nearest(designer, known)}; it has {', '.join(known)}"
            )
        return self.truths[engine][designer]


def open_packed(folder: Path) -> FaceSet:
    """A folder of `benchmark.faces.parquet_set`; files are checked when first read."""
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
    """The synthetic people that come with this package."""
    return open_packed(PORTRAITS)


def open_folder(
    pictures: Path,
    truths: Truths,
    splits: Mapping[str, Sequence[str] | Path] | None = None,
    licence: str = "not stated",
) -> FaceSet:
    """A folder of square RGB pictures and truth CSVs over their names.

    Without `splits`, the faces of the truth files are held out and all others train;
    with them, each split lists its ids or names a text file with one id a line. A truth
    file with a seal beside it (`benchmark.faces.truth_seal`) is held against that.
    Raises FaceSetError for ids without a picture, for ids in two splits and for a
    broken seal.
    """
    files = list_pictures(pictures)
    truth_files = _truth_files(truths, files, sealed_truth)
    if splits is None:
        members = _default_members(files, truth_files)
    else:
        members = {name: listed_ids(faces) for name, faces in splits.items()}
        check_disjoint(members)
    sources = {
        name: FileFaces(choose(files, faces, f"split {name}"), {}, licence)
        for name, faces in members.items()
    }
    name = pictures.resolve().name
    return _plain_set(name, "1", licence, sources, truth_files)


def open_ffhq(root: Path, truths: Truths) -> FaceSet:
    """FFHQ (nested or flat, 1024 px or thumbnails) and truth CSVs over its indices.

    The truth files' faces are held out; of the others the first 60,000 indices train.
    Held-out pictures are digested by content, the many train ones by id and file size.
    """
    files = ffhq.list_ffhq(root)
    truth_files = _truth_files(
        truths, files, partial(sealed_truth, face_id=ffhq.face_id)
    )
    members = _default_members(files, truth_files)
    members[TRAIN] = [f for f in members[TRAIN] if int(f) < ffhq.TRAIN_COUNT]
    sources = {
        name: ffhq.ffhq_faces(root, choose(files, faces, name), name == HELDOUT)
        for name, faces in members.items()
    }
    return _plain_set("ffhq", "2", ffhq.LICENCE, sources, truth_files)


def _truth_files(
    truths: Truths, files: Mapping[str, Path], make: Callable[[Path], TruthFile]
) -> TruthFiles:
    """The truth files; FaceSetError for a picture that one was not made for."""
    made = {
        engine: {designer: make(Path(path)) for designer, path in designers.items()}
        for engine, designers in truths.items()
    }
    for designers in made.values():
        for truth in designers.values():
            check_seen(truth, files)
    return made


def _default_members(
    files: Mapping[str, Path], truths: TruthFiles
) -> dict[str, Sequence[str]]:
    """Hold out the faces of the truth files, which must agree; the others train."""
    held_out: tuple[str, ...] = ()
    first: TruthFile | None = None
    for truth in (t for designers in truths.values() for t in designers.values()):
        faces = tuple(sorted(truth.faces()))
        choose(files, faces, str(truth.path))
        if first is not None and faces != held_out:
            face = sorted(set(faces) ^ set(held_out))[0]
            raise FaceSetError(
                f"{first.path} and {truth.path} name different faces (only one has "
                f"{face}): give every engine the same held-out faces, or list splits"
            )
        first, held_out = truth, faces
    out = set(held_out)
    train = [face for face in files if face not in out]
    if first is not None and not train:
        raise FaceSetError(
            f"{first.path} holds a truth for every picture, so that none is left to "
            "train on: add pictures without a truth, or list splits"
        )
    members: dict[str, Sequence[str]] = {TRAIN: train}
    return members | ({HELDOUT: held_out} if held_out else {})


def _plain_set(
    name: str,
    version: str,
    licence: str,
    sources: Mapping[str, FileFaces],
    truths: TruthFiles,
) -> FaceSet:
    """A face set of real pictures; splits without a face are left out."""
    splits = {n: FaceSplit(n, source) for n, source in sources.items() if source.files}
    return FaceSet(name, version, licence, False, splits, truths)
