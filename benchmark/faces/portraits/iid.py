"""Open the face set `portraits-iid`: held-out people of the training distribution.

The embedded held-out faces come from a shifted distribution. These do not, so both
together show what a method knows and how well that carries over. `iid_drawing` draws
them.
"""

from __future__ import annotations

from benchmark.faces.faceset import HELDOUT, PORTRAITS, FaceSet, embedded_portraits
from benchmark.faces.joined_truth import JoinedTruth
from benchmark.faces.picture_cache import PictureCache

DATA = PORTRAITS.parent / "portraits-iid"
"""The folder with the manifest and the ground truth."""
MANIFEST = "pictures.csv"
TRUTH = "truth"

NAME = "portraits-iid"
VERSION = "1"
LICENCE = "CC0-1.0"


def picture_cache() -> PictureCache:
    """The drawn pictures in the cache, with the digests of the manifest."""
    from benchmark.storage.csv_reader import read_csv

    rows = read_csv(DATA / MANIFEST).rows
    recorded = {cells["face"]: cells["pixels"] for _, cells in rows}
    how = "which draws them in a few minutes"
    return PictureCache(NAME, VERSION, LICENCE, recorded, how)


def open_portraits_iid() -> FaceSet:
    """The drawn people, and the embedded train faces, with ground truth.

    Raises:
        FaceSetError: if pictures were not drawn.
    """
    truths: dict[str, dict[str, JoinedTruth]] = {}
    for engine, designers in embedded_portraits().truths.items():
        for designer, trained in designers.items():
            path = DATA / TRUTH / f"{engine}.{designer}.csv"
            if path.is_file():
                joined = JoinedTruth(path, continued=trained)
                truths.setdefault(engine, {})[designer] = joined
    cache = picture_cache()
    return cache.open_set({HELDOUT: tuple(cache.recorded)}, truths)
