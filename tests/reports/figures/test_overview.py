from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from reports.figures.overview import (
    draw_overview,
    quality_and_speed,
    rank_figure,
    ranks_of,
    steps_figure,
    tied_groups,
)
from reports.figures.palette import variant_colours
from reports.figures.scores import Drawing, draw_scores, ecdf, readable_rows
from reports.tables.ablation import headline_key
from reports.tables.estimates import best_rows, estimate, estimates
from reports.tables.scores import main_metric
from reports.trials import Run, read_run


@pytest.fixture(scope="module")
def run(ablation_run) -> Run:
    return read_run(ablation_run)


@pytest.fixture(scope="module")
def drawings(run) -> dict[str, Drawing]:
    return {drawing.name: drawing for drawing in draw_overview(run)}


@pytest.mark.slow
def test_a_figure_drawn_again_has_the_same_bytes(run, drawings, tmp_path):
    """Also after its other formats, which share the layout."""
    once, again = drawings["steps"], steps_figure(run)
    assert again is not None
    for name, drawing in (("once", once), ("again", again)):
        (tmp_path / name).mkdir()
        drawing.write(tmp_path / name)
    assert once.svg() == again.svg()
    for file in (tmp_path / "once").iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_a_run_with_an_ablation_has_all_figures(drawings):
    assert list(drawings) == ["quality-speed", "ranks", "steps"]


def test_speed_and_quality_are_those_of_the_tables(run, drawings):
    data = drawings["quality-speed"].data
    assert set(data["hertz"]) == {41.24}
    key = headline_key(run, "avataaars")
    found = estimate(run, "swift", main_metric(run), key)
    assert found is not None
    row = data.loc[(data["engine"] == "avataaars") & (data["row"] == "SwiftAvatar")]
    assert list(row["mean"]) == [found.interval.mean]
    assert "avataaars, SwiftAvatar: " in drawings["quality-speed"].description


def test_speeds_of_different_machines_make_no_figure(make_run):
    machines = {"random": {"name": "another"}}
    run = read_run(make_run(machines=machines, seeds=(0,), engines=("avataaars",)))
    assert quality_and_speed(run) is None


def test_ranks_are_means_over_faces_and_leave_oracles_out(run):
    ranks = ranks_of(run, "avataaars")
    names = [v.name for v in run.main_variants if v.role != "oracle"]
    assert set(ranks) == set(names)
    assert next(iter(ranks)) == "swift"
    assert list(ranks.values()) == sorted(ranks.values())
    # Ranks of each face add up to 1 + … + k.
    assert sum(ranks.values()) == pytest.approx(sum(range(1, len(names) + 1)))


def test_rows_that_join_the_best_one_are_bold_in_its_column(run):
    """With one pair the correction over pairs is the one of the column."""
    engine = "avataaars"
    found = estimates(run, main_metric(run), headline_key(run, engine))
    rows = [v for v in run.main_variants if v.name in ("swift", "baseline")]
    bold = best_rows(rows, found, main_metric(run))
    groups = tied_groups(run, engine, ["swift", "baseline"])
    assert (groups == [["swift", "baseline"]]) == (bold == {"swift", "baseline"})


def test_equal_rows_are_joined(make_run):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    baseline, other = (
        folder / "trials" / f"{name}__avataaars__s0" / "cases.parquet"
        for name in ("baseline", "constant")
    )
    cases = pd.read_parquet(other)
    cases["st-lpips"] = pd.read_parquet(baseline)["st-lpips"]
    cases.to_parquet(other)
    run = read_run(folder)
    order = list(ranks_of(run, "avataaars"))
    assert tied_groups(run, "avataaars", order) == [["baseline", "constant"]]
    drawing = rank_figure(run)
    assert drawing is not None
    ties = "not significantly different on avataaars: Baseline, Constant (control)."
    assert ties in drawing.description


def test_few_faces_have_no_ranks(make_run):
    run = read_run(make_run(splits={"validation": 3}, seeds=(0,)))
    assert rank_figure(run) is None


def test_steps_are_those_of_the_ablation(run, drawings):
    data = drawings["steps"].data
    titles = ["Baseline", "+ adaptation", "+ augmentation"]
    assert list(data["step"]) == titles * 2
    assert (data["low"] < data["mean"]).all()


def test_a_run_without_an_ablation_has_no_steps(full_run):
    assert steps_figure(read_run(full_run)) is None


def test_a_distribution_has_few_lines_and_all_rows_in_its_data(run):
    metric = main_metric(run)
    drawing = ecdf(run, metric)
    shown = [variant.name for variant in readable_rows(run, metric)]
    assert shown == ["baseline", "swift", "constant", "supervised"]
    for axes in drawing.figure.axes:
        assert len(axes.get_lines()) == len(shown)
    assert set(drawing.data["row"]) == {v.label for v in run.main_variants}


@pytest.mark.slow
def test_a_row_has_one_colour_in_all_figures(run, drawings):
    colour = variant_colours(run)["swift"]
    for drawing in (*drawings.values(), *draw_scores(run)):
        assert f"var(--hue-{colour[1:]})" in drawing.svg().decode(), drawing.name


def test_figures_follow_the_mode_and_stay_well_formed(drawings):
    svg = drawings["ranks"].svg()
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    text = svg.decode()
    assert "prefers-color-scheme: dark" in text
    body = text.partition("</style>")[2]
    assert "#1d1f21" not in body
    assert svg == drawings["ranks"].svg()


def test_failed_rows_are_left_out(make_run):
    run = read_run(make_run(failed=("baseline",), seeds=(0,), engines=("avataaars",)))
    for drawing in draw_overview(run):
        assert "Baseline" not in set(drawing.data["row"])
        assert np.isfinite(drawing.data.select_dtypes("number").to_numpy()).all()
