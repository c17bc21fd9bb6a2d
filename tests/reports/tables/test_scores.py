from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.storage.trial_folder import read_cases
from evaluation.part_iou import PartIou
from reports.figures.scores import bars
from reports.tables import wording
from reports.tables.comparisons import designers_table, differences_table
from reports.tables.costs import costs_table
from reports.tables.formats import to_markdown
from reports.tables.inferability import inferability_table
from reports.tables.latex import to_latex
from reports.tables.parameters import parameter_table
from reports.tables.scores import (
    all_scores_table,
    headline_table,
    main_metric,
    parts_table,
)
from reports.tables.table import Row, Table
from reports.tables.timing import common_hardware
from reports.trials import ReportError, Run, read_run

GOLDEN = Path(__file__).parent / "golden"
PART_IOU = {
    "name": PartIou.meta.name,
    "title": PartIou.meta.title,
    "unit": PartIou.meta.unit,
    "direction": PartIou.meta.direction,
    "level": PartIou.meta.level,
    "identity": dict(sorted(PartIou.meta.identity.items())),
}
OTHER = {"name": "Another CPU, 8 threads", "processor": "Another CPU", "threads": 8}


@pytest.fixture(scope="module")
def run(full_run: Path) -> Run:
    return read_run(full_run)


def row_of(table: Table, label: str, section: int = 0) -> Row:
    return next(r for r in table.sections[section].rows if r.label == label)


@pytest.mark.parametrize(
    ("convert", "name"), [(to_markdown, "table-1.md"), (to_latex, "table-1.tex")]
)
def test_table_one_matches_its_golden_file(run, convert, name):
    assert convert(headline_table(run)) == (GOLDEN / name).read_text(encoding="utf-8")


def test_table_one_marks_the_best_method_and_never_an_oracle(run):
    table = headline_table(run)
    assert row_of(table, "Baseline").cells[1].strong
    assert not row_of(table, "Supervised †").cells[1].strong
    assert float(row_of(table, "Supervised †").cells[1].text) < float(
        row_of(table, "Baseline").cells[1].text
    )


def test_an_unmeasured_column_is_empty_and_says_why(run):
    table = headline_table(run)
    assert table.columns[0].title == "LPIPS"
    assert {row.cells[0].text for row in table.sections[0].rows} == {"—"}
    assert any("LPIPS: not measured: the weight file" in note for note in table.notes)


def test_every_measured_table_carries_the_stand_in_notice(run):
    tables = [
        headline_table(run),
        all_scores_table(run, "validation", "designer-a"),
        differences_table(run),
        designers_table(run),
        parts_table(run),
        costs_table(run),
        parameter_table(run, "heldout", "designer-a"),
    ]
    for table in tables:
        assert table is not None
        assert wording.STAND_IN in table.notes


def test_every_dagger_is_explained(run):
    tables = [
        headline_table(run),
        all_scores_table(run, "validation", "designer-a"),
        differences_table(run),
        designers_table(run),
        parts_table(run),
        costs_table(run),
        parameter_table(run, "heldout", "designer-a"),
        inferability_table(run),
    ]
    for table in tables:
        assert table is not None
        assert "†" in to_markdown(table)
        assert wording.ORACLE_NOTE in table.notes, table.key


def test_every_table_of_scores_names_its_metric_faces_and_seeds(run):
    for table in (
        headline_table(run),
        differences_table(run),
        designers_table(run),
        parts_table(run),
    ):
        assert table is not None
        assert "ST-LPIPS (st-lpips, distance): version = 1." in table.notes, table.key
        assert any("24 held-out faces" in n and "seeds 0, 1" in n for n in table.notes)


def test_a_metric_that_is_undefined_on_faces_says_so(run):
    notes = all_scores_table(run, "heldout", "designer-a").notes
    assert "Skin ΔE on avataaars: defined on 23 of 24 faces." in notes
    assert not any(note.startswith("ST-LPIPS on") for note in notes)


def test_a_metric_that_an_engine_cannot_serve_says_what_it_needs(make_run):
    folder = make_run()
    for path in folder.glob("trials/*__avataaars__*/cases.parquet"):
        cases = pd.read_parquet(path)
        cases["skin-ciede2000"] = np.nan
        cases.to_parquet(path, index=False)
    notes = all_scores_table(read_run(folder), "heldout", "designer-a").notes
    needs = "it needs part maps of the engine"
    assert f"Skin ΔE on avataaars: defined on no face; {needs}." in notes
    assert not any("LPIPS on" in note for note in notes)


def test_parts_say_how_many_faces_each_has(run):
    table = parts_table(run)
    assert table is not None
    assert (
        "Faces: held-out in-distribution 16, held-out shifted 8, validation "
        "in-distribution 13, validation shifted 7." in table.notes
    )


def test_real_photographs_carry_no_such_notice(make_run):
    run = read_run(make_run(stand_in=False, seeds=(0,), engines=("avataaars",)))
    assert wording.STAND_IN not in headline_table(run).notes


