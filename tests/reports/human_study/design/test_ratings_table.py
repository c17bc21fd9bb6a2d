from datetime import UTC, datetime, timedelta

import pytest
import tiny_study

from reports.human_study.design.ratings_table import (
    COLUMNS,
    Rating,
    parse_ratings,
    read_ratings,
    write_ratings,
)
from reports.human_study.design.study import StudyError

START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def study(tmp_path):
    return tiny_study.make_study(tmp_path / "study")


def rating(study, assignment, position, slot, participant="p1", **changes):
    shown = study.assignment(assignment).shown[position - 1]
    at = START + timedelta(seconds=10 * position)
    data = {
        "study": study.id,
        "participant": participant,
        "assignment": assignment,
        "position": position,
        "trial": shown.trial.id,
        "kind": shown.trial.kind,
        "face": shown.trial.face,
        "engine": shown.trial.engine,
        "order": shown.order,
        "chosen": shown.order[slot - 1] if slot else None,
        "slot": slot,
        "tie": slot is None,
        "rt_ms": 4200,
        "shown_at": at,
        "answered_at": at + timedelta(milliseconds=4200),
        "revisions": 0,
        "language": "en",
        "consent_version": "1",
        "source": "site",
    }
    return Rating(**data | changes)


@pytest.fixture
def path(study, tmp_path):
    rows = [rating(study, 3, n, 1 + n % 4) for n in range(1, 9)]
    rows.append(rating(study, 3, 9, None))
    rows.append(rating(study, 4, 1, 2, "p2"))
    untimed = {"rt_ms": None, "shown_at": None, "answered_at": None}
    offline = untimed | {"source": "offline", "language": "de"}
    rows.append(rating(study, 5, 2, 2, "offline-5", **offline))
    write_ratings(rows, tmp_path / "ratings.csv")
    return tmp_path / "ratings.csv"


def test_what_is_written_reads_back(study, path, tmp_path):
    rows = parse_ratings(path, study)
    write_ratings(rows, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()
    assert rows[8].tie
    assert rows[8].chosen is None


def test_the_table_has_typed_columns(study, path):
    table = read_ratings(path, study)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 11
    assert table["slot"].isna().sum() == 1
    assert table["rt_ms"].dropna().mean() == 4200
    assert str(table["answered_at"].dtype.tz) == "UTC"
    assert table["tie"].sum() == 1
    assert table["order"].map(len).eq(4).all()


def test_files_of_earlier_versions_are_read(study, path, tmp_path):
    text = path.read_text().replace("assignment", "paper", 1)
    old = tmp_path / "old.csv"
    old.write_text(text.replace(",rating,", ",judgement,"))
    assert "judgement" in old.read_text()
    assert parse_ratings(old, study) == parse_ratings(path, study)


def test_no_answers_are_an_empty_table(study, tmp_path):
    write_ratings([], tmp_path / "none.csv")
    table = read_ratings(tmp_path / "none.csv", study)
    assert len(table) == 0
    assert tuple(table.columns) == COLUMNS


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("study", "other-0123", "the row belongs to study other-0123"),
        ("trial", "ffff0000", "the study has no trial ffff0000"),
        ("position", "16", "position must be 1, as in assignment 3"),
        ("engine", "mood", "engine must be"),
        ("order", "aaaa bbbb cccc dddd", "is not in slot"),
        ("chosen", "aaaa1111", "aaaa1111 is not in slot 2"),
        ("slot", "9", "is not in slot 9"),
        ("tie", "true", "only a tie"),
        ("rt_ms", "-1", "rt_ms: "),
        ("rt_ms", "", "only offline answers may have no times"),
        ("shown_at", "2026-11-22T12:00:00", "shown_at: "),
        ("language", "fr", "the study has no language fr"),
        ("consent_version", "2", "consent_version must be 1"),
        ("source", "dream", "source: "),
        ("participant", "Jane Doe", "participant: "),
        ("assignment", "4", "must be"),
    ],
)
def test_a_row_that_does_not_fit_is_named_by_its_line(
    study, path, column, value, problem
):
    head, first, *rest = path.read_text().splitlines()
    fields = dict(zip(COLUMNS, first.split(","), strict=True)) | {column: value}
    path.write_text("\n".join([head, ",".join(fields.values()), *rest]) + "\n")
    with pytest.raises(StudyError) as caught:
        read_ratings(path, study)
    assert str(caught.value).startswith(f"{path} line 2: ")
    assert problem in str(caught.value)


def test_an_order_that_the_assignment_does_not_give_is_refused(study, path):
    head, first, *rest = path.read_text().splitlines()
    fields = dict(zip(COLUMNS, first.split(","), strict=True))
    order = fields["order"].split()
    turned = order[::-1]
    fields["order"] = " ".join(turned)
    fields["slot"] = str(turned.index(fields["chosen"]) + 1)
    path.write_text("\n".join([head, ",".join(fields.values()), *rest]) + "\n")
    with pytest.raises(StudyError, match="line 2: order must be"):
        read_ratings(path, study)


def test_an_answer_given_twice_is_refused_within_and_across_files(
    study, path, tmp_path
):
    lines = path.read_text().splitlines()
    (tmp_path / "more.csv").write_text("\n".join([lines[0], lines[3]]) + "\n")
    problem = r"more\.csv line 2: participant p1 answers trial \w+, as in \S+ line 4;"
    with pytest.raises(StudyError, match=problem):
        read_ratings([path, tmp_path / "more.csv"], study)


def test_a_participant_has_one_assignment(study, tmp_path):
    rows = [rating(study, 3, 1, 1), rating(study, 4, 2, 1)]
    write_ratings(rows, tmp_path / "two.csv")
    with pytest.raises(StudyError, match=r"p1 has assignment 3 .* but 4 here"):
        read_ratings(tmp_path / "two.csv", study)


def test_a_tie_needs_a_study_that_allows_it(tmp_path):
    study = tiny_study.make_study(tmp_path / "strict", tie=False)
    write_ratings([rating(study, 0, 1, None)], tmp_path / "tie.csv")
    with pytest.raises(StudyError, match="the study allows no tie"):
        read_ratings(tmp_path / "tie.csv", study)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a,b\n1,2\n", "the columns must be study,participant"),
        (b"\xff\x00", "is not UTF-8"),
        (b"", "is empty: expected a header line"),
        (",".join(COLUMNS).encode() + b"\nx,y\n", "line 2: 2 cells under 19 columns"),
    ],
)
def test_other_files_are_rejected_in_one_sentence(study, tmp_path, content, problem):
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=problem) as caught:
        read_ratings(path, study)
    assert "\n" not in str(caught.value)
    with pytest.raises(StudyError, match="cannot be read"):
        read_ratings(tmp_path / "none.csv", study)
