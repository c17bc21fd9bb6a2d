from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from reports.tables import published as paper
from reports.tables.formats import to_markdown
from reports.tables.html import to_html
from reports.tables.table import Cell, Column, Row, Section, Table, published
from reports.tables.terminal import to_rich

GOLDEN = Path(__file__).parent / "golden"

SAMPLE = Table(
    "sample",
    "Table 1: a sample & its marks",
    "Method",
    (
        Column("LPIPS", "toon_a", "↓"),
        Column("Skin ΔE", "toon_a", "↓"),
        Column("Hz", "", "↑"),
    ),
    (
        Section(
            "toon_a",
            (
                Row(
                    "Ours",
                    (Cell("0.311", "0.290–0.332", True), Cell("3.1"), Cell("90")),
                ),
                Row("Oracle †", (Cell("−0.1"), Cell(), Cell("100"))),
            ),
        ),
        Section("b|c", (Row("<odd>", (Cell("failed"), Cell("5 %"), Cell("~1"))),)),
    ),
    ("95 % interval; p < 0.05.", "file_name | other"),
)


def test_markdown_matches_its_golden_file():
    assert to_markdown(SAMPLE) == (GOLDEN / "sample.md").read_text(encoding="utf-8")


def test_markdown_rows_are_all_as_wide_as_the_head():
    rows = [line for line in to_markdown(SAMPLE).splitlines() if line.startswith("|")]
    counts = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert counts == {5}


class Counter(HTMLParser):
    """Counts cells a row, with spans, and remembers scopes."""

    def __init__(self) -> None:
        super().__init__()
        self.widths: list[int] = []
        self.scopes: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "tr":
            self.widths.append(0)
        if tag in {"td", "th"}:
            self.widths[-1] += int(given.get("colspan") or 1)
        if tag == "th":
            self.scopes.append(str(given.get("scope")))


def test_html_has_a_caption_and_a_scope_for_every_head():
    counter = Counter()
    counter.feed(str(to_html(SAMPLE)))
    assert "caption" in counter.tags
    assert set(counter.scopes) == {"col", "colgroup", "row", "rowgroup"}
    # The first column's head spans both head rows.
    assert counter.widths == [4, 3, 4, 4, 4, 4, 4]


def test_html_escapes_what_authors_wrote():
    html = str(to_html(SAMPLE))
    assert "&lt;odd&gt;" in html
    assert "<odd>" not in html


def test_terminal_prints_marks_literally():
    table = Table(
        "t",
        "[red]title",
        "M",
        (Column("A"),),
        (Section("", (Row("[b]x", (Cell("[i]"),)),)),),
    )
    console = Console(file=io.StringIO(), width=60)
    console.print(to_rich(table))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[red]title" in text
    assert "[b]x" in text
    assert "[i]" in text


def test_a_row_of_the_wrong_width_is_refused():
    with pytest.raises(ValueError, match="row x has 1 cells for 2 columns"):
        Table(
            "t",
            "t",
            "m",
            (Column("a"), Column("b")),
            (Section("", (Row("x", (Cell(),)),)),),
        )


def test_published_tables_say_where_they_come_from_and_what_they_are_not():
    for table in paper.TABLES:
        text = to_markdown(published(table))
        assert paper.SOURCE in text
        assert "not measured here" in text


def test_published_figures_are_the_papers():
    rows = dict(paper.TABLE_1.rows)
    assert rows["SwiftAvatar"] == ("0.3110", "0.2405", "~10² Hz")
    assert rows["F2P"][2] == "~1 Hz"
    shares = [[float(x.rstrip(" %")) for x in row] for _, row in paper.TABLE_2.rows]
    assert [sum(column) for column in zip(*shares, strict=True)] == pytest.approx(
        [100, 100]
    )
    assert dict(paper.TABLE_3.rows)["Baseline"] == rows["Baseline"][:2]
