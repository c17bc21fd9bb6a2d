from __future__ import annotations

import re
import shutil

import pytest

from reports.figures.palette import COLOURS, adaptive_svg, variant_colours
from reports.page.dot_plot import dot_plots
from reports.page.html import page_css, page_template
from reports.page.summary import FACES, Summary, summary_section
from reports.tables.scores import headline_table
from reports.trials import Run, read_run
from reports.verdict import verdict


@pytest.fixture(scope="module")
def run(full_run) -> Run:
    return read_run(full_run)


@pytest.fixture(scope="module")
def html(run) -> str:
    section = summary_section(run)
    return page_template(section.template).render(data=section.data)


def test_the_first_screen_begins_with_the_verdict_and_the_faces_it_is_about(html, run):
    assert html.index(verdict(run).sentence) < html.index("Stand-in faces")
    assert html.index("Stand-in faces") < html.index("<table")


def test_the_strip_shows_methods_and_ground_truth_of_validation_faces(run):
    data = summary_section(run).data
    assert isinstance(data, Summary)
    assert [card.engine for card in data.cards] == list(run.engines)
    for card in data.cards:
        assert [h.title for h in card.heads] == ["Face", "Ground truth", "Baseline"]
        assert len(card.rows) == FACES
        for face, truth, avatar in card.rows:
            name = re.fullmatch(r"face (validation-\d+)", face.alt)
            assert name is not None
            assert name[1] in truth.alt
            assert (
                avatar.alt == f"avatar of face {name[1]} by Baseline on {card.engine}"
            )
            assert all(p.uri.startswith("data:") for p in (face, truth, avatar))


def test_without_faces_that_may_be_shown_there_is_no_strip(make_run):
    run = read_run(make_run(splits={"heldout": 12}, seeds=(0,), engines=("avataaars",)))
    data = summary_section(run).data
    assert all(card.rows == () and card.plot is not None for card in data.cards)
    assert "validation" not in data.notes


def test_a_run_published_without_pictures_has_no_strip(make_run):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    for pictures in [*folder.glob("trials/*/pictures"), folder / "truths"]:
        shutil.rmtree(pictures)
    data = summary_section(read_run(folder)).data
    assert all(card.rows == () and card.plot is not None for card in data.cards)
    assert "The faces shown" not in data.notes


def test_the_plot_shows_the_numbers_of_table_one(run):
    row = headline_table(run).sections[0].rows[0]
    for index, plot in enumerate(dot_plots(run)):
        (dot,) = plot.dots
        cell = row.cells[2 * index + 1]
        assert (dot.label, dot.text, dot.detail) == (row.label, cell.text, cell.detail)
        assert plot.description.startswith(f"Baseline {cell.text} ({cell.detail}); ")


def test_the_plot_orders_rows_and_keeps_everything_inside(ablation_run):
    for plot in dot_plots(read_run(ablation_run)):
        means = [dot.mean for dot in plot.dots]
        assert means == sorted(means)
        assert plot.dots[0].label == "SwiftAvatar"
        assert [line.label[:-6] for line in plot.lines] == [
            "constant control",
            "upper bound",
        ]
        ends = [e for d in plot.dots for e in (d.low, d.mean, d.high) if e is not None]
        assert all(0 < position < 100 for position in ends)
        assert all(0 <= tick.at <= 100 for tick in plot.ticks)
        assert len(plot.ticks) > 1


def test_few_faces_have_dots_without_intervals(make_run):
    run = read_run(make_run(splits={"validation": 3}, seeds=(0,)))
    assert all(dot.low is None for plot in dot_plots(run) for dot in plot.dots)
    assert "intervals" not in summary_section(run).data.notes


def test_a_failed_method_leaves_the_page_whole(make_run):
    folder = make_run(failed=("baseline",), seeds=(0,), engines=("avataaars",))
    section = summary_section(read_run(folder))
    html = page_template(section.template).render(data=section.data)
    assert "Only controls were scored" in html
    assert 'class="dots"' not in html


def test_every_row_of_table_one_has_its_own_colour(ablation_run):
    run = read_run(ablation_run)
    colours = variant_colours(run)
    assert set(colours) == {variant.name for variant in run.variants}
    main = [colours[variant.name] for variant in run.main_variants]
    assert len(set(main)) == len(main)


def test_every_colour_has_a_value_in_both_modes():
    css = str(page_css())
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    for colour in COLOURS:
        name = f"--hue-{colour[1:]}"
        assert f"{name}:{colour};" in light
        assert re.search(rf"{name}:#[0-9a-f]{{6}};", dark)


def test_an_svg_follows_the_mode():
    svg = '<svg><defs></defs><path style="fill: #0072B2; stroke: #ffffff"/></svg>'
    found = adaptive_svg(svg)
    assert 'style="fill: var(--hue-0072b2); stroke: #ffffff"' in found
    assert "prefers-color-scheme: dark" in found
