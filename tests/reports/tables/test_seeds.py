"""Scores by training seed, and intervals over faces and seeds."""

import numpy as np
import pandas as pd
import pytest

from benchmark.storage.trial_folder import read_cases
from evaluation.statistics import compare, seeds_interval
from reports.tables.formats import to_markdown
from reports.tables.seeds import seeds_table
from reports.trials import read_run


def table_of(faces, seeds, spread, shift=0.0, start=0):
    """Scores that differ between faces, and by `spread` between seeds."""
    rng = np.random.default_rng(start)
    values = rng.normal(0.5, 0.05, (faces, 1)) + spread * rng.normal(size=(1, seeds))
    return pd.DataFrame(values + shift, columns=range(seeds))


def test_different_seeds_widen_the_interval_over_faces():
    one, other = table_of(60, 3, 0.0), table_of(60, 3, 0.05, shift=-0.02)
    over_faces = compare(other.mean(axis=1), one.mean(axis=1)).difference
    over_both = seeds_interval(other, one)
    assert over_both.mean == pytest.approx(over_faces.mean)
    assert over_both.high - over_both.low > 2 * (over_faces.high - over_faces.low)


def test_equal_seeds_keep_the_interval_over_faces():
    one = table_of(60, 3, 0.0)
    other = one * 0.8 + table_of(60, 3, 0.0, start=1) * 0.2
    over_faces = compare(other.mean(axis=1), one.mean(axis=1)).difference
    over_both = seeds_interval(other, one)
    assert over_both.low == pytest.approx(over_faces.low, abs=0.001)
    assert over_both.high == pytest.approx(over_faces.high, abs=0.001)


def test_seeds_of_two_rows_are_resampled_separately():
    """Seed 0 of one row has nothing to do with seed 0 of another."""
    one = table_of(60, 3, 0.05)
    other = one - 0.01
    found = seeds_interval(other, one)
    assert not found.excludes_zero


def test_equal_seeds_and_faces_give_a_point():
    one = pd.DataFrame(np.full((9, 2), 0.5))
    found = seeds_interval(one - 0.25, one)
    assert (found.mean, found.low, found.high) == (-0.25, -0.25, -0.25)


def test_faces_that_one_row_lacks_do_not_count():
    one, other = table_of(20, 2, 0.01), table_of(20, 3, 0.01, start=1)
    found = seeds_interval(other.iloc[5:], one)
    assert found.n == 15
    assert found.mean == pytest.approx(
        other.iloc[5:].to_numpy().mean() - one.iloc[5:].to_numpy().mean()
    )


def test_one_seed_has_no_interval():
    with pytest.raises(ValueError, match="two seeds"):
        seeds_interval(table_of(20, 1, 0), table_of(20, 3, 0))


def test_every_row_has_its_means_by_seed(ablation_run):
    run = read_run(ablation_run)
    table = seeds_table(run)
    assert table is not None
    assert [c.title for c in table.columns[:2]] == ["seed 0", "seed 1"]
    first = table.sections[0]
    assert [row.label for row in first.rows] == [
        c.label for c in run.main_and_step_variants
    ]
    assert "Adapted" in [row.label for row in first.rows]
    assert "100 pairs" not in [row.label for row in first.rows]
    row = next(r for r in first.rows if r.label == "SwiftAvatar")
    for cell, seed in zip(row.cells, (0, 1), strict=False):
        cases = read_cases(ablation_run / "trials" / f"swift__toon-tiktok__s{seed}")
        chosen = (cases["split"] == "heldout") & (cases["designer"] == "designer-a")
        assert cell.text == f"{cases.loc[chosen, 'st-lpips'].mean():.3f}"
    assert row.cells[-1].strong
    assert first.rows[0].cells[-1].text == "—"
    assert "seed 1 ↓" in to_markdown(table)


def test_a_seed_that_failed_has_no_mean(make_run):
    folder = make_run(failed=("random",))
    table = seeds_table(read_run(folder))
    assert table is not None
    row = next(r for r in table.sections[0].rows if r.label.startswith("Random"))
    assert {cell.text for cell in row.cells} == {"—"}


def test_few_faces_have_a_difference_without_an_interval(make_run):
    table = seeds_table(read_run(make_run(splits={"heldout": 4})))
    assert table is not None
    text = " ".join(table.notes)
    assert "Minus Baseline: difference of the means. Fewer than 5 faces" in text
    assert "bootstrap" not in text
    assert "rough" not in text
    assert "Bold" not in text


def test_one_seed_makes_no_table(make_run):
    assert seeds_table(read_run(make_run(seeds=(0,)))) is None
