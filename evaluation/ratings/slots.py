"""Do raters favour a place on the screen, whatever stands there?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evaluation.ratings.picks import Picks, count_picks
from evaluation.ratings.resampling import RESAMPLES
from evaluation.ratings.shares import Share, shares


@dataclass(frozen=True, eq=False)
class SlotBias:
    """How often each slot was picked, and what stood there.

    Attributes:
        slots: each slot's share of the picks; options are "1" to "N".
        p: chi-squared test of equal shares, as if judgements were independent.
        effect: Cohen's w of the counts: 0 none, 0.1 small, 0.3 middling.
        exposure: (N options, N slots) how often each option stood in each slot.
    """

    slots: tuple[Share, ...]
    p: float
    effect: float
    exposure: NDArray[np.int64]


def slot_bias(
    judgements: pd.DataFrame, picks: Picks, resamples: int = RESAMPLES
) -> SlotBias:
    """Bias of judgements that have participant, face, slot and order.

    `slot` counts from 1 and is missing for a tie, which is left out; `order` is the
    tuple of options as presented.
    """
    names = [str(slot) for slot in range(1, len(picks.options) + 1)]
    chosen = [""] * len(judgements)
    for row, slot in enumerate(judgements["slot"]):
        chosen[row] = "" if pd.isna(slot) else str(int(slot))
    counted = count_picks(judgements.assign(chosen=chosen), names, "left out")
    counts = counted.counts
    found = stats.chisquare(counts)
    return SlotBias(
        shares(counted, resamples),
        float(found.pvalue),
        float(np.sqrt(found.statistic / counts.sum())),
        _exposure(judgements, picks.options),
    )


def _exposure(judgements: pd.DataFrame, options: tuple[str, ...]) -> NDArray[np.int64]:
    exposure = np.zeros((len(options), len(options)), dtype=np.int64)
    places = {option: row for row, option in enumerate(options)}
    for order in judgements["order"]:
        for slot, option in enumerate(order):
            exposure[places[option], slot] += 1
    return exposure
