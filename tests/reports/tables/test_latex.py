"""Tables in LaTeX. Where pdflatex is installed, they are compiled."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from reports.tables import published as paper
from reports.tables.latex import to_latex
from reports.tables.latex_text import latex
from reports.tables.scores import all_scores_table, headline_table
from reports.tables.table import Cell, Column, Row, Section, Table, published
from reports.trials import read_run
from reports.write import detail_tables

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
                Row("[Oracle] †", (Cell("−0.1"), Cell(), Cell("100"))),
            ),
        ),
        Section("b|c", (Row("<odd>", (Cell("failed"), Cell("5 %"), Cell("~1"))),)),
    ),
    ("95 % interval; p < 0.05.", "file_name | other"),
)
TALL = replace(
    SAMPLE,
    sections=tuple(
        Section(
            f"engine {number}",
            tuple(Row(f"row {k}", SAMPLE.sections[0].rows[0].cells) for k in range(40)),
        )
        for number in range(3)
    ),
)
WIDE = replace(
    SAMPLE,
    title="Many metrics",
    columns=tuple(Column(f"Metric {k}", f"engine {k // 3}", "↓") for k in range(15)),
    sections=(
        Section(
            "",
            (Row("A method with a long name", 15 * (Cell("0.311", "0.290–0.332"),)),),
        ),
    ),
)
WORDY = replace(
    SAMPLE,
    columns=(Column("Time"), Column("Pretrained parts")),
    sections=(Section("", (Row("Ours", (Cell("2 min"), Cell("a part; " * 60))),)),),
)


def tables(folder: Path) -> list[Table]:
    """The tables of a run, the published ones and some that are hard to fit."""
    run = read_run(folder)
    return [
        headline_table(run),
        all_scores_table(run, run.main_split, run.designers[0]),
        *detail_tables(run),
        *map(published, paper.TABLES),
        *(SAMPLE, TALL, WIDE, WORDY),
    ]


def test_latex_matches_its_golden_file():
    assert to_latex(SAMPLE) == (GOLDEN / "sample.tex").read_text(encoding="utf-8")


def test_the_only_package_is_named_in_a_comment():
    text = to_latex(SAMPLE)
    assert text.startswith("% Needs \\usepackage{booktabs} in the preamble.\n")
    commands = set(re.findall(r"\\([a-z]+)", text))
    assert {"toprule", "midrule", "bottomrule"} <= commands
    assert not commands & {"resizebox", "adjustbox", "makecell", "multirow"}


def test_captions_leave_the_number_to_latex():
    assert r"\caption{A sample \& its marks}" in to_latex(SAMPLE)
    captions = [re.findall(r"\\caption{(.*)}", to_latex(published(paper.TABLE_2)))]
    assert captions[0][0].startswith("Published: Human rating")
    for table in (TALL, WIDE):
        first, *others = re.findall(r"\\caption{(.*)}", to_latex(table))
        assert "continued" not in first
        assert all(caption.endswith("(continued)") for caption in others)
        # A continued float does not count as a table of its own.
        back = to_latex(table).count(r"\addtocounter{table}{-1}")
        assert back == len(others)
        assert to_latex(table).count(r"\label{") == 1


def test_notes_can_be_left_out_without_editing_the_file():
    text = to_latex(SAMPLE)
    notes = text.split(r"\ifdefined\NoTableNotes\else")[1].split(r"\fi")[0]
    assert r"file\_name \textbar{} other" in notes
    assert r"\def\NoTableNotes{}" in text.split(r"\begin{table}")[0]


@pytest.mark.slow
def test_every_row_has_a_cell_for_each_column(full_run):
    for table in tables(full_run):
        for tabular in to_latex(table).split(r"\begin{tabular}")[1:]:
            spec, body = tabular.split("\n", 1)
            width = len(re.findall("[lr]", spec.replace("@{}", "")))
            rows = body.split(r"\end{tabular}")[0].splitlines()
            plain = [r for r in rows if r.endswith(r" \\") and "multicolumn" not in r]
            counts = {len(re.findall(r"(?<!\\)&", row)) for row in plain}
            assert counts == {width - 1}, table.key


def test_wide_tables_are_cut_and_repeat_their_labels():
    text = to_latex(WIDE)
    pieces = text.count(r"\begin{tabular}")
    assert pieces > 1
    assert text.count("0.290--0.332") == 15
    assert text.count("Method &") + text.count("Method  &") == pieces


def test_tall_tables_continue_in_further_floats():
    text = to_latex(TALL)
    assert text.count(r"\begin{table}") > 2
    assert len(re.findall(r"row \d+ &", text)) == 3 * 40


def test_latex_leaves_no_special_character():
    text = latex(r"50 % of a_b & {c} ~ ^ # $ ↓↑ † Δ − < > — – × α ≈ → | [x] \ end")
    assert text.isascii()
    bare = re.sub(r"\$[^$]*\$", "", text)
    assert not re.search(r"(?<!\\)[%_&#|]", bare)
    assert "{[}x{]}" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize("preamble", ["", r"\def\NoTableNotes{}"])
def test_tables_compile_within_the_width_of_the_text(full_run, tmp_path, preamble):
    body = "\n\\clearpage\n".join(map(to_latex, tables(full_run)))
    (tmp_path / "main.tex").write_text(
        "\\documentclass{article}\n\\usepackage{booktabs}\n"
        f"{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = (tmp_path / "main.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert not re.search(r"Overfull \\hbox|too large for page", log)


def test_a_table_without_rows_is_a_table():
    table = Table(
        "few", "Too few ratings", "Pair", (Column("Share"),), (Section("", ()),)
    )
    assert "Share" in to_latex(table)
