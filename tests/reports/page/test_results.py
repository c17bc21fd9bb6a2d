from __future__ import annotations

import re

import pytest

from reports.page.page import Content, render_page
from reports.page.results import PageTables, measured_columns
from reports.page.trials import trials_section
from reports.tables import published as paper
from reports.tables.ablation_tables import ablation_tables
from reports.tables.scores import all_scores_table, headline_table, parts_table
from reports.tables.table import published
from reports.trials import Run, read_run


@pytest.fixture(scope="module")
def run(ablation_run) -> Run:
    return read_run(ablation_run)


@pytest.fixture(scope="module")
def html(run) -> str:
    parts = parts_table(run)
    assert parts is not None
    return render_page(
        run,
        Content(
            headline_table(run),
            ablation_tables(run),
            all_scores_table(run, run.main_split, run.designers[0]),
            [published(table) for table in paper.TABLES],
            [parts],
            [],
            [],
            0,
        ),
    )


def table_html(html: str, key: str) -> str:
    found = re.search(rf'<section class="table" id="{key}">.*?</section>', html, re.S)
    assert found is not None
    return found[0]


def test_a_metric_that_was_not_measured_is_a_note_and_no_column(run, html):
    table = headline_table(run)
    assert "LPIPS" in [column.title for column in table.columns]
    assert "LPIPS" not in [column.title for column in measured_columns(table).columns]
    assert ">LPIPS ↓<" not in html
    assert html.count("<li>LPIPS: not measured: ") == 1


def test_columns_without_any_score_stay_if_nothing_would_be_left(run):
    table = headline_table(run).between(0, 1)
    assert measured_columns(table) == table


def test_notes_that_tables_share_are_said_once(run, html):
    tables = [headline_table(run), all_scores_table(run, "heldout", "designer-a")]
    legend = PageTables(run, tables).legend
    assert set(tables[0].notes) <= set(legend)
    for note in legend:
        shown = note.replace("'", "&#39;").replace("<", "&lt;")
        assert html.count(f"<li>{shown}</li>") == 1
    assert "<li>" not in table_html(html, "table-1")


def test_notes_of_one_table_stay_under_it(run, html):
    parts = parts_table(run)
    assert parts is not None
    (faces,) = (note for note in parts.notes if note.startswith("Faces: "))
    assert faces in table_html(html, "parts")


def test_heads_and_labels_have_tooltips(html):
    table = table_html(html, "table-1")
    assert re.search(r'<th scope="col" title="ST-LPIPS \(st-lpips, distance\)', table)
    assert re.search(r'<th scope="row" title="† Oracle: trained on', table)
    assert re.search(r'<th scope="row" title="A control: ', table)


def test_every_score_leads_to_its_trial(run, html):
    table = table_html(html, "table-1")
    assert '<a class="cell" href="#trial-swift--avataaars">' in table
    assert '<a class="cell" href="#trial-swift">' in table  # speed over all engines
    steps = table_html(html, "table-3")
    assert '<a class="cell" href="#trial-adapted--toon-tiktok">' in steps
    anchors = set(re.findall(r'class="cell" href="#([^"]+)"', html))
    assert anchors <= set(re.findall(r'id="([^"]+)"', html))
    cells = re.findall(r"<td>(.*?)</td>", table)
    assert all("<a " in cell or cell.startswith("—") for cell in cells)


def test_a_trial_shows_its_settings_and_how_to_repeat_it(run):
    data = trials_section(run).data
    assert data.command == "avatarbench run quick"
    by_name = {variant.anchor: variant for variant in data.variants}
    baseline = by_name["trial-baseline"]
    assert baseline.command == "avatarbench run quick --fresh baseline"
    assert "method: baseline\n" in baseline.settings
    assert "efficientnet-lite0: '57934424" in baseline.settings
    (first, second) = baseline.engines[0].trials
    assert (first.seed, second.seed) == (0, 1)
    for trial in (first, second):
        report = run.folder / "report"
        assert (report / trial.folder / "trial.json").resolve().is_file()


def test_a_failed_trial_says_why(make_run):
    run = read_run(make_run(failed=("baseline",), seeds=(0,), engines=("avataaars",)))
    variant = trials_section(run).data.variants[0]
    assert variant.engines[0].trials[0].error == "ValueError: no luck"
