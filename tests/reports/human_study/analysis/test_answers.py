from __future__ import annotations

import pytest
import tiny_study
from rated import Raters, rate
from tiny_study import make_study

from reports.human_study.analysis.answers import read_answers
from reports.human_study.design.ratings_table import offline_ratings
from reports.human_study.design.study import StudyError
from reports.human_study.site.database import open_database
from reports.human_study.site.participants import join, withdraw
from reports.trials import ReportError


def test_pictures_become_methods(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(8))
    answers = read_answers(study.folder)
    rows = answers.rows
    rated = rows.loc[rows["kind"] == "rating"]
    assert set(rated["chosen"]) <= set(answers.key.methods)
    assert all(sorted(order) == sorted(answers.key.methods) for order in rated["order"])
    for order, slot, chosen in rated[["order", "slot", "chosen"]].itertuples(
        index=False
    ):
        assert order[slot - 1] == chosen
    caught = rows.loc[rows["kind"] == "catch"]
    assert set(caught["chosen"]) == {"right"}
    assert len(answers.counted) == 8


def test_the_rule_fixed_beforehand_excludes(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(10, careless=(1,), hasty=(2,), leaving=(3, 4)))
    answers = read_answers(study.folder)
    assert [rater.participant for rater in answers.excluded] == [
        f"rater{number:03}" for number in (1, 2, 3, 4)
    ]
    reasons = [rater.reasons for rater in answers.excluded]
    assert reasons[:2] == [("failed 2 of 2 catch trials",), ("median time of 0.10 s",)]
    assert all("answered 3 of 16 trials" in found for found in reasons[2:])
    assert answers.picks("toon").raters == 6


def test_participants_withdrawn_after_the_export_stop_the_report(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(6))
    database = open_database(f"sqlite:///{study.folder}/ratings.sqlite", study.id)
    person = join(database, study, "ticket", "en", patience_ms=1000)
    withdraw(database, person.id)
    assert len(read_answers(study.folder).counted) == 6
    path = study.folder / "ratings" / "site.csv"
    path.write_text(path.read_text().replace("rater003", person.id))
    with pytest.raises(ReportError, match=f"withdrawn since .{person.id}.; export"):
        read_answers(study.folder)
    database.close()
    with pytest.raises(ReportError, match=person.id):
        read_answers(study.folder)


def test_an_unreadable_database_stops_the_report(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(6))
    (study.folder / "ratings.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(StudyError, match=r"cannot read from .* who has withdrawn"):
        read_answers(study.folder)


def test_offline_answers_have_no_times_and_count(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(6, source="offline"))
    answers = read_answers(study.folder)
    assert len(answers.counted) == 6
    assert answers.rows["seconds"].isna().all()


@pytest.mark.parametrize("ties", ["left out", "shared"])
def test_ties_count_as_the_study_says(ties, tmp_path, monkeypatch):
    rule = tiny_study.EXCLUSIONS.replace("left out", ties)
    monkeypatch.setattr(tiny_study, "EXCLUSIONS", rule)
    study = make_study(tmp_path / "study", faces=10)
    rate(study, Raters(10, ties=0.3))
    picks = read_answers(study.folder).picks("toon")
    assert picks.ties > 10
    assert picks.total == (100 if ties == "shared" else 100 - picks.ties)
    assert picks.counts.sum() == pytest.approx(picks.total)


def test_simulated_answers_are_refused(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(6, source="simulated"))
    with pytest.raises(ReportError, match=r"96 ratings are simulated.*--simulated"):
        read_answers(study.folder)


def test_one_simulated_file_among_others_is_refused(tmp_path):
    study = make_study(tmp_path / "study")
    real = rate(study, Raters(3))
    real.rename(real.with_name("offline.csv"))
    lines = rate(study, Raters(6, source="simulated")).read_text().splitlines()
    late = [lines[0], *(line for line in lines[1:] if "rater005" in line)]
    real.write_text("\n".join(late) + "\n")
    with pytest.raises(ReportError, match="16 ratings are simulated"):
        read_answers(study.folder)


def test_a_simulated_study_is_refused(tmp_path):
    study = make_study(tmp_path / "study", simulated=True)
    rate(study, Raters(6))
    with pytest.raises(ReportError, match="the study is simulated"):
        read_answers(study.folder)


def test_no_ratings_no_table_two(tmp_path):
    study = make_study(tmp_path / "study")
    with pytest.raises(ReportError, match=r"holds no ratings.*Table 2 needs"):
        read_answers(study.folder)
    path = rate(study, Raters(0))
    with pytest.raises(ReportError, match=r"site\.csv: no ratings.*Table 2 needs"):
        read_answers(study.folder)
    elsewhere = path.rename(tmp_path / "elsewhere.csv")
    with pytest.raises(ReportError, match=r"elsewhere\.csv: no ratings"):
        read_answers(study.folder, [elsewhere])


def test_a_study_without_included_raters_is_rejected(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(3, careless=(0, 1, 2)))
    with pytest.raises(ReportError, match=r"excludes 3 of 3 raters.*Table 2 needs"):
        _ = read_answers(study.folder).engines


def test_the_deprecated_folder_is_read_too(tmp_path):
    study = make_study(tmp_path / "study")
    path = rate(study, Raters(6))
    path.parent.rename(study.folder / "judgements")
    assert offline_ratings(study.folder).parent.name == "judgements"
    assert len(read_answers(study.folder).counted) == 6
    rate(study, Raters(6))
    with pytest.raises(StudyError, match="keep one of the two rows"):
        read_answers(study.folder)


def test_a_rule_that_was_changed_is_refused(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(6, careless=(1,)))
    rule = study.folder / "exclusions.yaml"
    rule.write_text(rule.read_text().replace("catches: 1", "catches: 9"))
    with pytest.raises(StudyError, match=r"exclusions\.yaml was changed"):
        read_answers(study.folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("min_finished: 2", r"exclusions\.yaml: min_finished: "),
        ("ties: halved", r"exclusions\.yaml: ties: "),
        ("more: 1", r"exclusions\.yaml: more: "),
    ],
)
def test_an_invalid_rule_is_rejected(line, said, tmp_path, monkeypatch):
    name = line.split(":")[0]
    kept = [row for row in tiny_study.EXCLUSIONS.splitlines() if name not in row]
    monkeypatch.setattr(tiny_study, "EXCLUSIONS", "\n".join([*kept, line]))
    study = make_study(tmp_path / "study")
    rate(study, Raters(6))
    with pytest.raises(ReportError, match=said):
        read_answers(study.folder)
