from __future__ import annotations

from pathlib import Path

import pytest

from reports.page.breakdowns import MOST_TINT, breakdowns_section
from reports.tables.inferability import inferability
from reports.trials import read_run

QUICK = Path(__file__).parents[3] / "docs" / "results" / "quick"


@pytest.fixture(scope="module")
def breakdowns(full_run):
    section = breakdowns_section(read_run(full_run))
    assert section is not None
    return section.data


def rows_of(table):
    return {row.label: row for rows in table.groups.values() for row in rows}


def test_accuracy_and_error_are_apart(breakdowns):
    for engine in breakdowns.engines:
        accuracy, error = engine.parameters
        assert "↑" in accuracy.title
        assert "↓" in error.title
        assert set(rows_of(accuracy)) == {"skin", "beard", "beard_colour"}
        assert set(rows_of(error)) == {"head_width", "eye_size"}


def test_a_parameter_that_nobody_can_read_is_flagged(full_run, breakdowns):
    run = read_run(full_run)
    for engine in breakdowns.engines:
        verdicts = {f.parameter: f.verdict for f in inferability(run, engine.engine)}
        for table in engine.parameters:
            for label, row in rows_of(table).items():
                unread = verdicts[label] == "not inferable"
                assert (row.note == "cannot be read from the picture") == unread
                assert row.faint == unread
    assert rows_of(breakdowns.engines[0].parameters[1])["eye_size"].faint


def test_tints_compare_with_the_constant_avatar(breakdowns):
    table = breakdowns.engines[0].parameters[0]
    skin = dict(zip(table.heads, rows_of(table)["skin"].cells, strict=True))
    constant = skin["Constant (control)"]
    assert (constant.tint, constant.strength) == ("", 0)
    for cell in skin.values():
        gain = float(cell.text) - float(constant.text)
        assert cell.strength <= MOST_TINT
        if abs(gain) > 0.02:
            assert cell.tint == ("better" if gain > 0 else "worse")


def test_matrices_print_shares_of_a_row(breakdowns):
    matrices = breakdowns.engines[0].confusions[0]
    assert matrices.parameter == "skin"
    assert len(matrices.swatches) == 3
    assert next(m.label for m in matrices.matrices) == "Baseline"
    for matrix in matrices.matrices:
        for row in matrix.rows:
            assert sum(int(text or 0) for text, _ in row) == pytest.approx(100, abs=2)
        assert all(" drawn as " in mistake for mistake in matrix.mistakes)


def test_groups_of_people_are_marked_only_with_enough_faces():
    section = breakdowns_section(read_run(QUICK))
    assert section is not None
    marked = 0
    for engine in section.data.engines:
        for row in rows_of(engine.groups).values():
            assert row.faint == (row.faces < 10)
            for cell in row.cells:
                assert not (row.faint and (cell.tint or cell.flag))
                assert not cell.flag or cell.flag.startswith(cell.tint)
                marked += bool(cell.flag)
    assert marked


def test_unknown_people_have_no_groups(breakdowns):
    assert all(engine.groups is None for engine in breakdowns.engines)
