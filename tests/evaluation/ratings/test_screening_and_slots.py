from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.ratings import ExclusionRule, count_picks, screen, slot_bias

RULE = ExclusionRule(max_failed_catches=1, min_median_seconds=1.0, min_finished=0.5)


def answers(
    name: str, rated: int, seconds: float, right: tuple[bool, ...]
) -> pd.DataFrame:
    rows = [(name, "rating", seconds, None) for _ in range(rated)]
    rows += [(name, "catch", 9.0, hit) for hit in right]
    return pd.DataFrame(rows, columns=["participant", "kind", "seconds", "right"])


@pytest.mark.parametrize(
    ("rated", "seconds", "right", "reason"),
    [
        (8, 5.0, (True, True), None),
        (8, 5.0, (True, False), None),
        (8, 5.0, (False, False), "failed 2 of 2 catch trials"),
        (8, 0.4, (True, True), "median time of 0.40 s"),
        (3, 5.0, (True,), "answered 4 of 10 trials"),
        (3, 5.0, (True, True), None),
        (8, np.nan, (True, True), None),
    ],
)
def test_the_rule_excludes_raters(rated, seconds, right, reason):
    (found,) = screen(answers("a", rated, seconds, right), 10, RULE)
    assert found.reasons == (() if reason is None else (reason,))
    assert found.counts == (reason is None)


def test_every_rater_is_listed():
    frames = [answers("b", 8, 5, (True,)), answers("a", 1, 0.1, (False, False))]
    found = screen(pd.concat(frames), 10, RULE)
    assert [rater.participant for rater in found] == ["a", "b"]
    assert len(found[0].reasons) == 3


def study(habit: float, seed: int) -> pd.DataFrame:
    """Raters who pick slot 0 with probability `habit`, else any; balanced orders."""
    rng = np.random.default_rng(seed)
    rows = []
    for rater in range(24):
        for face in range(24):
            order = tuple(np.roll(["x", "y", "z"], rater + face).tolist())
            slot = 1 if rng.random() < habit else int(rng.integers(3)) + 1
            rows.append((f"r{rater}", f"f{face}", slot, order, order[slot - 1]))
    columns = ["participant", "face", "slot", "order", "chosen"]
    return pd.DataFrame(rows, columns=columns)


def test_raters_without_a_habit_show_no_bias():
    frame = study(0, 1)
    found = slot_bias(frame, count_picks(frame, ("x", "y", "z"), "left out"))
    assert found.p > 0.05
    assert found.effect < 0.1
    assert (found.exposure == 24 * 24 / 3).all()


def test_a_habit_shows_in_the_slots_and_not_in_the_shares():
    frame = study(0.4, 2)
    picks = count_picks(frame, ("x", "y", "z"), "left out")
    found = slot_bias(frame, picks)
    assert found.p < 1e-6
    assert found.slots[0].share.low > 1 / 3
    assert picks.counts / picks.total == pytest.approx([1 / 3] * 3, abs=0.05)


def test_ties_have_no_slot():
    frame = study(0, 3)
    frame.loc[0, ["slot", "chosen"]] = [pd.NA, ""]
    found = slot_bias(frame, count_picks(frame, ("x", "y", "z"), "left out"))
    assert sum(share.picks for share in found.slots) == len(frame) - 1
