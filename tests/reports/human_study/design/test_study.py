import hashlib
import json
from collections import Counter
from itertools import pairwise

import pytest
import tiny_study

from reports.human_study.design.balanced_design import balanced_square
from reports.human_study.design.key import read_key
from reports.human_study.design.study import StudyError, digest_of, read_study


@pytest.fixture
def study(tmp_path):
    return tiny_study.make_study(tmp_path / "study")


def test_an_assignment_shows_every_trial_once_and_is_the_same_at_every_call(study):
    assignment = read_study(study.folder).assignment(5)
    assert assignment == study.assignment(5)
    assert {shown.trial.id for shown in assignment.shown} == set(study.by_trial)
    assert [s.position for s in assignment.shown] == list(
        range(1, len(study.trials) + 1)
    )
    for shown in assignment.shown:
        assert sorted(shown.order) == sorted(shown.trial.options)
    assert assignment.shown != study.assignment(6).shown


def test_assignments_never_change(study):
    """Other orders would make the answers of existing studies unreadable."""
    shown = [
        (s.trial.id, *s.order) for i in (0, 1, 9) for s in study.assignment(i).shown
    ]
    digest = hashlib.sha256(json.dumps(shown).encode()).hexdigest()
    assert digest[:16] == "14912bc62effcf1e"


@pytest.mark.parametrize("methods", [2, 3, 4, 5])
def test_over_a_block_of_assignments_slots_and_neighbours_balance(tmp_path, methods):
    study = tiny_study.make_study(tmp_path / "study", faces=2, methods=methods)
    block = len(balanced_square(methods))
    slots, neighbours = Counter(), Counter()
    for index in range(block, 2 * block):
        for shown in study.assignment(index).shown:
            slots.update(enumerate(shown.order))
            neighbours.update(pairwise(shown.order))
    assert set(slots.values()) == {2 * block // methods} | {block // methods}
    assert len(slots) == methods * len({p for _, p in slots})
    originals = {t.id for t in study.trials if t.kind != "repeat"} - {
        t.repeats for t in study.trials
    }
    for trial in originals:
        options = study.by_trial[trial].options
        pairs = {(a, b): n for (a, b), n in neighbours.items() if a in options}
        assert len(pairs) == methods * (methods - 1)
        assert len(set(pairs.values())) == 1


def test_within_an_assignment_each_method_stands_in_each_slot_about_equally_often(
    tmp_path,
):
    study = tiny_study.make_study(tmp_path / "study", faces=10, repeats=0)
    drawn = read_key(study).pictures
    for index in range(7):
        slots = Counter(
            (slot, drawn[picture])
            for shown in study.assignment(index).shown
            if shown.trial.kind == "rating"
            for slot, picture in enumerate(shown.order)
        )
        assert len(slots) == 16
        assert max(slots.values()) - min(slots.values()) <= 2


def test_repeats_come_well_after_and_catch_trials_are_spread(tmp_path):
    study = tiny_study.make_study(
        tmp_path / "study", faces=20, engines=("toon",), catches=4, repeats=5
    )
    for index in range(40):
        shown = study.assignment(index).shown
        place = {s.trial.id: s.position for s in shown}
        for s in shown:
            if s.trial.kind == "repeat":
                assert s.position - place[s.trial.repeats] >= 20 / 4
                assert (
                    s.order != study.assignment(index).by_trial[s.trial.repeats].order
                )
        catches = [s.position for s in shown if s.trial.kind == "catch"]
        assert catches[0] > 1
        assert max(b - a for a, b in pairwise(catches)) <= 2 * 29 / 4


def test_only_the_studys_own_ids_lead_to_files(study):
    assert all(path.is_file() for path in study.pictures.values())
    assert "../key" not in study.pictures
    with pytest.raises(ValueError, match="0 or more, got -1"):
        study.assignment(-1)


def test_a_change_of_the_design_is_refused(study):
    path = study.folder / "study.json"
    path.write_text(path.read_text().replace('"seed": 7', '"seed": 8'))
    with pytest.raises(StudyError, match=r"study\.json was changed after the study"):
        read_study(study.folder)


def test_a_study_of_an_earlier_version_is_read(study):
    path = study.folder / "study.json"
    data = json.loads(path.read_text())
    for trial in data["trials"]:
        if trial["kind"] == "rating":
            trial["kind"] = "judgement"
    path.write_text(json.dumps(data | {"digest": digest_of(data)}))
    again = read_study(study.folder)
    assert again.trials == study.trials
    assert again.assignment(3) == study.assignment(3)


def test_a_changed_or_lost_picture_is_refused(study):
    picture = next(iter(study.pictures.values()))
    picture.write_bytes(b"other")
    with pytest.raises(StudyError, match=f"{picture.name} was changed after"):
        read_study(study.folder)
    picture.unlink()
    with pytest.raises(StudyError, match=f"{picture.name} is missing"):
        read_study(study.folder)


def test_only_the_analysis_checks_the_key(study):
    path = study.folder / "key.json"
    path.write_text(path.read_text().replace("baseline", "f2p"))
    assert read_study(study.folder).id == study.id
    with pytest.raises(StudyError, match=r"key\.json was changed after"):
        read_key(study)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "holds no study"),
        ("{", "is not readable JSON"),
        ("[]", "must hold a JSON object"),
        ('{"schema": 2}', "schema: Input should be 1"),
        ('{"schema": 1, "colour": 1}', "colour|name"),
    ],
)
def test_other_files_are_rejected_in_one_sentence(tmp_path, content, problem):
    if content is not None:
        (tmp_path / "study.json").write_text(content)
    with pytest.raises(StudyError, match=problem) as caught:
        read_study(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_study_is_never_written_over(study):
    before = (study.folder / "study.json").read_bytes()
    with pytest.raises(StudyError, match="a study is never changed"):
        tiny_study.make_study(study.folder)
    assert (study.folder / "study.json").read_bytes() == before
