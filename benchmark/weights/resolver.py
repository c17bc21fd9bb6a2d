"""Looks up weight files while a suite is resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark import weights
from benchmark.storage.digests import file_digest
from benchmark.weights.folders import explain_missing_member, is_member


class WeightResolver:
    """Finds weight files and their digests; each is searched and hashed once."""

    def __init__(self, given: Mapping[str, Path]) -> None:
        self._found: dict[str, Path | None] = dict(given)
        self._digests: dict[str, str] = {}

    def find(self, name: str) -> Path | None:
        """Path of the file, or None if it is not available."""
        if name not in self._found:
            self._found[name] = weights.find(name)
        return self._found[name]

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that are not available."""
        return [name for name in names if self.find(name) is None]

    def take(self, names: Sequence[str]) -> tuple[dict[str, Path], dict[str, str]]:
        """Paths and SHA-256 digests of those of `names` that are available."""
        files = {n: path for n in names if (path := self.find(n)) is not None}
        for name, path in files.items():
            if name not in self._digests:
                self._digests[name] = file_digest(path)
        return files, {name: self._digests[name] for name in files}


def explain_missing(names: Sequence[str]) -> list[str]:
    """One sentence per problem: which weight files are missing and what to do."""
    published = [name for name in names if not is_member(name)]
    sentences = [explain_missing_member(name) for name in names if is_member(name)]
    if published:
        # Do not reword: a skipped metric's sentence is part of the suite's digest.
        sentences.append(
            f"the weight file {' and '.join(published)} is not at hand; fetch it with "
            f"`avatarbench weights fetch {' '.join(published)}`"
        )
    # Two files of the same unknown folder give the same sentence.
    return list(dict.fromkeys(sentences))
