"""The leader's page: token, progress, export and withdrawal on request."""

import pytest
from visitor import TOKEN, a_site

from reports.human_study.site.context import Settings
from reports.human_study.web.rates import Rate


def test_without_the_token_only_the_login_is_shown(served):
    visitor = served.visitor()
    assert "Admin token" in visitor.open("/admin").text
    assert visitor.open("/admin/judgements.csv").status_code == 404
    visitor.open("/admin")
    assert visitor.submit("/admin/withdraw", participant="x").status_code == 404


@pytest.mark.parametrize("token", ["", "a-token", TOKEN + "x", TOKEN.upper(), "ä"])
def test_a_wrong_token_opens_nothing(served, token):
    visitor = served.visitor()
    visitor.open("/admin")
    page = visitor.submit("/admin", token=token)
    assert page.status_code == 403
    assert "not the token" in page.text
    assert visitor.open("/admin/judgements.csv").status_code == 404


def test_tokens_cannot_be_tried_for_long(tmp_path):
    slow = Rate(per_second=0.01, burst=3)
    served = a_site(tmp_path, Settings(TOKEN, misses=slow), faces=1)
    visitor = served.visitor()
    visitor.open("/admin")
    form = visitor.hidden() | {"token": "wrong"}
    answers = [visitor.client.post("/admin", data=form) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 429]
    assert visitor.client.get("/p/" + "x" * 22).status_code == 429
    visitor.enter_as_leader()
    assert "Progress of the study" in visitor.page.text
    served.database.close()


def test_a_script_can_export_with_the_token(served):
    visitor = served.visitor()
    for token, status in ((TOKEN, 200), ("wrong", 404)):
        headers = {"Authorization": f"Bearer {token}"}
        answer = visitor.client.get("/admin/judgements.csv", headers=headers)
        assert answer.status_code == status
    assert "attachment" in visitor.client.get(
        "/admin/judgements.csv", headers={"Authorization": f"Bearer {TOKEN}"}
    ).headers.get("content-disposition")


def test_progress_is_current(served, leader):
    visitor = served.visitor()
    visitor.begin()
    visitor.answer(2)
    page = leader.open("/admin").text
    assert "1/3" in page
    assert "1 in progress" in page
    visitor.finish()
    page = leader.open("/admin").text
    assert "3/3" in page
    assert "1 finished" in page


def test_a_leader_can_withdraw_a_participant(served, leader):
    visitor = served.visitor()
    visitor.begin()
    visitor.answer()
    code = visitor.open("/instructions").text.partition("<code>")[2][:12]
    leader.open("/admin")
    leader.submit("/admin/withdraw", participant=code)
    assert f"answers of {code} were deleted" in leader.page.text
    assert leader.csv().count("\n") == 1
    leader.submit("/admin/withdraw", participant="<b>x")
    assert "There is no participant with the code &lt;b&gt;x" in leader.page.text


def test_logging_out_ends_the_session(leader):
    leader.open("/admin")
    leader.submit("/admin/leave")
    assert "Admin token" in leader.page.text
    assert leader.open("/admin/judgements.csv").status_code == 404
