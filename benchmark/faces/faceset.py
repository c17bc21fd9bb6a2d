"""Face sets: splits of aligned portraits, and designers' ground truth for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.avatars.spec import did_you_mean
from benchmark.faces.parquet_set import read_manifest
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.split import FaceSource, FaceSplit
from benchmark.faces.truth_csv import TruthFile, write_truth
from benchmark.storage.digests import bytes_digest

__all__ = [
    "FaceSet",
    "FaceSetError",
    "FaceSource",
    "FaceSplit",
    "TruthFile",
    "embedded_portraits",
    "open_parquet_set",
    "write_truth",
]

TRAIN, HELDOUT = "train", "heldout"
PORTRAITS = Path(__file__).parent / "data" / "portraits"

Truths = Mapping[str, Mapping[str, Path]]
"""Paths of truth CSVs by engine name and designer."""

TruthFiles = Mapping[str, Mapping[str, TruthFile]]


OPTIONAL_ENGINES = frozenset({"facesjs"})
"""Engines that need a program from elsewhere, and came after the embedded set.

Their ground truth counts neither in the digest of a face set nor in a benchmark
version, so that older results stay comparable.
"""


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
        """SHA-256 (hex) over name, version, splits and truths.

        Ground truth of `OPTIONAL_ENGINES` is left out.
        """
        lines = [self.name, self.version]
        lines += [f"{name} {split.digest}" for name, split in self.splits.items()]
        for engine in sorted(self.truths.keys() - OPTIONAL_ENGINES):
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
