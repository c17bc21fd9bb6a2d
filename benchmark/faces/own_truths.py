"""Ground truth of one's own for the faces of an existing set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.faces.faceset import FaceSet, Truths
from benchmark.faces.folder import listed_ids
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.problems import and_more, collected, report
from benchmark.faces.split import FaceSplit
from benchmark.faces.truth_seal import check_pictures, open_truth


def with_own_truths(
    faces: FaceSet,
    truths: Truths,
    splits: Mapping[str, Sequence[str] | Path] | None = None,
    problems: list[str] | None = None,
) -> FaceSet:
    """A face set with more truth files, and with splits cut to some of their faces.

    Args:
        faces: a Parquet face set, such as the embedded portraits.
        truths: truth CSVs by engine name and designer, beside those of the set. Seals
            are checked.
        splits: ids of the faces to use by split, or a text file with one id per line.
            Other splits stay whole.
        problems: if given, what is wrong is added to it, and the set holds what
            remains.

    Raises:
        FaceSetError: without `problems`, if the set has a truth for an engine and
            designer already, an id is not in the split, a truth file cannot be read, or
            a seal does not match.
    """
    found: list[str] = []
    # Ids are read only if they are needed.
    owners = {f: split for split in faces.splits.values() if truths for f in split.ids}
    merged = {engine: dict(files) for engine, files in faces.truths.items()}
    for engine, designers in truths.items():
        for designer, path in designers.items():
            if designer in merged.get(engine, {}):
                found.append(
                    f"{path}: face set {faces.name} has ground truth of {designer} for "
                    f"{engine} already: give your designer another name"
                )
                continue
            with collected(found):
                truth = open_truth(Path(path))
                if unknown := [face for face in truth.faces() if face not in owners]:
                    raise FaceSetError(
                        f"{path} names face {and_more(unknown)}, which "
                        f"{'is' if len(unknown) == 1 else 'are'} not in face set "
                        f"{faces.name}: remove the rows"
                    )
                check_pictures(truth, owners, lambda f: owners[f].source.picture(f))
                merged.setdefault(engine, {})[designer] = truth
    chosen = dict(faces.splits)
    for name, wanted in (splits or {}).items():
        with collected(found):
            split = faces.split(name)
            ids = listed_ids(wanted)
            chosen[name] = _cut(split, ids, wanted, faces.name, found)
    report(found, problems)
    return replace(faces, splits=chosen, truths=merged)


def _cut(
    split: FaceSplit,
    ids: Sequence[str],
    wanted: Sequence[str] | Path,
    name: str,
    found: list[str],
) -> FaceSplit:
    """The faces of a split that are in `ids`, in the split's order."""
    source = wanted if isinstance(wanted, Path) else f"split {split.name}"
    known = frozenset(split.ids)
    if unknown := [face for face in ids if face not in known]:
        found.append(
            f"{source} names face {and_more(unknown)}, which "
            f"{'is' if len(unknown) == 1 else 'are'} not in split {split.name} of "
            f"{name}: remove the ids, since a split of this set can only be made "
            "smaller"
        )
    if not ids:
        found.append(f"{source} names no face: add at least one id")
    listed = frozenset(ids)
    kept = tuple(face for face in split.ids if face in listed)
    return split if kept == split.ids else FaceSplit(split.name, split.source, kept)
