"""One-to-one assignments with the least total cost."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import torch
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

LARGE = 512
"""Rows from which several assignments share the CPU cores; smaller ones take less time
than the processes."""


def matched_all(costs: Sequence[Tensor]) -> list[Tensor]:
    """(n,) the column of each row, one to one, for each of several (n, n) costs.

    Large ones are assigned on several CPU cores. With a GPU, the assignments of a
    training take more time than its iterations.
    """
    arrays = [each.cpu().numpy() for each in costs]
    size = max(len(each) for each in arrays)
    jobs = min(len(arrays), os.cpu_count() or 1) if size >= LARGE else 1
    found = Parallel(n_jobs=jobs, max_nbytes=None)(
        delayed(_columns)(each) for each in arrays
    )
    return [torch.from_numpy(each) for each in found]


def _columns(costs: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.asarray(linear_sum_assignment(costs)[1])
