"""Assignments: new participants fill those of people who stay away first."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from tiny_study import make_study

from reports.human_study.site.database import open_database
from reports.human_study.site.participants import join, new_ticket, withdraw
from reports.human_study.site.tables import Participant, now_ms

HOUR = 3_600_000


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("seats") / "study", faces=2, methods=3)


@pytest.fixture
def database(tmp_path, study):
    opened = open_database(f"sqlite:///{tmp_path}/r.sqlite", study.id)
    yield opened
    opened.close()


def newcomer(database, study) -> Participant:
    return join(database, study, new_ticket(), "en", HOUR)


def note(database, person, **values):
    with database.writing() as session:
        session.execute(
            update(Participant).where(Participant.id == person.id).values(**values)
        )


def test_new_participants_get_assignments_in_order(database, study):
    assert [newcomer(database, study).assignment for _ in range(4)] == [0, 1, 2, 3]


def test_the_assignment_of_a_withdrawn_participant_is_next(database, study):
    people = [newcomer(database, study) for _ in range(3)]
    withdraw(database, people[1].id)
    assert [newcomer(database, study).assignment for _ in range(2)] == [1, 3]


def test_the_assignment_of_an_absent_participant_is_next(database, study):
    people = [newcomer(database, study) for _ in range(3)]
    note(database, people[2], seen=now_ms() - 2 * HOUR)
    note(database, people[0], seen=now_ms() - 2 * HOUR)
    assert [newcomer(database, study).assignment for _ in range(3)] == [0, 2, 3]


def test_finished_participants_keep_their_assignment(database, study):
    person = newcomer(database, study)
    note(database, person, seen=now_ms() - 99 * HOUR, finished=now_ms() - 99 * HOUR)
    assert newcomer(database, study).assignment == 1


def test_an_assignment_is_passed_on_once(database, study):
    person = newcomer(database, study)
    note(database, person, seen=now_ms() - 2 * HOUR)
    assert [newcomer(database, study).assignment for _ in range(2)] == [0, 1]


def test_simultaneous_participants_get_different_assignments(database, study):
    with ThreadPoolExecutor(8) as pool:
        people = pool.map(lambda _: newcomer(database, study), range(24))
    assert sorted(person.assignment for person in people) == list(range(24))


EVENTS = st.lists(st.sampled_from(["join", "finish", "away", "withdraw"]), max_size=30)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(events=EVENTS)
def test_finished_assignments_end_without_gaps(tmp_path, study, events):
    """If everybody who joins finishes in the end, 0 … n - 1 are each done once."""
    number = next(count(len(list(tmp_path.iterdir()))))
    database = open_database(f"sqlite:///{tmp_path}/{number}.sqlite", study.id)
    waiting, finished = [], []
    for event in events:
        if event == "join":
            waiting.append(newcomer(database, study))
        elif waiting and event == "finish":
            finished.append(waiting.pop(0))
            note(database, finished[-1], finished=now_ms())
        elif waiting and event == "away":
            note(database, waiting.pop(0), seen=now_ms() - 2 * HOUR)
        elif waiting:
            withdraw(database, waiting.pop(0).id)
    for person in waiting:
        note(database, person, finished=now_ms())
    assignments = {person.assignment for person in (*waiting, *finished)}
    gaps = set(range(max(assignments, default=-1) + 1)) - assignments
    for gap in sorted(gaps):
        assert newcomer(database, study).assignment == gap
    assert len(assignments) == len(waiting) + len(finished)
    database.close()