def test_a_failed_trial_is_a_failed_cell_with_its_reason(make_run):
    run = read_run(make_run(failed=("random",), seeds=(0,), engines=("avataaars",)))
    table = headline_table(run)
    assert row_of(table, "Random (control)").cells[1].text == "failed"
    assert any(
        "Failed: Random on avataaars, seed 0: ValueError" in n for n in table.notes
    )
    assert row_of(table, "Baseline").cells[1].text != "failed"


def test_there_are_no_parts_without_a_score(make_run):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    for record in folder.glob("trials/*/trial.json"):
        told = json.loads(record.read_text())
        record.write_text(json.dumps({**told, "status": "failed", "error": "no luck"}))
    assert parts_table(read_run(folder)) is None


def test_a_row_that_is_yet_to_be_run_has_not_failed(make_run):
    folder = make_run(seeds=(0,))
    shutil.rmtree(folder / "trials" / "random__avataaars__s0")
    run = read_run(folder)
    for table in (
        headline_table(run),
        all_scores_table(run, "heldout", "designer-a"),
        costs_table(run),
    ):
        assert "failed" not in to_markdown(table)
    assert row_of(headline_table(run), "Random (control)").cells[3].text == "—"
    assert row_of(costs_table(run), "Random (control)", section=1).cells[0].text == "—"


def test_notes_explain_no_intervals_where_few_faces_give_none(make_run):
    run = read_run(make_run(splits={"heldout": 4}, engines=("avataaars",)))
    tables = [
        headline_table(run),
        all_scores_table(run, "heldout", "designer-a"),
        differences_table(run),
        parts_table(run),
    ]
    for table in filter(None, tables):
        text = " ".join(table.notes)
        details = [c.detail for s in table.sections for r in s.rows for c in r.cells]
        assert not any("–" in detail and "ms" not in detail for detail in details)
        assert "Fewer than 5 faces: no intervals" in text
        assert "bootstrap interval" not in text
        assert "significantly" not in text
    assert "Bold: the best mean, as printed." in " ".join(headline_table(run).notes)


def test_notes_explain_only_what_a_table_shows(make_run):
    run = read_run(make_run(seeds=(0,), engines=("avataaars",)))
    first = " ".join(headline_table(run).notes)
    everything = " ".join(all_scores_table(run, "heldout", "designer-a").notes)
    assert "95 % bootstrap interval" in first
    assert "macro-F1" not in first
    assert "bootstrap test for macro-F1" in everything
    assert "averaged" not in first


def test_notes_of_a_table_without_scores_explain_none(make_run):
    names = ("baseline", "random", "constant", "supervised", "supervised-shuffled")
    shape = {"seeds": (0,), "engines": ("avataaars",)}
    run = read_run(make_run(failed=names, **shape))
    notes = " ".join(headline_table(run).notes)
    assert "Cells:" not in notes
    assert "Bold:" not in notes
    assert differences_table(run) is None


def test_differences_of_a_set_metric_name_its_test(make_run):
    others = ("lpips", "st-lpips", "discrete-accuracy", "continuous-mae")
    skipped = (*others, "skin-ciede2000")
    run = read_run(make_run(skipped=skipped, seeds=(0,), engines=("avataaars",)))
    table = differences_table(run)
    assert table is not None
    text = " ".join(table.notes)
    assert "bootstrap interval over faces (percentile)" in text
    assert "p: two-sided bootstrap test over faces" in text
    assert "Effect size" not in text


def test_columns_without_intervals_are_explained_beside_others(make_run):
    run = read_run(make_run(splits={"heldout": 24, "validation": 4}))
    table = parts_table(run)
    assert table is not None
    assert (
        "Columns without intervals: fewer than 5 faces, or a score that cannot be "
        "resampled. Bold there: the best mean, as printed." in table.notes
    )


def test_equal_means_are_all_bold_and_share_a_rank(make_run):
    folder = make_run(splits={"heldout": 3}, seeds=(0,), engines=("avataaars",))
    best, other = (
        folder / "trials" / f"{name}__avataaars__s0" / "cases.parquet"
        for name in ("baseline", "random")
    )
    shutil.copy(best, other)
    run = read_run(folder)
    for label in ("Baseline", "Random (control)"):
        assert row_of(headline_table(run), label).cells[1].strong
        table = designers_table(run)
        assert table is not None
        assert row_of(table, label).cells[0].detail == "rank 2"


def test_a_row_with_fewer_seeds_says_so(make_run):
    folder = make_run(engines=("avataaars",))
    shutil.rmtree(folder / "trials" / "baseline__avataaars__s1")
    notes = headline_table(read_run(folder)).notes
    assert "Baseline on avataaars: 1 of 2 seeds finished." in notes


def test_speed_names_its_machine(run):
    table = headline_table(run)
    assert row_of(table, "Baseline").cells[-2].text == "41.2"
    assert row_of(table, "Baseline").cells[-2].detail == "22–31.5 ms"
    assert any("Example CPU, 2 threads" in note for note in table.notes)


