"""Can a trait be read from the pictures? A probe on crops of the part that shows it.

`python docs/appendix/probe.py` trains a support vector regression on the first
principal components of small grey crops of the train faces, found by the part maps.
It prints the correlation with the attribute on validation faces, in-distribution and
shifted. docs/appendix/inferability.md quotes the numbers. The probe knows where the
parts are, so it asks about the pictures and is no method.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.faceset import FaceSplit, embedded_portraits

SIDE = 128
TRAITS = {
    "eyes": ("eye_rotation", "eye_hood", "eye_openness", "eye_size"),
    "mouth": ("mouth_width", "mouth_volume"),
    "nose": ("nose_width", "nose_height"),
}
REACH = {"eyes": (14, 10), "mouth": (18, 12), "nose": (14, 16)}
"""Half width and half height of a crop, in pixels of a 128-px face."""


def crop(picture: NDArray[np.uint8], mask: NDArray[np.bool_], part: str) -> NDArray:
    """The normalised grey pixels around a mask's centre."""
    rows, columns = np.nonzero(mask)
    x, y = columns.mean(), rows.mean()
    wide, high = REACH[part]
    box = (x - wide, y - high, x + wide, y + high)
    small = Image.fromarray(picture).convert("L").crop(tuple(map(round, box)))
    pixels = np.asarray(small.resize((28, 20)), dtype=float)
    return ((pixels - pixels.mean()) / (pixels.std() + 1e-3)).ravel()


def crops(split: FaceSplit, part: str) -> tuple[NDArray, list[int]]:
    """Crops of every face that shows the part, and the rows of those faces."""
    found, rows = [], []
    maps = split.parsing(SIDE)
    assert maps is not None
    for row, picture in enumerate(split.pictures(SIDE)):
        mask = maps[row] == PART_IDS[part]
        halves = [mask]
        if part == "eyes":
            middle = np.median(np.nonzero(mask)[1]) if mask.any() else 0
            right = np.arange(SIDE) >= middle
            halves = [mask & ~right, mask & right]
        if all(half.sum() >= 4 for half in halves):
            found.append(np.concatenate([crop(picture, h, part) for h in halves]))
            rows.append(row)
    return np.array(found), rows


def main() -> None:
    """Print one line per trait: faces, and Pearson's r on both parts of validation."""
    faces = embedded_portraits()
    train, validation = faces.split("train"), faces.split("validation")
    for part, traits in TRAITS.items():
        seen, rows = crops(train, part)
        unseen, places = crops(validation, part)
        known = train.attributes().iloc[rows]
        judged = validation.attributes().iloc[places]
        usual = (judged["part"] == "in-distribution").to_numpy()
        for trait in traits:
            model = make_pipeline(PCA(120, whiten=True, random_state=0), SVR(C=0.3))
            guess = model.fit(seen, known[trait]).predict(unseen)
            truth = judged[trait].to_numpy()
            r = [np.corrcoef(guess[w], truth[w])[0, 1] for w in (usual, ~usual)]
            print(
                f"{trait:13} {len(rows)} + {len(places)} faces  r {r[0]:.2f} {r[1]:.2f}"
            )


if __name__ == "__main__":
    main()
