from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from reports.tables import published as paper
from reports.tables import wording
from reports.tables.ablation import ablation_data
from reports.tables.ablation_tables import ablation_tables
from reports.tables.formats import to_markdown
from reports.tables.scores import all_scores_table, headline_table
from reports.tables.table import Row, Table
from reports.trials import Run, read_run


@pytest.fixture(scope="module")
def run(ablation_run: Path) -> Run:
    return read_run(ablation_run)


@pytest.fixture(scope="module")
def tables(run: Run) -> dict[str, Table]:
    return {table.key: table for table in ablation_tables(run)}


def row_of(table: Table, label: str) -> Row:
    return next(r for s in table.sections for r in s.rows if r.label == label)


def labels(table: Table) -> list[str]:
    return [row.label for section in table.sections for row in section.rows]


def test_steps_are_in_order_and_variants_beyond_below(tables):
    table = tables["table-3"]
    assert table.title == "Table 3: Ablation"
    assert [s.title for s in table.sections] == ["", "Beyond the paper"]
    assert labels(table) == [
        "Baseline",
        "+ adaptation",
        "+ augmentation",
        "100 pairs",
        "400 pairs",
        "− colour loss",
    ]
    heads = [(c.group, c.title) for c in table.columns]
    assert heads == [
        (engine, metric)
        for engine in ("toon-tiktok", "avataaars")
        for metric in ("LPIPS", "ST-LPIPS")
    ]


def test_baseline_is_the_row_of_table_one(run, tables):
    cells = row_of(headline_table(run), "Baseline").cells[:4]
    found = row_of(tables["table-3"], "Baseline").cells
    assert [c.text for c in found] == [c.text for c in cells]
    assert [c.detail for c in found] == [c.detail for c in cells]


def test_table_one_has_the_last_step_under_its_own_title(run):
    found = labels(headline_table(run))
    assert found[:2] == ["Baseline", "SwiftAvatar"]
    assert "Supervised †" in found
    assert not {"Adapted", "100 pairs", "400 pairs", "− colour loss"} & set(found)


def test_all_scores_have_every_variant(run):
    (first, *_) = all_scores_table(run, "heldout", "designer-a").sections
    assert len(first.rows) == 10


def test_each_step_says_whether_its_interval_excludes_zero(tables):
    table = tables["table-3-steps"]
    assert {s.title: [r.label for r in s.rows] for s in table.sections[:2]} == {
        "toon-tiktok: compared with the step before": [
            "+ adaptation",
            "+ augmentation",
        ],
        "toon-tiktok: compared with + augmentation": [
            "100 pairs",
            "400 pairs",
            "− colour loss",
        ],
    }
    step = row_of(table, "+ adaptation").cells
    assert step[0].text.startswith("−")
    assert (step[0].strong, step[1].text, step[2].text) == (True, "yes", "<0.001")
    same = row_of(table, "− colour loss").cells
    assert (same[0].strong, same[1].text) == (False, "no")
    assert any(
        "ST-LPIPS: a negative difference is better" in note for note in table.notes
    )


def test_shares_go_from_baseline_to_the_oracle(tables):
    table = tables["table-3-shares"]
    assert labels(table)[0] == "+ adaptation"
    # The made-up scores are linear in the error: (0.5 − 0.25) / (0.5 − 0.1).
    share = float(row_of(table, "+ augmentation").cells[0].text.rstrip(" %"))
    assert share == pytest.approx(62.5, abs=8)
    low, high = row_of(table, "+ augmentation").cells[0].detail.rstrip(" %").split("–")
    assert float(low) < share < float(high)


def test_without_a_better_oracle_there_is_no_share(make_run):
    folder = make_run(ablation=True, seeds=(0,), engines=("avataaars",))
    for trial in (folder / "trials").iterdir():
        if trial.name.startswith("supervised__"):
            poor = trial.with_name("random__avataaars__s0")
            shutil.copy(poor / "cases.parquet", trial / "cases.parquet")
    table = ablation_tables(read_run(folder))[-1]
    assert {c.text for s in table.sections for r in s.rows for c in r.cells} == {"—"}
    assert any("Supervised is not better than Baseline" in n for n in table.notes)


def test_tables_carry_their_notes(tables):
    for table in tables.values():
        assert wording.STAND_IN in table.notes
        assert any("24 held-out faces" in note for note in table.notes)
        text = to_markdown(table)
        assert not any(f in text for _, row in paper.TABLE_3.rows for f in row)


def test_a_failed_step_leaves_its_steps_empty(make_run):
    shape = {"ablation": True, "seeds": (0,), "engines": ("avataaars",)}
    run = read_run(make_run(failed=("adapted",), **shape))
    scores, steps, shares = ablation_tables(run)
    assert row_of(scores, "+ adaptation").cells[1].text == "failed"
    assert row_of(steps, "+ augmentation").cells[1].text == "—"
    assert row_of(steps, "100 pairs").cells[1].text == "yes"
    assert row_of(shares, "+ adaptation").cells[0].text == "—"


def test_no_table_three_before_every_step_was_run(make_run):
    folder = make_run(ablation=True, seeds=(0,), engines=("avataaars",))
    shutil.rmtree(folder / "trials" / "adapted__avataaars__s0")
    assert ablation_tables(read_run(folder)) == ()


def test_no_ablation_no_table_three(full_run):
    assert ablation_tables(read_run(full_run)) == ()


def test_data_have_every_number(run):
    assert run.ablation is not None
    data = ablation_data(run, run.ablation)
    counts = data.groupby(["engine", "metric", "figure"]).size()
    assert set(counts.index.get_level_values("metric")) == {"st-lpips"}
    assert counts["avataaars"]["st-lpips"].to_dict() == {
        "score": 6,
        "share": 5,
        "step": 5,
    }
    steps = data.loc[data["figure"] == "step"]
    assert (steps["low"] <= steps["value"]).all()
    assert (steps["p"] <= steps["p_holm"]).all()
    score = data.loc[data["figure"] == "score"].set_index(["engine", "row"])["value"]
    for step in steps.itertuples():
        difference = score[step.engine, step.row] - score[step.engine, step.against]
        assert step.value == pytest.approx(difference)
    assert np.isfinite(data["value"]).all()


def test_notes_explain_no_intervals_where_few_faces_give_none(make_run):
    few = {"heldout": 4, "validation": 20}
    run = read_run(make_run(splits=few, ablation=True, engines=("avataaars",)))
    for table in ablation_tables(run):
        text = " ".join(table.notes)
        assert "bootstrap" not in text
        if table.key == "table-3-shares":
            assert "no share, because it needs at least 5 faces" in text
        else:
            assert "Fewer than 5 faces: no intervals" in text
