from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.ratings import agreement, consistency
from evaluation.ratings.agreement import fleiss_kappa, krippendorff_alpha

FOURTEEN_RATERS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ],
    dtype=np.float64,
)
"""The worked example of Fleiss's kappa that textbooks share: 0.210."""
FOUR_OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
"""Krippendorff's own example (2011) with missing answers: nominal alpha 0.743."""


def table(answers: dict[tuple[str, str], str]) -> pd.DataFrame:
    rows = [(rater, face, chosen) for (rater, face), chosen in answers.items()]
    return pd.DataFrame(rows, columns=["participant", "face", "chosen"])


def test_alpha_of_krippendorffs_example():
    answers = {
        (f"r{r}", f"f{f:02}"): str(value)
        for r, row in enumerate(FOUR_OBSERVERS)
        for f, value in enumerate(row)
        if value is not None
    }
    found = agreement(table(answers))
    assert found.alpha.mean == pytest.approx(0.743, abs=5e-4)
    assert found.alpha.low < 0.743 < found.alpha.high
    assert found.alpha.n == 11  # one unit has a single answer


def test_kappa_and_alpha_of_the_textbook_table():
    """Checked against statsmodels 0.15 and krippendorff 0.9."""
    assert fleiss_kappa(FOURTEEN_RATERS) == pytest.approx(0.20993070442195522)
    assert krippendorff_alpha(FOURTEEN_RATERS) == pytest.approx(0.21557405653322692)


def test_weights_count_faces_as_often_as_they_say():
    twice = np.repeat(FOURTEEN_RATERS, 2, axis=0)
    weights = np.full((3, 10), 2.0)
    assert krippendorff_alpha(FOURTEEN_RATERS, weights) == pytest.approx(
        np.full(3, krippendorff_alpha(twice))
    )


def test_equal_answers_are_perfect_and_a_single_option_is_undefined():
    differ = {(f"r{r}", f"f{f}"): f"m{f % 3}" for r in range(4) for f in range(9)}
    assert agreement(table(differ)).alpha.mean == 1
    assert agreement(table(differ)).kappa == 1
    same = dict.fromkeys(differ, "m0")
    assert np.isnan(agreement(table(same)).alpha.mean)
    assert np.isnan(agreement(table(same)).kappa)


def test_random_answers_agree_at_chance_level():
    rng = np.random.default_rng(0)
    answers = {
        (f"r{r}", f"f{f}"): str(rng.integers(4)) for r in range(20) for f in range(60)
    }
    found = agreement(table(answers))
    assert found.alpha.low < 0 < found.alpha.high
    assert found.kappa == pytest.approx(0, abs=0.02)


def test_kappa_is_over_raters_who_rated_every_face():
    answers = {(f"r{r}", f"f{f}"): f"m{f}" for r in range(3) for f in range(6)}
    answers |= {("late", "f0"): "m1"}
    found = agreement(table(answers))
    assert (found.complete, found.kappa) == (3, 1)
    assert found.alpha.mean < 1


def test_agreement_of_one_rater_is_undefined():
    found = agreement(table({("r", f"f{f}"): "m" for f in range(6)}))
    assert np.isnan([found.alpha.mean, found.kappa]).all()


def test_a_tie_is_an_answer():
    answers = {(f"r{r}", f"f{f}"): "" for r in range(3) for f in range(6)}
    answers |= {(f"r{r}", "g"): "m" for r in range(3)}
    assert agreement(table(answers)).alpha.mean == 1


def test_repeats_are_compared_with_their_originals():
    columns = ["participant", "engine", "face", "chosen"]
    first = pd.DataFrame(
        [("a", "toon", "1", "m"), ("a", "toon", "2", None), ("b", "toon", "1", "n")],
        columns=columns,
    )
    again = pd.DataFrame(
        [("a", "toon", "1", "n"), ("a", "toon", "2", None), ("c", "toon", "1", "n")],
        columns=columns,
    )
    found = consistency(first, again)
    assert found is not None
    assert (found.same, found.asked) == (1, 2)
    assert consistency(first, again.iloc[:0]) is None
