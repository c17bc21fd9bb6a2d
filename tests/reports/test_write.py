from __future__ import annotations

import html
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from plain_reports import leave_out_figures
from rich.console import Console

from reports.page.grid import PIXELS, grids
from reports.tables import published as paper
from reports.trials import ReportError, read_run
from reports.verdict import verdict
from reports.write import ReportFiles, terminal_table, write_reports


@pytest.fixture(scope="module")
def written(full_run: Path) -> ReportFiles:
    return write_reports(full_run)


@pytest.fixture(scope="module")
def page(written: ReportFiles) -> str:
    return written.page.read_text(encoding="utf-8")


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_figures(monkeypatch)


def printed(folder: Path, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    terminal_table(folder, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


class Outline(HTMLParser):
    """What matters of a page: ids, links, pictures, heads."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refs: list[str] = []
        self.targets: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.unscoped = 0
        self.lang: str | None = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for key in ("src", "href"):
            if given.get(key):
                self.refs.append(str(given[key]))
        if given.get("aria-labelledby"):
            self.targets.append(str(given["aria-labelledby"]))
        if tag == "img":
            self.images.append(given)
        if tag == "th" and "scope" not in given:
            self.unscoped += 1
        if tag == "html":
            self.lang = given.get("lang")


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    return parser


def test_every_file_is_there(written):
    names = {path.name for path in written.tables}
    assert {"table-1.md", "table-1.tex", "inferability.md", "tables.md"} <= names
    kinds = {path.suffix for path in written.tables if path.stem == "costs"}
    assert kinds == {".md", ".tex", ".csv"}
    for path in (*written.tables, *written.figures, written.page):
        assert path.is_file()
        assert path.stat().st_size > 0


def test_figures_come_as_vectors_pixels_and_numbers(written):
    by_name: dict[str, set[str]] = {}
    for path in written.figures:
        by_name.setdefault(path.stem, set()).add(path.suffix)
    assert set(by_name) == {"quality-speed", "ranks", "scores", "spread-st-lpips"}
    assert all(kinds == {".pdf", ".png", ".csv"} for kinds in by_name.values())
    folder = written.folder / "figures"
    bars = pd.read_csv(folder / "scores.csv")
    assert (bars["low"] <= bars["mean"]).all()
    assert set(bars["engine"]) == {"toon-tiktok", "avataaars"}
    spread = pd.read_csv(folder / "spread-st-lpips.csv")
    assert len(spread) == 2 * 5 * 24


def test_page_makes_no_requests(outline, page):
    sources = [str(image.get("src")) for image in outline.images]
    assert all(source.startswith("data:") for source in sources)
    assert "iframe" not in outline.tags
    assert outline.tags.count("link") == 1  # the empty icon
    assert not re.search(r"<script[^>]*src|fetch\(|XMLHttpRequest", page)
    assert "@import" not in page
    assert not re.search(r"url\(", page)


def test_page_links_lead_somewhere(outline):
    anchors = [ref[1:] for ref in outline.refs if ref.startswith("#")]
    assert set(anchors) <= set(outline.ids)
    assert set(outline.targets) <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))


def test_files_that_the_page_offers_exist(outline, written):
    files = {ref for ref in outline.refs if not ref.startswith(("data:", "#"))}
    assert {"tables.md", "table-1.tex", "table-1.csv", "published-1.csv"} <= files
    assert {"figures/scores.pdf", "figures/scores.csv"} <= files
    assert {"../resolved.yaml", "../environment.json"} <= files
    missing = [name for name in files if not (written.folder / name).is_file()]
    assert missing == []


def test_page_is_accessible(outline):
    assert outline.lang == "en"
    assert outline.unscoped == 0
    assert outline.tags.count("h1") == 1
    assert {"main", "nav", "header", "caption"} <= set(outline.tags)
    assert all(image.get("alt") for image in outline.images)


def test_page_shows_only_validation_faces(outline):
    alts = [str(image["alt"]) for image in outline.images]
    faces = [alt for alt in alts if "face " in alt]
    summary = 2 * 3 * (2 + 1)
    cases, extremes = 20 * (1 + 2 * (1 + 5)), 2 * 6
    assert len(faces) == summary + cases + extremes
    assert all("validation-" in alt for alt in faces)
    assert not any("heldout-" in alt for alt in alts)


def test_published_figures_are_in_a_separate_block(page):
    before, block = page.split('<aside class="published"')
    block, after = block.split("</aside>")
    assert "0.3110" in block
    assert paper.SOURCE in block
    assert "0.3110" not in before
    assert "59.11" not in after


def test_without_a_study_the_page_says_when_table_two_appears(page):
    assert "A measured Table 2 appears once a rating study has been run" in page


def test_page_states_its_provenance(page):
    for fact in ("ab" * 32, "f" * 40, "Example CPU, 2 threads", "torch 2.13.0"):
        assert fact in page
    assert "stand in for photographs" in page


@pytest.mark.usefixtures("no_figures")
def test_page_says_when_the_run_started(make_run):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    path = folder / "environment.json"
    started = {"started": "2026-11-26T09:30:00+00:00"}
    path.write_text(json.dumps(json.loads(path.read_text()) | started))
    assert started["started"] in html.unescape(write_reports(folder).page.read_text())


def test_measured_and_published_tables_are_separate_in_markdown(written):
    text = (written.folder / "tables.md").read_text(encoding="utf-8")
    measured, published = text.split("# Published, not measured here")
    assert "0.3110" not in measured
    assert "Table 1: distance" in measured
    assert "Table 1: distance" not in published


def test_terminal_shows_table_one_with_intervals_in_any_width(full_run):
    for width in (80, 120):
        text = printed(full_run, width)
        first = text[: text.index("All scores")]
        assert "Baseline" in first
        assert len(re.findall(r"0\.\d{3}–0\.\d{3}", first)) == 2 * 5
        assert "tables.md" in text
        assert max(map(len, text.splitlines())) <= width


def test_terminal_marks_the_leader_without_bold_print(full_run):
    text = printed(full_run, 120)
    assert verdict(read_run(full_run)).sentence in " ".join(text.split())
    row = next(line for line in text.splitlines() if line.startswith(" Baseline"))
    assert row.count("★") == 2
    assert "★ best mean of a column; ≈ not significantly worse." in text
    oracle = next(x for x in text.splitlines() if x.startswith(" Supervised †"))
    assert "★" not in oracle


def test_a_wide_table_is_split_for_the_terminal_and_repeats_its_labels(make_run):
    engines = ("toon-tiktok", "toon-alter", "avataaars")
    text = printed(make_run(seeds=(0,), engines=engines), 80)
    first = text[: text.index("All scores")]
    assert max(map(len, text.splitlines())) <= 80
    titles = first.count("Table 1: distance")
    assert titles > 1
    assert first.count("Baseline") == titles
    assert first.count("ST-LPIPS") == len(engines)
    assert first.count("Model") == 1
    # Nothing is cropped: every metric has its whole name.
    assert all(name in text for name in ("Skin ΔE", "Macro-F1", "With render"))


@pytest.mark.usefixtures("no_figures")
def test_without_validation_faces_no_picture_is_shown(make_run):
    folder = make_run(splits={"heldout": 12}, seeds=(0,), engines=("avataaars",))
    page = write_reports(folder).page.read_text(encoding="utf-8")
    assert 'id="pictures"' not in page
    assert "image/webp" not in page


@pytest.mark.usefixtures("no_figures")
def test_a_failed_row_still_gives_a_page(make_run):
    shape = {"seeds": (0,), "engines": ("avataaars",)}
    page = write_reports(make_run(failed=("baseline",), **shape)).page.read_text()
    assert "failed" in page
    assert "no luck" in page


@pytest.mark.usefixtures("no_figures")
def test_a_folder_that_cannot_be_written_is_named(make_run):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    (folder / "report").write_text("in the way")
    with pytest.raises(ReportError, match=r"cannot write to .*report"):
        write_reports(folder)


@pytest.mark.slow
def test_a_report_is_written_completely_or_not_at_all(make_run, monkeypatch):
    monkeypatch.setattr("reports.figures.scores.draw_scores", lambda run: [])
    run = make_run(seeds=(0,), engines=("avataaars",))
    written = write_reports(run)
    assert written.figures
    files = (written.page, *written.tables, *written.figures)
    before = {path: path.read_bytes() for path in files}
    stale = written.folder / "of-an-earlier-version.md"
    stale.write_text("old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        leave_out_figures(patch)
        patch.setattr("reports.write.write_tables", full)
        with pytest.raises(ReportError, match=r"report: No space left"):
            write_reports(run)
    assert {path: path.read_bytes() for path in files} == before
    assert stale.exists()
    assert write_reports(run) == written
    assert not stale.exists()
    # Written again, a report has the same bytes.
    changed = [
        path.name for path, content in before.items() if path.read_bytes() != content
    ]
    assert changed == []


@pytest.fixture(scope="module")
def ablation_report(short_ablation_run: Path) -> ReportFiles:
    return write_reports(short_ablation_run, 14)


def test_table_three_is_in_every_output(ablation_report, short_ablation_run):
    names = {path.name for path in ablation_report.tables}
    keys = ("table-3", "table-3-steps", "table-3-shares")
    assert {f"{key}.{kind}" for key in keys for kind in ("md", "tex")} <= names
    figures = pd.read_csv(ablation_report.folder / "table-3.csv")
    assert set(figures["figure"]) == {"score", "step", "share"}
    text = (ablation_report.folder / "tables.md").read_text(encoding="utf-8")
    measured, published = text.split("# Published, not measured here")
    assert "Table 3: Ablation" in measured
    assert "0.3401" not in measured
    assert "0.3401" in published
    shown = printed(short_ablation_run, 100)
    assert "Table 3: Ablation" in shown
    assert "Table 3: share of the gap" in shown
    assert "0.3401" not in shown


def test_the_published_table_three_is_apart_from_the_measured_one(ablation_report):
    page = ablation_report.page.read_text(encoding="utf-8")
    before, rest = page.split('<aside class="published"')
    block, after = rest.split("</aside>")
    assert "Table 3: Ablation" in before
    assert "0.3401" in block
    assert paper.SOURCE in block
    assert "0.3401" not in before + after
    outline = Outline()
    outline.feed(page)
    assert len(outline.ids) == len(set(outline.ids))
    anchors = [ref[1:] for ref in outline.refs if ref.startswith("#")]
    assert set(anchors) <= set(outline.ids)
    assert outline.unscoped == 0


def test_a_sweep_of_options_becomes_a_figure(ablation_report):
    names = {path.name for path in ablation_report.figures}
    kinds = ("pdf", "png", "csv")
    assert {f"sweep-inverted.{kind}" for kind in kinds} <= names
    assert {f"steps.{kind}" for kind in kinds} <= names


def test_sheets_hold_the_faces_that_were_asked_for(ablation_report):
    (sheet,) = ablation_report.sheets
    assert sheet == ablation_report.folder / "faces" / "avataaars.webp"
    with Image.open(sheet) as opened:
        # Two blocks side by side, of twelve rows and of two; a column each for input,
        # designer and the six rows of Table 1.
        assert opened.width > 2 * (2 + 6) * PIXELS
        assert 12 * PIXELS < opened.height < 14 * PIXELS
    page = ablation_report.page.read_text(encoding="utf-8")
    assert page.count('<tbody id="case-validation-') == 14


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
def test_no_more_than_200_faces_are_shown(make_run):
    splits = {"heldout": 6, "validation": 201}
    folder = make_run(splits=splits, seeds=(0,), engines=("avataaars",))
    assert [len(grid.rows) for grid in grids(read_run(folder), 24)] == [24]
    report = write_reports(folder, 300)
    page = report.page.read_text(encoding="utf-8")
    assert page.count('<tbody id="case-validation-') == 200
    with Image.open(*report.sheets) as opened:
        assert opened.height < 14 * PIXELS


def test_pictures_and_figures_show_the_rows_of_table_one(ablation_report):
    page = ablation_report.page.read_text(encoding="utf-8")
    assert "by SwiftAvatar on avataaars" in page
    assert "by Adapted on" not in page
    bars = pd.read_csv(ablation_report.folder / "figures" / "scores.csv")
    assert set(bars["row"]) >= {"Baseline", "SwiftAvatar", "Supervised †"}
    assert "100 pairs" not in set(bars["row"])
