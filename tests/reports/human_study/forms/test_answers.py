import csv
import io

import pytest
import tiny_study

from reports.human_study.design.ratings_table import parse_ratings
from reports.human_study.design.study import StudyError
from reports.human_study.forms.answers import (
    COLUMNS,
    blank_sheet,
    import_sheets,
    withdraw_assignment,
)


@pytest.fixture
def study(tmp_path):
    return tiny_study.make_study(tmp_path / "study")


def fill(sheet_of, number, answers, path, **cells):
    """Fill in a blank sheet: answers by position, and `cells` on every line."""
    rows = list(csv.DictReader(io.StringIO(blank_sheet(sheet_of, number, "de"))))
    for row in rows:
        row |= {"consent": "yes", "answer": answers.get(int(row["position"]), "")}
        row |= cells
    divider = ";" if path.stem.startswith("semicolons") else ","
    lines = [divider.join(COLUMNS), *(divider.join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "ratings" / "offline.csv"


def test_letters_numbers_and_ties_become_ratings(study, tmp_path, out):
    given = {1: "A", 2: "b", 3: "4", 4: "tie", 7: " C "}
    sheet = fill(study, 6, given, tmp_path / "sheet.csv")
    added = import_sheets(study, [sheet], out)
    assert parse_ratings(out, study) == tuple(added)
    assert [(row.position, row.slot) for row in added] == [
        (1, 1),
        (2, 2),
        (3, 4),
        (4, None),
        (7, 3),
    ]
    shown = study.assignment(6).shown
    assert added[2].chosen == shown[2].order[3]
    assert {row.participant for row in added} == {"offline-6"}
    assert {row.source for row in added} == {"offline"}
    assert {row.rt_ms for row in added} == {None}


def test_times_of_a_form_are_kept(study, tmp_path, out):
    times = {
        "rt_ms": "5300",
        "shown_at": "2026-11-22T10:00:00.000Z",
        "answered_at": "2026-11-22T10:00:05.300Z",
        "revisions": "2",
    }
    sheet = fill(study, 0, {1: "A"}, tmp_path / "sheet.csv", **times)
    (added,) = import_sheets(study, [sheet], out)
    assert (added.rt_ms, added.revisions) == (5300, 2)
    assert (added.answered_at - added.shown_at).total_seconds() == 5.3


def test_a_sheet_of_an_earlier_version_is_read(study, tmp_path, out):
    sheet = fill(study, 0, {1: "A"}, tmp_path / "sheet.csv")
    sheet.write_text(sheet.read_text().replace("assignment", "paper", 1))
    assert len(import_sheets(study, [sheet], out)) == 1


def test_a_spreadsheets_semicolons_are_read(study, tmp_path, out):
    sheet = fill(study, 0, {1: "A", 2: "B"}, tmp_path / "semicolons.csv")
    sheet.write_text("\ufeff" + sheet.read_text(), encoding="utf-8")
    assert len(import_sheets(study, [sheet], out)) == 2


def _blank_rows(text):
    header, *rows = text.splitlines()
    return "\n".join([header, rows[0], "," * 10, *rows[1:], "", "," * 10])


def _empty_columns(text):
    return "\n".join(f"{line},,," for line in text.splitlines())


def _new_order(text):
    rows = [line.split(",") for line in text.splitlines()]
    return "\n".join(",".join([*row[6:], *row[:6]]) for row in rows)


LEFTOVERS = {
    "blank rows": _blank_rows,
    "empty columns": _empty_columns,
    "blank rows and empty columns": lambda text: _empty_columns(_blank_rows(text)),
    "tabs": lambda text: text.replace(",", "\t"),
    "semicolons": lambda text: text.replace(",", ";"),
    "Windows": lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    "spaces": lambda text: text.replace(",", " , "),
    "other order": _new_order,
}


@pytest.mark.parametrize("kind", LEFTOVERS)
def test_leftovers_of_spreadsheets_are_ignored(study, tmp_path, out, kind):
    clean = fill(study, 2, {1: "A", 3: "tie", 16: "B"}, tmp_path / "clean.csv")
    expected = import_sheets(study, [clean], tmp_path / "clean-ratings.csv")
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(LEFTOVERS[kind](clean.read_text()).encode())
    assert import_sheets(study, [sheet], out) == expected
    out.write_bytes(LEFTOVERS[kind](out.read_text()).encode())
    assert parse_ratings(out, study) == tuple(expected)


def test_sheets_add_up_and_each_counts_once(study, tmp_path, out):
    one = fill(study, 0, {1: "A"}, tmp_path / "one.csv")
    two = fill(study, 1, {1: "A", 2: "B"}, tmp_path / "two.csv")
    import_sheets(study, [one], out)
    import_sheets(study, [two], out)
    assert len(parse_ratings(out, study)) == 3
    with pytest.raises(
        StudyError, match="already holds answers to assignment 1; use --replace"
    ):
        import_sheets(study, [two], out)
    two = fill(study, 1, {1: "C"}, tmp_path / "two.csv")
    import_sheets(study, [two], out, replace=True)
    rows = parse_ratings(out, study)
    assert [(row.assignment, row.slot) for row in rows] == [(0, 1), (1, 3)]


def test_one_invalid_sheet_stops_the_import(study, tmp_path, out):
    good = fill(study, 0, {1: "A"}, tmp_path / "good.csv")
    bad = fill(study, 1, {1: "Z"}, tmp_path / "bad.csv")
    with pytest.raises(StudyError, match=r"bad\.csv line 2"):
        import_sheets(study, [good, bad], out)
    assert not out.exists()
    with pytest.raises(StudyError, match="is a second sheet of assignment 0"):
        import_sheets(study, [good, good], out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("answer", "cells", "problem"),
    [
        ("E", {}, "line 2: answer must be a letter from A to D, or tie"),
        ("5", {}, "line 2: answer must be a letter from A to D"),
        ("A", {"consent": ""}, "the consent is missing"),
        ("A", {"consent_version": "0"}, "line 2: consent_version must be 1"),
        ("A", {"study": "other-1"}, "belongs to study other-1, but this is tiny-"),
        ("A", {"language": "fr"}, "the study has no language fr"),
        ("A", {"position": "17"}, "line 2: assignment 1 has 16 faces"),
        ("A", {"position": "2"}, "line 3: answers face 2 twice"),
        ("A", {"assignment": "-1"}, "line 2: assignment: "),
        ("A", {"rt_ms": "soon"}, "line 2: rt_ms: "),
    ],
)
def test_a_bad_line_is_named(study, tmp_path, out, answer, cells, problem):
    sheet = fill(study, 1, {1: answer, 2: answer}, tmp_path / "sheet.csv", **cells)
    with pytest.raises(StudyError) as caught:
        import_sheets(study, [sheet], out)
    assert str(caught.value).startswith(str(sheet))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lines_of_two_assignments_do_not_mix(study, tmp_path, out):
    one = fill(study, 0, {1: "A"}, tmp_path / "one.csv").read_text()
    two = fill(study, 1, {2: "A"}, tmp_path / "two.csv").read_text()
    mixed = tmp_path / "mixed.csv"
    mixed.write_text(one + two.split("\n", 1)[1])
    with pytest.raises(StudyError, match="line 18: belongs to assignment 1, not 0"):
        import_sheets(study, [mixed], out)


def test_a_tie_needs_a_study_that_allows_it(tmp_path, out):
    study = tiny_study.make_study(tmp_path / "strict", tie=False)
    sheet = fill(study, 0, {1: "tie"}, tmp_path / "sheet.csv")
    with pytest.raises(StudyError, match="a letter from A to D, or empty; got tie"):
        import_sheets(study, [sheet], out)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"a,b\n", b"study\n1,2,3\n"])
def test_other_files_are_rejected_in_one_sentence(study, tmp_path, out, content):
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        import_sheets(study, [path], out)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_blank_sheet_is_no_answer(study, tmp_path, out):
    blank = fill(study, 0, {}, tmp_path / "blank.csv")
    with pytest.raises(StudyError, match=r"blank\.csv: no answers"):
        import_sheets(study, [blank], out)
    assert not out.exists()
    filled = fill(study, 1, {1: "A"}, tmp_path / "filled.csv")
    assert len(import_sheets(study, [blank, filled], out)) == 1


def test_withdrawn_answers_cannot_be_imported_again(study, tmp_path, out):
    sheets = [
        fill(study, assignment, {1: "A", 2: "B"}, tmp_path / f"{assignment}.csv")
        for assignment in (4, 5)
    ]
    import_sheets(study, sheets, out)
    assert withdraw_assignment(study, 4, out) == 2
    assert withdraw_assignment(study, 9, out) == 0  # before the sheet is imported
    assert {row.assignment for row in parse_ratings(out, study)} == {5}
    with pytest.raises(StudyError, match="rater of assignment 4 has withdrawn"):
        import_sheets(study, sheets, out, replace=True)
    assert {row.assignment for row in parse_ratings(out, study)} == {5}
