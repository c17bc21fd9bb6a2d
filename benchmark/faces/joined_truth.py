"""Ground truth of one designer in two files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.faces.truth_csv import TruthFile
from benchmark.storage.digests import bytes_digest


@dataclass(frozen=True)
class JoinedTruth(TruthFile):
    """A truth file continued by another, as if their rows were in one file.

    Attributes:
        continued: the file with the other faces; a face in both is read from the first.
    """

    continued: TruthFile | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the digests of both files."""
        own = super().digest
        if self.continued is None:
            return own
        return bytes_digest(f"{own}\n{self.continued.digest}".encode())

    def faces(self) -> tuple[str, ...]:
        """The face ids of both files, those of the first file first."""
        others = () if self.continued is None else self.continued.faces()
        return tuple(dict.fromkeys((*super().faces(), *others)))

    def read(self, spec: AvatarSpec, faces: Sequence[str]) -> AvatarVectors:
        """The vectors of `faces`, in their order; see `TruthFile.read`.

        Both files are checked. A missing face is an error of the first file.
        """
        if self.continued is None:
            return super().read(spec, faces)
        elsewhere = set(self.continued.faces()) - set(super().faces())
        own = [face for face in faces if face not in elsewhere]
        others = [face for face in faces if face in elsewhere]
        joined = AvatarVectors.concatenate(
            (super().read(spec, own), self.continued.read(spec, others))
        )
        row_of = {face: row for row, face in enumerate((*own, *others))}
        return joined[[row_of[face] for face in faces]]
