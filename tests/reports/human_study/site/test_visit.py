"""Visits to the rating site without JavaScript."""

import pytest
from sqlalchemy import select
from visitor import restarted

from reports.human_study.design.ratings_table import read_ratings
from reports.human_study.site.tables import Participant


def rows(served, leader, tmp_path):
    path = tmp_path / "site.csv"
    leader.client.get("/admin")
    path.write_text(leader.csv())
    return read_ratings(path, served.study)


def test_from_consent_to_thanks(served, leader, tmp_path):
    visitor = served.visitor()
    assert "I agree." in visitor.open("/").text
    visitor.join()
    assert visitor.path == "/instructions"
    visitor.open("/rate")
    assert visitor.path == "/rate/1"
    visitor.finish(index=1)
    assert visitor.path == "/thanks"
    table = rows(served, leader, tmp_path)
    assert list(table.slot) == [2, 2, 2]
    assert list(table.position) == [1, 2, 3]
    assert set(table.source) == {"site"}
    assert (table.rt_ms >= 0).all()


def test_nothing_is_stored_before_consent(served, leader):
    visitor = served.visitor()
    visitor.open("/")
    page = visitor.submit("/consent")
    assert page.status_code == 422
    assert "tick the box first" in page.text
    assert "No participants yet" in leader.open("/admin").text


@pytest.mark.parametrize("path", ["/rate", "/rate/1", "/thanks", "/instructions"])
def test_strangers_are_sent_to_the_start(served, path):
    visitor = served.visitor()
    visitor.open(path)
    assert visitor.path == "/"


def test_the_personal_link_continues_a_visit(served):
    first = served.visitor()
    first.begin()
    first.answer()
    link = first.link()
    second = served.visitor()
    second.open(link)
    assert second.path == "/rate/2"
    second.finish()
    first.open("/rate")
    assert first.path == "/thanks"


def test_visits_survive_a_restart_of_the_server(served):
    visitor = served.visitor()
    visitor.begin()
    visitor.client.app = restarted(served).app
    again = restarted(served).visitor()
    again.client.cookies = visitor.client.cookies
    again.page = visitor.page
    again.path = visitor.path
    again.answer()
    assert again.path == "/rate/2"


def test_a_double_click_on_consent_joins_once(served, leader):
    visitor = served.visitor()
    visitor.open("/")
    form = {**visitor.hidden(), "agree": "yes"}
    for _ in range(2):
        visitor.client.post("/consent", data=form)
    assert leader.open("/admin").text.count("<code>") == 1


def test_a_double_click_on_an_answer_stores_it_once(served, leader, tmp_path):
    visitor = served.visitor()
    visitor.begin()
    form = {**visitor.hidden(), "choice": visitor.choices()[2]}
    for _ in range(2):
        assert visitor.client.post("/rate/1", data=form).url.path == "/rate/2"
    table = rows(served, leader, tmp_path)
    assert len(table) == 1
    assert table.revisions[0] == 0


def test_an_empty_answer_is_asked_for_again(served):
    visitor = served.visitor()
    visitor.begin()
    stamp = visitor.hidden()["stamp"]
    page = visitor.submit("/rate/1")
    assert page.status_code == 422
    assert "pick a picture" in page.text
    assert visitor.hidden()["stamp"] == stamp


def test_an_answer_can_be_changed_if_the_study_says_so(served, leader, tmp_path):
    visitor = served.visitor()
    visitor.begin()
    visitor.answer(0)
    visitor.open("/rate/1")
    assert visitor.chosen() == visitor.choices()[:1]
    visitor.answer(3)
    assert visitor.path == "/rate/2"
    table = rows(served, leader, tmp_path)
    assert list(table.slot) == [4]
    assert list(table.revisions) == [1]
    assert "Answers changed later</dt><dd>1<" in leader.open("/admin").text


def test_going_back_continues_face_by_face(served):
    visitor = served.visitor()
    visitor.begin()
    visitor.finish()
    assert visitor.path == "/thanks"
    assert 'href="/rate/1"' in visitor.page.text
    page = visitor.open("/rate/1").text
    assert '<a href="/rate/2">Keep it as it is</a>' in page
    visitor.answer(1)
    assert visitor.path == "/rate/2"
    visitor.open("/rate/3")
    visitor.answer(1)
    assert visitor.path == "/thanks"
    visitor.open("/rate/4")
    assert visitor.path == "/thanks"


def test_two_windows_cannot_overwrite_each_other_unseen(served):
    visitor = served.visitor()
    visitor.begin()
    visitor.answer(0)
    visitor.open("/rate/1")
    stale = {**visitor.hidden(), "choice": visitor.choices()[1]}
    visitor.answer(2)
    page = visitor.client.post("/rate/1", data=stale)
    assert "in another window" in page.text
    visitor.open("/rate/1")
    assert visitor.chosen() == visitor.choices()[2:3]


def test_an_answer_is_final_if_the_study_says_so(strict, tmp_path):
    visitor = strict.visitor()
    visitor.begin()
    form = visitor.hidden()
    choices = visitor.choices()
    visitor.answer(0)
    assert "/rate/1" not in visitor.page.text.replace('action="/rate/1', "")
    visitor.open("/rate/1")
    assert visitor.path == "/rate/2"
    page = visitor.client.post("/rate/1", data={**form, "choice": choices[1]})
    assert "kept your first answer" in page.text
    leader = strict.visitor()
    leader.enter_as_leader()
    assert list(rows(strict, leader, tmp_path).slot) == [1]
    assert "Rejected changes of answers</dt><dd>1<" in leader.open("/admin").text


