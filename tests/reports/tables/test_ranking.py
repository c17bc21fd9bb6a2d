from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmark.storage.trial_folder import read_cases
from reports.tables.ranking import ranking_table, rankings
from reports.tables.table import Cell, Table
from reports.trials import read_run

SHAPE = {"ablation": True, "seeds": (0,), "engines": ("avataaars",)}
ORDER = "SwiftAvatar, Adapted, Baseline, Constant, Random"


def shift(folder: Path, variant: str, split: str, designer: str, by: float) -> None:
    """Add to a variant's scores under one designer."""
    trial = folder / "trials" / f"{variant}__avataaars__s0"
    cases = read_cases(trial)
    chosen = (cases["split"] == split) & (cases["designer"] == designer)
    cases["st-lpips"] += by * pd.Series(chosen).astype(float)
    cases.to_parquet(trial / "cases.parquet")


def cells(table: Table, label: str) -> tuple[Cell, ...]:
    return next(r.cells for r in table.sections[0].rows if r.label == label)


def test_every_designer_split_and_part_is_a_row(ablation_run):
    table = ranking_table(read_run(ablation_run))
    assert table is not None
    assert [s.title for s in table.sections] == ["toon-tiktok", "avataaars"]
    assert [row.label for row in table.sections[0].rows] == [
        f"designer-{designer}, {split}{part}"
        for split in ("held-out", "validation")
        for part in ("", " in-distribution", " shifted")
        for designer in "ab"
    ]
    assert [c.text for c in table.sections[0].rows[0].cells] == [
        "24",
        ORDER,
        "main",
        "—",
    ]


def test_oracles_and_variants_beyond_the_steps_have_no_rank(ablation_run):
    (main, *_) = rankings(read_run(ablation_run), "avataaars")
    assert ", ".join(c.title for c in main.order) == ORDER


def test_a_stable_ranking_is_called_so(make_run):
    folder = make_run(**SHAPE)
    table = ranking_table(read_run(folder))
    assert table is not None
    found = cells(table, "designer-b, held-out")
    assert [c.text for c in found] == ["24", ORDER, "1.00", "none"]
    note = "avataaars: the ranking is the same in all 11 other rows."
    assert note in table.notes


def test_a_clear_change_is_distinguished_from_noise(make_run):
    folder = make_run(**SHAPE)
    # The second designer's ground truth on validation faces puts Baseline first.
    shift(folder, "baseline", "validation", "designer-b", -0.3)
    table = ranking_table(read_run(folder))
    assert table is not None
    found = cells(table, "designer-b, validation")
    assert found[1].text == "Baseline, SwiftAvatar, Adapted, Constant, Random"
    assert found[2].text == "0.60"
    assert found[3].text == (
        "Baseline before SwiftAvatar (clear); Baseline before Adapted (clear)"
    )
    note = "avataaars: the ranking differs in 3 of 11 other rows, clearly in 3 of them."
    assert note in table.notes


def test_a_change_within_noise_is_called_so(make_run):
    folder = make_run(**SHAPE)
    run = read_run(folder)
    means = {}
    for variant in ("random", "constant"):
        (trial,) = run.finished_trials(variant, "avataaars")
        means[variant] = trial.scores("heldout", "designer-b")["st-lpips"].mean()
    by = means["constant"] - means["random"] - 0.001
    shift(folder, "random", "heldout", "designer-b", by)
    table = ranking_table(read_run(folder))
    assert table is not None
    found = cells(table, "designer-b, held-out")
    assert found[3].text == "Random before Constant (within noise)"


def test_reversed_pairs_of_few_faces_are_not_tested(make_run):
    folder = make_run(**SHAPE, splits={"heldout": 4})
    table = ranking_table(read_run(folder))
    assert table is not None
    text = " ".join(table.notes)
    assert "interval" not in text
    assert "clear" not in text
    shift(folder, "baseline", "heldout", "designer-b", -0.3)
    table = ranking_table(read_run(folder))
    assert table is not None
    assert "Baseline before SwiftAvatar (not tested)" in " ".join(
        cell.text for cell in cells(table, "designer-b, held-out")
    )
    text = " ".join(table.notes)
    assert "not tested if there are fewer than 5 faces" in text
    assert "interval" not in text
    assert "clear" not in text


@pytest.mark.parametrize(
    "shape",
    [
        {"designers": ("designer-a",), "splits": {"heldout": 1}},
        {"failed": ("baseline", "random")},
    ],
)
def test_a_single_ranking_makes_no_table(shape, make_run):
    run = read_run(make_run(seeds=(0,), engines=("avataaars",), **shape))
    table = ranking_table(run)
    assert table is None
