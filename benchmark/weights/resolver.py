"""Weight files at hand, while a suite is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark import weights
from benchmark.storage.digests import file_digest
from benchmark.weights.folders import is_member, lacking_member


class WeightResolver:
    """Weight files at hand, with digests; each is looked up and hashed once."""

    def __init__(self, given: Mapping[str, Path]) -> None:
        self._found: dict[str, Path | None] = dict(given)
        self._digests: dict[str, str] = {}

    def find(self, name: str) -> Path | None:
        """The file, or None where it is not at hand."""
        if name not in self._found:
            self._found[name] = weights.find(name)
        return self._found[name]

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that are not at hand."""
        return [name for name in names if self.find(name) is None]

    def take(self, names: Sequence[str]) -> tuple[dict[str, Path], dict[str, str]]:
        """Files and digests of those of `names` that are at hand."""
        files = {n: path for n in names if (path := self.find(n)) is not None}
        for name, path in files.items():
            if name not in self._digests:
                self._digests[name] = file_digest(path)
        return files, {name: self._digests[name] for name in files}


def lacking(names: Sequence[str]) -> list[str]:
    """A sentence a problem: which weight files are not at hand, and what to do."""
    published = [name for name in names if not is_member(name)]
    sentences = [lacking_member(name) for name in names if is_member(name)]
    if published:
        sentences.append(
            f"the weight file {' and '.join(published)} is not at hand; fetch it with "
            f"`avatarbench weights fetch {' '.join(published)}`"
        )
    # Both files of an unknown folder have the same reason.
    return list(dict.fromkeys(sentences))
