"""Open the face set `photos`."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.avatars.spec import did_you_mean
from benchmark.faces.faceset import FaceSet, TruthFiles, embedded_portraits
from benchmark.faces.joined_truth import JoinedTruth
from benchmark.faces.photos.looks import ENGINES, Looks, read_looks
from benchmark.faces.photos.manifest import (
    DATA,
    NAME,
    SPLITS,
    Photograph,
    picture_cache,
    read_photographs,
)
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.problems import and_more
from benchmark.faces.truth_seal import open_truth

LABELLERS = {"labeller-a": "designer-a", "labeller-b": "designer-b"}
"""Labellers of the photographs, and the designer whose ground truth of the embedded
train faces goes with each. Only `labeller-a` has labelled all photographs."""


def open_photographs() -> FaceSet:
    """The fetched photographs, and the embedded train faces, with ground truth.

    Raises:
        FaceSetError: if photographs were not fetched, or ground truth does not belong
            to them.
    """
    photographs = read_photographs()
    splits = {
        name: [face for face, row in photographs.items() if row.split == name]
        for name in SPLITS
    }
    return picture_cache(photographs).open_set(splits, _truths(photographs))


def split_looks(name: str, labeller: str = "labeller-a") -> dict[str, Looks]:
    """The looks of a split's photographs by face id, in the order of the split.

    The pictures need not be fetched. Raises FaceSetError for another split, and if the
    labeller has not labelled all of it.
    """
    if name not in SPLITS:
        raise FaceSetError(
            f"face set {NAME} has no photographs in a split {name!r}"
            f"{did_you_mean(name, SPLITS)}; they are in {' and '.join(SPLITS)}"
        )
    looks = read_looks(DATA / f"{labeller}.looks.csv")
    faces = [f for f, row in read_photographs().items() if row.split == name]
    if missing := [face for face in faces if face not in looks]:
        raise FaceSetError(f"{labeller} has no looks of face {and_more(missing)}")
    return {face: looks[face] for face in faces}


def _truths(photographs: Mapping[str, Photograph]) -> TruthFiles:
    """Ground truth of photographs, joined with that of the embedded train faces."""
    portraits = embedded_portraits()
    truths: dict[str, dict[str, JoinedTruth]] = {}
    for engine in ENGINES:
        for labeller, designer in LABELLERS.items():
            path = DATA / "truth" / f"{engine}.{labeller}.csv"
            if not path.is_file():
                continue
            own = open_truth(path)
            for face, row in photographs.items():
                if own.picture_digests.get(face, row.sha256) != row.sha256:
                    raise FaceSetError(
                        f"{path} was made for another picture of face {face}: make the "
                        "ground truth again"
                    )
            trained = portraits.truths[engine][designer]
            joined = JoinedTruth(**vars(own), continued=trained)
            truths.setdefault(engine, {})[labeller] = joined
    return truths
