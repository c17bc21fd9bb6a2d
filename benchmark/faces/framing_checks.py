"""Warn of face pictures that are not aligned as in FFHQ."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmark.faces.folder import FileFaces
from benchmark.faces.split import FaceSplit
from benchmark.storage.digests import bytes_digest

SAMPLE = 16
"""Pictures that are looked at; all of them would take too long."""
_ALIGNED: dict[str, bool] = {}
"""Whether pictures are aligned, by the SHA-256 of the file; for this process."""
TOLERATED = 0.1
"""Share of pictures in which the detector may err, as with faces behind a hand."""


def unaligned_splits(splits: Mapping[str, FaceSplit]) -> list[str]:
    """One sentence for each split of picture files that does not look aligned.

    Rendered sets are not checked.
    """
    found = (
        unaligned(
            [source.files[face] for face in split.ids if face in source.files],
            f"split {name}",
        )
        for name, split in splits.items()
        if isinstance(source := split.source, FileFaces)
    )
    return [sentence for sentence in found if sentence is not None]


def unaligned(files: Sequence[Path], place: str) -> str | None:
    """A sentence with a remedy if a sample of picture files does not look aligned.

    Args:
        files: square pictures; others are not looked at.
        place: says in the sentence where the pictures are from.
    """
    sample = [files[i * len(files) // SAMPLE] for i in range(SAMPLE)] if files else []
    chosen = list(dict.fromkeys(sample))
    wrong = list(_without_aligned_face(chosen))
    if len(wrong) <= TOLERATED * len(chosen):
        return None
    folder = wrong[0].parent
    command = f"avatarbench faces align {shlex.quote(str(folder))} --out FOLDER"
    return (
        f"{len(wrong)} of {len(chosen)} sampled pictures of {place} are not aligned as "
        f"in FFHQ, as methods expect ({wrong[0].name} is one): run `{command}` and use "
        "the folder that it writes"
    )


def _without_aligned_face(files: Iterable[Path]) -> Iterable[Path]:
    from benchmark.photographs import PhotographError, decode_photograph
    from benchmark.photographs.framing import is_aligned
    from benchmark.photographs.reading import read_file

    for path in files:
        try:
            data = read_file(path)
            digest = bytes_digest(data)
            if digest not in _ALIGNED:
                _ALIGNED[digest] = is_aligned(decode_photograph(data, str(path)))
        except PhotographError:
            continue  # other checks report it
        if not _ALIGNED[digest]:
            yield path
