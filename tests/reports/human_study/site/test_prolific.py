"""Participants from Prolific: recognised by id, with the study's code."""

from pathlib import Path

import pytest
from visitor import TOKEN, a_site

from reports.human_study.site.context import Settings

ADDRESS = "/?PROLIFIC_PID=person1&STUDY_ID=study1&SESSION_ID={}"


@pytest.fixture
def served(tmp_path):
    settings = Settings(TOKEN, prolific_code="C0DE&1")
    site = a_site(tmp_path, settings, faces=1, catches=0, repeats=0)
    yield site
    site.database.close()


def test_participants_read_what_is_stored_and_get_the_code(served):
    visitor = served.visitor()
    assert "We store your Prolific ID" in visitor.open(ADDRESS.format("s1")).text
    visitor.submit("/consent", agree="yes")
    visitor.open("/rate")
    visitor.finish()
    assert "C0DE&amp;1" in visitor.page.text
    assert "https://app.prolific.com/submissions/complete?cc=C0DE%261" in (
        visitor.page.text
    )
    leader = served.visitor()
    leader.enter_as_leader()
    assert "person1" in leader.page.text
    assert "person1" not in leader.csv()


def test_returning_participants_continue_without_a_link(served):
    first = served.visitor()
    first.join(ADDRESS.format("s1"))
    first.open("/rate")
    first.answer()
    second = served.visitor()
    second.open(ADDRESS.format("s1"))
    assert second.path == "/rate/2"


def test_an_account_takes_part_once(served):
    served.visitor().join(ADDRESS.format("s1"))
    page = served.visitor().join(ADDRESS.format("s2"))
    assert page.status_code == 409
    assert "already takes part" in page.text


def test_withdrawal_deletes_the_ids(served):
    visitor = served.visitor()
    visitor.join(ADDRESS.format("s1"))
    visitor.open("/withdraw")
    visitor.submit("/withdraw")
    leader = served.visitor()
    leader.enter_as_leader()
    assert "person1" not in leader.page.text
    path = Path(str(served.database.engine.url.database))
    served.database.close()
    assert b"participants" in path.read_bytes()
    assert b"person1" not in path.read_bytes()


def test_others_get_their_own_code(served):
    visitor = served.visitor()
    visitor.begin()
    visitor.finish()
    assert 'class="completion">C0DE' not in visitor.page.text
    assert "prolific.com" not in visitor.page.text


@pytest.mark.parametrize("person", ["", "<script>", "a" * 65, "a b", "ä", "../x"])
def test_invalid_ids_are_rejected(served, person):
    visitor = served.visitor()
    page = visitor.open("/", params={"PROLIFIC_PID": person, "SESSION_ID": "s"})
    assert page.status_code == 400
