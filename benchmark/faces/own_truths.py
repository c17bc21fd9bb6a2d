"""Ground truth of one's own for the faces of an existing set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.faces.faceset import FaceSet, Truths
from benchmark.faces.folder import listed_ids
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.split import FaceSplit
from benchmark.faces.truth_seal import check_pictures, open_truth


def with_own_truths(
    faces: FaceSet,
    truths: Truths,
    splits: Mapping[str, Sequence[str] | Path] | None = None,
) -> FaceSet:
    """A face set with more truth files, and with splits cut to some of their faces.

    Args:
        faces: a Parquet face set, such as the embedded portraits.
        truths: truth CSVs by engine name and designer, beside those of the set. Seals
            are checked.
        splits: ids of the faces to use by split, or a text file with one id per line.
            Other splits stay whole.

    Raises:
        FaceSetError: if the set has a truth for an engine and designer already, an id
            is not in the split, or a seal does not match.
    """
    # Ids are read only if they are needed.
    owners = {f: split for split in faces.splits.values() if truths for f in split.ids}
    merged = {engine: dict(files) for engine, files in faces.truths.items()}
    for engine, designers in truths.items():
        for designer, path in designers.items():
            if designer in merged.get(engine, {}):
                raise FaceSetError(
                    f"{path}: face set {faces.name} has ground truth of {designer} for "
                    f"{engine} already: give your designer another name"
                )
            truth = open_truth(Path(path))
            for face in truth.faces():
                if face not in owners:
                    raise FaceSetError(
                        f"{path} names face {face}, which is not in face set "
                        f"{faces.name}"
                    )
            check_pictures(truth, owners, lambda f: owners[f].source.picture(f))
            merged.setdefault(engine, {})[designer] = truth
    chosen = dict(faces.splits)
    for name, wanted in (splits or {}).items():
        chosen[name] = _cut(faces.split(name), listed_ids(wanted), wanted, faces.name)
    return replace(faces, splits=chosen, truths=merged)


def _cut(
    split: FaceSplit, ids: Sequence[str], wanted: Sequence[str] | Path, name: str
) -> FaceSplit:
    """The faces of a split that are in `ids`, in the split's order."""
    source = wanted if isinstance(wanted, Path) else f"split {split.name}"
    known = dict.fromkeys(split.ids)
    for face in ids:
        if face not in known:
            raise FaceSetError(
                f"{source} names face {face}, which is not in split {split.name} of "
                f"{name}: a split of this set can only be made smaller"
            )
    if not ids:
        raise FaceSetError(f"{source} names no face: add at least one id")
    kept = tuple(face for face in split.ids if face in set(ids))
    return split if kept == split.ids else FaceSplit(split.name, split.source, kept)
