"""Slot bias: whether raters prefer a position on the screen."""

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
    """How often each slot was picked, and how often each option was shown in it.

    Attributes:
        slots: the share of each slot; its options are named "1" to "N".
        p: p-value of the chi-squared test of equal shares, which treats ratings as
            independent.
        effect: Cohen's w of the counts: 0.1 is small, 0.3 medium.
        exposure: (N options, N slots) how often each option was shown in each slot.
    """

    slots: tuple[Share, ...]
    p: float
    effect: float
    exposure: NDArray[np.int64]


def slot_bias(
    ratings: pd.DataFrame, picks: Picks, resamples: int = RESAMPLES
) -> SlotBias:
    """Slot bias of ratings with the columns participant, face, slot and order.

    `slot` is the picked slot, from 1; it is missing for a tie, which is left out.
    `order` is the tuple of options by slot. `picks` are those of the same ratings.
    """
    names = [str(slot) for slot in range(1, len(picks.options) + 1)]
    chosen = [""] * len(ratings)
    for row, slot in enumerate(ratings["slot"]):
        chosen[row] = "" if pd.isna(slot) else str(int(slot))
    counted = count_picks(ratings.assign(chosen=chosen), names, "left out")
    counts = counted.counts
    found = stats.chisquare(counts)
    return SlotBias(
        shares(counted, resamples),
        float(found.pvalue),
        float(np.sqrt(found.statistic / counts.sum())),
        _exposure(ratings, picks.options),
    )


def _exposure(ratings: pd.DataFrame, options: tuple[str, ...]) -> NDArray[np.int64]:
    exposure = np.zeros((len(options), len(options)), dtype=np.int64)
    rows = {option: row for row, option in enumerate(options)}
    for order in ratings["order"]:
        for slot, option in enumerate(order):
            exposure[rows[option], slot] += 1
    return exposure
