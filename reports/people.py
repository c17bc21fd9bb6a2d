"""Attributes of the people in the pictures, for breakdowns of scores by group.

Methods never see them. Reports show means over groups of faces only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.faces.faceset import embedded_portraits
from benchmark.faces.split import FaceSplit
from reports.trials import Run

if TYPE_CHECKING:
    import pandas as pd


def people_attributes(
    run: Run, split: str, faces: Sequence[str]
) -> pd.DataFrame | None:
    """Attributes of a split's faces: a row for each face, in their order.

    `faces` are the ids in the split's order. None unless the run used the embedded
    portraits, whose attributes are known. The digest of the split decides that.
    """
    recorded = run.resolved.get("faces", {}).get("splits", {}).get(split)
    if recorded is None or run.first["faces"]["name"] != embedded_portraits().name:
        return None
    for embedded in embedded_portraits().splits.values():
        if set(faces) <= set(embedded.ids):
            same = tuple(faces) == embedded.ids
            chosen = FaceSplit(split, embedded.source, None if same else tuple(faces))
            if chosen.digest == recorded["digest"]:
                return chosen.attributes()
    return None
