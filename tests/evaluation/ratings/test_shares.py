from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.ratings import (
    Picks,
    RaterModel,
    RatingError,
    count_picks,
    method_strengths,
    share_difference,
    shares,
    simulate_picks,
    wilson,
)

METHODS = ("baseline", "f2p", "swift")


def ratings(rows: list[tuple[str, str, str | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["participant", "face", "chosen"])


def grid(raters: int, faces: int, picked: str) -> pd.DataFrame:
    rows = [(f"r{r}", f"f{f}", picked) for r in range(raters) for f in range(faces)]
    return ratings(rows)


def drawn(model: RaterModel, raters: int, faces: int, seed: int) -> Picks:
    rng = np.random.default_rng(seed)
    return simulate_picks(model, method_strengths(model), (raters, faces), rng)


def test_counts_and_shares_are_those_of_the_ratings():
    rows = ratings(
        [("a", "1", "swift"), ("a", "2", "f2p"), ("b", "1", "swift"), ("b", "2", None)]
    )
    picks = count_picks(rows, METHODS, "left out")
    found = {share.option: share for share in shares(picks)}
    assert (picks.total, picks.ties, picks.raters, picks.faces) == (3, 1, 2, 2)
    assert {name: share.picks for name, share in found.items()} == {
        "baseline": 0,
        "f2p": 1,
        "swift": 2,
    }
    assert found["swift"].share.mean == pytest.approx(2 / 3)


def test_a_shared_tie_is_a_part_of_a_pick_for_each():
    rows = ratings([("a", "1", "swift"), ("a", "2", "")])
    picks = count_picks(rows, METHODS, "shared")
    assert picks.counts == pytest.approx([1 / 3, 1 / 3, 4 / 3])
    assert picks.total == 2
    assert picks.decided.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([("a", "1", "nobody")], METHODS, "nobody was chosen"),
        ([("a", "1", "f2p"), ("a", "1", "swift")], METHODS, "twice"),
        ([("a", "1", "f2p")], ("f2p",), "two or more"),
    ],
)
def test_ratings_that_cannot_be_counted_are_refused(rows, options, said):
    with pytest.raises(RatingError, match=said):
        count_picks(ratings(rows), options, "left out")


def test_without_ratings_there_is_no_share():
    picks = count_picks(ratings([("a", "1", "")]), METHODS, "left out")
    with pytest.raises(RatingError, match="no rating counts"):
        shares(picks)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(case):
    hits, total = case
    expected = stats.binomtest(hits, total).proportion_ci(0.95, method="wilson")
    assert wilson(hits, total) == pytest.approx((expected.low, expected.high))


def test_binomial_test_is_scipys_with_holm():
    model = RaterModel((0.5, 0.3, 0.2))
    picks = drawn(model, 12, 12, 1)
    raw = [stats.binomtest(int(n), 144, 1 / 3).pvalue for n in picks.counts]
    found = [share.binomial_p for share in shares(picks)]
    assert min(found) == pytest.approx(min(1, 3 * min(raw)))
    assert max(found) == pytest.approx(max(raw))


def test_everybody_picks_the_same():
    picks = count_picks(grid(6, 6, "swift"), METHODS, "left out")
    swift = shares(picks)[2]
    assert (swift.share.low, swift.share.mean, swift.share.high) == (1, 1, 1)
    assert [share.best for share in shares(picks)] == [False, False, True]


def test_few_raters_give_no_interval_and_no_test():
    picks = count_picks(grid(4, 30, "swift"), METHODS, "left out")
    swift = shares(picks)[2]
    assert np.isnan([swift.share.low, swift.share.high, swift.cluster_p]).all()
    assert swift.wilson.low > 0.9


def test_shares_are_reproducible():
    picks = drawn(RaterModel((0.5, 0.3, 0.2)), 10, 10, 2)
    assert shares(picks) == shares(picks)


def test_raters_with_one_taste_add_no_precision_beyond_faces():
    """Ten raters with one taste give no more information than one."""
    rng = np.random.default_rng(0)
    taste = rng.choice(METHODS, 12)
    rows = [(f"r{r}", f"f{f}", taste[f]) for r in range(10) for f in range(12)]
    found = shares(count_picks(ratings(rows), METHODS, "left out"))
    for share in found:
        clustered = share.share.high - share.share.low
        assert clustered > 2 * (share.wilson.high - share.wilson.low)


def test_the_best_and_all_not_significantly_worse_are_marked():
    even = shares(drawn(RaterModel((0.4, 0.4, 0.2), 0, 0), 30, 30, 3))
    assert [share.best for share in even] == [True, True, False]


def test_difference_of_two_shares():
    picks = drawn(RaterModel((0.6, 0.25, 0.15), 0.2, 0.2), 20, 20, 4)
    found, p = share_difference(picks, 0, 1)
    back, _ = share_difference(picks, 1, 0)
    assert found.low < found.mean < found.high
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))
    assert p < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("size", [(12, 12), (20, 40)])
def test_intervals_cover_the_true_shares(size):
    """95 % intervals cover the true shares in 92 to 99 of 100 studies."""
    model = RaterModel((0.5, 0.3, 0.2), rater_spread=0.5, face_spread=1.0)
    strengths, studies = method_strengths(model), 150
    held = alone = 0
    for study in range(studies):
        rng = np.random.default_rng([5, study])
        picks = simulate_picks(model, strengths, size, rng)
        for share, planted in zip(shares(picks, 299), model.shares, strict=True):
            held += share.share.low <= planted <= share.share.high
            alone += share.wilson.low <= planted <= share.wilson.high
    assert 0.92 <= held / (3 * studies) <= 0.99
    # What the bootstrap is for: as if independent, intervals are far too narrow.
    assert alone / (3 * studies) < 0.85