def test_speeds_of_two_machines_share_no_column(make_run):
    shape = {"seeds": (0,), "engines": ("avataaars",), "machines": {"random": OTHER}}
    run = read_run(make_run(**shape))
    with pytest.raises(ReportError, match=r"different hardware .*one machine"):
        common_hardware(run.trials)
    table = headline_table(run)
    assert {row.cells[-1].text for row in table.sections[0].rows} == {"—"}
    (note,) = [n for n in table.notes if "different hardware" in n]
    assert "Another CPU, 8 threads" in note


def test_all_scores_come_by_engine(run):
    table = all_scores_table(run, "validation", "designer-b")
    assert [s.title for s in table.sections] == ["toon-tiktok", "avataaars"]
    assert [c.title for c in table.columns][-2:] == ["Model", "With render"]
    assert any("20 validation faces" in note for note in table.notes)
    assert any("ground truth by designer-b" in note for note in table.notes)


def test_differences_are_against_the_first_method(run):
    table = differences_table(run)
    assert table is not None
    assert "minus Baseline" in table.title
    oracle = row_of(table, "Supervised †")
    assert oracle.cells[0].text.startswith("−")
    assert oracle.cells[2].text == "<0.001"
    assert oracle.cells[3].text == "−1.00"


def test_designers_are_compared_by_rank(run):
    table = designers_table(run)
    assert table is not None
    assert row_of(table, "Supervised †").cells[0].detail == "rank 1"


def test_one_designer_needs_no_comparison(make_run):
    run = read_run(make_run(designers=("designer-a",), seeds=(0,), engines=("a",)))
    assert designers_table(run) is None


def test_all_scores_contain_part_iou_with_its_definition(make_run):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    for trial in (folder / "trials").iterdir():
        record = json.loads((trial / "trial.json").read_text())
        record["metrics"].insert(2, dict(record["metrics"][2], **PART_IOU))
        (trial / "trial.json").write_text(json.dumps(record))
        cases = read_cases(trial)
        cases["part-iou"] = 1 - cases["st-lpips"]
        cases.to_parquet(trial / "cases.parquet")
    run = read_run(folder)
    table = all_scores_table(run, "heldout", "designer-a")
    heads = [column.head for column in table.columns]
    assert heads[:3] == ["LPIPS ↓", "ST-LPIPS ↓", "Part IoU ↑"]
    assert row_of(table, "Baseline").cells[2].strong
    assert not row_of(table, "Random (control)").cells[2].strong
    assert (
        "Part IoU (part-iou, intersection over union): mean = parts that either avatar "
        "shows; parts = hair, beard, glasses; version = 1." in table.notes
    )
    assert main_metric(run)["name"] == "st-lpips"
    assert [c.title for c in headline_table(run).columns][:2] == ["LPIPS", "ST-LPIPS"]
    panels = [axes.get_xlabel() for axes in bars(run).figure.axes]
    assert panels[:2] == [
        "ST-LPIPS (distance) ↓",
        "Part IoU (intersection over\nunion) ↑",
    ]


def test_parts_of_the_faces_are_columns(run):
    table = parts_table(run)
    assert table is not None
    assert [(c.group, c.title) for c in table.columns] == [
        ("held-out", "in-distribution"),
        ("held-out", "shifted"),
        ("validation", "in-distribution"),
        ("validation", "shifted"),
    ]


def test_costs_name_pretrained_parts_and_time(run):
    table = costs_table(run)
    cells = row_of(table, "Baseline").cells
    assert cells[0].text == "2 min 2 s"
    assert "face parser (CelebAMask-HQ; MIT; its authors)" in cells[2].text
    assert (
        "EfficientNet-Lite0 (ImageNet-1k; Apache-2.0; SHA-256 57934424)"
        in cells[2].text
    )
    assert "someones-own (SHA-256 1234abcd)" in cells[2].text
    assert row_of(table, "Random (control)").cells[2].text == "none"


def test_parameters_are_scored_one_by_one(run):
    table = parameter_table(run, "heldout", "designer-a")
    labels = [row.label for row in table.sections[0].rows]
    assert labels[:2] == ["head_width", "eye_size"]
    assert "skin (colour)" in labels
    colours = row_of(table, "beard_colour (colour)")
    assert int(colours.cells[0].text) < 24
    assert colours.cells[1].detail.startswith("F1 ")


def test_a_run_without_any_metric_is_refused(make_run):
    names = ("lpips", "st-lpips", "discrete-accuracy", "continuous-mae", "macro-f1")
    folder = make_run(
        skipped=(*names, "skin-ciede2000"), seeds=(0,), engines=("avataaars",)
    )
    with pytest.raises(ReportError, match="no metric was measured"):
        differences_table(read_run(folder))


def test_one_face_is_singular(make_run):
    run = read_run(make_run(splits={"heldout": 1}, seeds=(0,), engines=("avataaars",)))
    note = next(n for n in headline_table(run).notes if "digest" in n)
    assert note.startswith("1 held-out face of portraits")
