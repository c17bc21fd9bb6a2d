"""Open the face set `photos`."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.avatars.spec import did_you_mean
from benchmark.faces.faceset import TRAIN, FaceSet, TruthFiles, embedded_portraits
from benchmark.faces.joined_truth import JoinedTruth
from benchmark.faces.photos.looks import ENGINES, Looks, read_looks
from benchmark.faces.photos.manifest import (
    DATA,
    LICENCE,
    NAME,
    SPLITS,
    VERSION,
    Photograph,
    fetched_folder,
    read_photographs,
)
from benchmark.faces.photos.pictures import FetchedFaces, read_index
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.problems import and_more
from benchmark.faces.split import FaceSplit
from benchmark.faces.truth_seal import open_truth

LABELLERS = {"labeller-a": "designer-a", "labeller-b": "designer-b"}
"""Labellers of the photographs, and the designer whose ground truth of the embedded
train faces goes with each. Only `labeller-a` has labelled all photographs."""


def open_photographs() -> FaceSet:
    """The fetched photographs, and the embedded train faces, with ground truth.

    Methods train on the same faces as in suites with `set: portraits`, so they share
    their cached fits.

    Raises:
        FaceSetError: if photographs were not fetched, or ground truth does not belong
            to them.
    """
    folder, photographs = fetched_folder(), read_photographs()
    known = read_index(folder, photographs)
    missing = [face for face in photographs if face not in known]
    if missing:
        state = "are not there" if len(missing) == len(photographs) else "are not whole"
        raise FaceSetError(
            f"the pictures of face set {NAME} {state}: run `avatarbench faces fetch "
            f"{NAME}`, which downloads about 35 MB, or add --from with a copy of them"
        )
    portraits = embedded_portraits()
    splits = {TRAIN: portraits.split(TRAIN)}
    for name in SPLITS:
        chosen = {f: known[f] for f, row in photographs.items() if row.split == name}
        splits[name] = FaceSplit(name, FetchedFaces(folder, chosen))
    return FaceSet(
        name=NAME,
        version=VERSION,
        licence=LICENCE,
        stand_in=True,
        splits=splits,
        truths=_truths(portraits, photographs),
    )


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


def _truths(portraits: FaceSet, photographs: Mapping[str, Photograph]) -> TruthFiles:
    """Ground truth of photographs, joined with that of the embedded train faces."""
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