def test_ties_are_possible_if_the_study_says_so(served, leader, tmp_path):
    visitor = served.visitor()
    visitor.begin()
    visitor.submit("/rate/1", choice="tie")
    assert visitor.path == "/rate/2"
    assert list(rows(served, leader, tmp_path).tie) == [True]


def test_ties_are_rejected_otherwise(strict):
    visitor = strict.visitor()
    visitor.begin()
    assert "tie" not in visitor.choices()
    assert visitor.submit("/rate/1", choice="tie").status_code == 400


def test_no_face_is_shown_before_its_turn(served):
    visitor = served.visitor()
    visitor.begin()
    visitor.open("/rate/3")
    assert visitor.path == "/rate/1"


def test_the_language_is_chosen_and_stays(served, leader, tmp_path):
    visitor = served.visitor()
    page = visitor.open("/?lang=de")
    assert "Ich stimme zu." in page.text
    assert 'lang="de"' in page.text
    visitor.submit("/consent", agree="yes")
    visitor.open("/rate")
    assert "Welcher Avatar" in visitor.page.text
    visitor.answer()
    assert set(rows(served, leader, tmp_path).language) == {"de"}
    other = served.visitor()
    other.open(visitor.link())
    assert 'lang="de"' in other.page.text
    other.open("/?lang=en")
    assert 'lang="de"' in other.page.text


def test_the_browser_s_language_comes_first(served):
    visitor = served.visitor()
    page = visitor.open("/", headers={"Accept-Language": "de-CH"}).text
    assert "Ich stimme zu." in page
    assert "– Kleine Studie</title>" in page
    assert '<p class="name">Kleine Studie</p>' in page


def test_withdrawal_deletes_everything(served, leader, tmp_path):
    visitor = served.visitor()
    visitor.begin()
    visitor.answer()
    link = visitor.link()
    visitor.open("/withdraw")
    visitor.submit("/withdraw")
    assert visitor.path == "/withdrawn"
    assert rows(served, leader, tmp_path).empty
    visitor.open(link)
    assert visitor.path == "/withdrawn"
    visitor.open("/rate")
    assert visitor.path == "/"
    with served.database.reading() as session:
        (person,) = session.scalars(select(Participant))
    assert (person.language, person.finished, person.prolific) == ("", None, None)
    assert person.consented == person.seen == person.withdrawn


def test_the_consent_page_says_how_long_the_study_is(served):
    page = served.visitor().open("/")
    questions, faces = len(served.study.trials), served.study.shown_faces
    assert (questions, faces) == (3, 2)
    assert "answer 3 questions about 2 faces. This takes about one minute" in page.text


def test_a_practice_question_stands_before_the_start_and_shows_no_picture(served):
    visitor = served.visitor()
    visitor.begin()
    page = visitor.open("/instructions").text
    assert page.count('name="practice"') == served.study.slots
    assert not [name for name in served.study.pictures if name in page]


def test_answers_after_withdrawal_are_not_stored(served, leader, tmp_path):
    visitor = served.visitor()
    visitor.begin()
    other = served.visitor()
    other.open(visitor.link())
    visitor.open("/rate")
    other.open("/withdraw")
    other.submit("/withdraw")
    visitor.answer()
    assert visitor.path == "/withdrawn"
    assert rows(served, leader, tmp_path).empty


def test_another_person_can_use_the_device(served, leader):
    visitor = served.visitor()
    visitor.begin()
    visitor.finish()
    visitor.submit("/leave")
    assert visitor.path == "/"
    visitor.begin()
    assert visitor.path == "/rate/1"
    assert leader.open("/admin").text.count("<code>") == 2


def test_a_form_of_the_previous_person_is_rejected(served):
    visitor = served.visitor()
    visitor.begin()
    form = {**visitor.hidden(), "choice": visitor.choices()[0]}
    visitor.open("/instructions")
    visitor.client.post("/leave", data=visitor.hidden() | {"csrf": form["csrf"]})
    visitor.begin()
    stamp = {"stamp": form["stamp"], "csrf": visitor.hidden()["csrf"]}
    page = visitor.client.post("/rate/1", data={**form, **stamp})
    assert page.status_code == 409


def test_the_completion_code_is_the_one_that_the_leader_sees(served, leader):
    visitor = served.visitor()
    visitor.begin()
    visitor.finish()
    code = visitor.page.text.partition('class="completion">')[2][:8]
    assert code.isalnum()
    assert code in leader.open("/admin").text


def test_simulated_studies_say_so(tmp_path):
    from visitor import a_site

    served = a_site(tmp_path, faces=1, catches=0, repeats=0, simulated=True)
    visitor = served.visitor()
    visitor.begin()
    assert "simulated" in visitor.page.text
    visitor.answer()
    leader = served.visitor()
    leader.enter_as_leader()
    assert set(rows(served, leader, tmp_path).source) == {"simulated"}
    served.database.close()
