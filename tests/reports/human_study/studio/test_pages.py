"""The studio's pages, tested with requests, with and without JavaScript."""

import html
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tiny_studio import CANVAS, make_tiny_studio

from reports.human_study.studio import sheet
from reports.human_study.studio.app import make_studio
from reports.human_study.web import parse_address

SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def studio(tmp_path):
    return make_tiny_studio(tmp_path)


@pytest.fixture
def app(studio):
    return make_studio(studio)


def browser(app):
    return TestClient(app, base_url="http://127.0.0.1")


def token(client, path="/"):
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found.group(1)


@pytest.fixture
def anna(app):
    return entered(app, "anna")


def entered(app, name):
    client = browser(app)
    client.post("/enter", data={"csrf": token(client), "name": name})
    return client


def press(client, face, action, revision=0, headers=None, **values):
    data = {"csrf": token(client), "revision": str(revision), "action": action}
    data |= {f"set.{name}": value for name, value in values.items()}
    return client.post(
        sheet.face_path(face), data=data, headers=headers, follow_redirects=False
    )


def picture(answer):
    assert answer.status_code == 200
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def test_entering_begins_a_designers_session(app, studio):
    client = browser(app)
    assert "Make avatars of 3 faces" in client.get("/").text
    answer = client.post("/enter", data={"csrf": token(client), "name": " anna "})
    assert answer.url.path == "/"
    assert "0 of 3 faces done" in answer.text
    assert [designer.name for designer in studio.workbook.designers()] == ["anna"]


@pytest.mark.parametrize("name", ["anna", "<b>x</b>", ""])
def test_an_invalid_name_is_reported_next_to_its_field(app, anna, name):
    client = browser(app)
    answer = client.post("/enter", data={"csrf": token(client), "name": name})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<b>x" not in answer.text


def test_a_personal_link_opens_the_work_elsewhere(app, anna):
    press(anna, "ann", "save", skin="dark")
    link = re.search(r'value="(http://127.0.0.1/desk/[^"]+)"', anna.get("/").text)
    assert link is not None
    other = browser(app)
    assert other.get("/desk/wrong").status_code == 404
    assert "begun" in other.get(link.group(1)).text


def test_a_personal_link_leads_to_where_people_reach_the_server(studio):
    client = browser(make_studio(studio, parse_address("http://studio.example/")))
    client.post("/enter", data={"csrf": token(client), "name": "anna"})
    (designer,) = studio.workbook.designers()
    link = f'value="http://studio.example/desk/{designer.token}"'
    assert link in client.get("/").text


def test_only_invited_designers_enter(tmp_path):
    earlier = make_tiny_studio(tmp_path)
    ben = browser(make_studio(earlier))
    ben.post("/enter", data={"csrf": token(ben), "name": "ben"})
    old = earlier.workbook.designers()[0]
    invited = earlier.workbook.enter("anna")
    app = make_studio(make_tiny_studio(tmp_path, invited=("anna",)))
    client = browser(app)
    assert "open the personal link" in client.get("/").text
    assert client.get(f"/desk/{old.token}").status_code == 404
    assert "0 of 3" in client.get(f"/desk/{invited.token}").text
    data = {"csrf": token(client), "name": "cleo"}
    assert client.post("/enter", data=data).status_code == 403
    back = browser(app)
    back.cookies = ben.cookies
    assert back.get("/faces/ann").url.path == "/"


def test_without_entering_nothing_is_visible(app, studio):
    client = browser(app)
    for path in ("/faces/ann", "/faces/ann/picture", "/avatar.png", "/options/x/0.png"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    answer = press(client, "ann", "save", skin="dark")
    assert answer.status_code == 403


def test_leaving_ends_the_session(anna):
    answer = anna.post("/leave", data={"csrf": token(anna)})
    assert "Make avatars" in answer.text


def test_without_a_script_a_form_saves_and_shows_what_it_saved(anna, studio):
    answer = press(anna, "ann", "save", skin="dark", head_width="0.9", hairType="bald")
    assert (answer.status_code, answer.headers["location"]) == (303, "/faces/ann")
    page = anna.get("/faces/ann").text
    assert 'value="dark" autocomplete="off" checked' in page
    assert 'step="0.01" value="0.9"' in page
    assert "Undo<span" in page
    avatar = re.search(r'id="live" src="([^"]+)"', page)
    assert avatar is not None
    shown = picture(anna.get(avatar.group(1).replace("&amp;", "&")))
    assert (shown[0, 0] == 32).all()


def test_undo_redo_copy_and_done_are_buttons_of_the_form(anna, studio):
    press(anna, "ann", "save", skin="dark")
    assert press(anna, "ann", "undo", 1).status_code == 303
    assert studio.workbook.draft("anna", "ann").redo == "skin"
    press(anna, "ann", "redo", 2)
    answer = press(anna, "ann", "done", 3, skin="dark", hairType="bobCut")
    assert answer.headers["location"] == "/faces/bob"
    assert "Copy from ann" in anna.get("/faces/bob").text
    data = {"csrf": token(anna), "revision": "0", "action": "copy", "source": "ann"}
    anna.post("/faces/bob", data=data)
    draft = studio.workbook.draft("anna", "bob")
    assert draft.vector.to_records()[0]["hairType"] == "bobCut"
    assert "1 of 3 faces done" in anna.get("/").text


def test_a_finished_face_stays_finished_until_it_is_reopened(anna, studio):
    press(anna, "ann", "done", skin="dark")
    page = anna.get("/faces/ann").text
    assert '<fieldset id="lock" disabled>' in page
    assert "Reopen to change it" in page
    assert press(anna, "ann", "save", 1, skin="light").status_code == 409
    answer = press(anna, "ann", "save", 1, SCRIPT, skin="light")
    assert "reopen it" in answer.json()["error"]
    assert answer.json()["done"] is True
    assert studio.workbook.draft("anna", "ann").finish is not None
    assert press(anna, "ann", "reopen", 1).status_code == 303
    assert '<fieldset id="lock">' in anna.get("/faces/ann").text
    assert press(anna, "ann", "save", 2, skin="light").status_code == 303


def test_a_parameter_can_be_flagged_as_not_drawable(anna, studio):
    data = {"csrf": token(anna), "revision": "0", "action": "save"}
    asked = {f"flaggable.{name}": "yes" for name in ("skin", "hairType")}
    anna.post("/faces/ann", data=data | asked | {"flag.skin": "yes"})
    assert studio.workbook.draft("anna", "ann").flags == {"skin"}
    page = anna.get("/faces/ann").text
    assert 'name="flag.skin" value="yes" autocomplete="off" checked' in page
    assert page.count("Cannot be drawn on this engine") == len(CANVAS.spec.names)
    anna.post("/faces/ann", data=data | asked)
    assert studio.workbook.draft("anna", "ann").flags == frozenset()


def test_thumbnails_have_the_colours_of_the_avatar(anna):
    press(anna, "ann", "save", skin="dark")
    page = html.unescape(anna.get("/faces/ann").text)
    found = re.search(r'src="(/options/hairType/0.png[^"]*)" data-thumbnail', page)
    assert found is not None
    assert "set.skin=dark" in found[1]
    dark = picture(anna.get(found[1]))
    light = picture(anna.get(found[1].replace("set.skin=dark", "set.skin=light")))
    assert dark.mean() < light.mean()
    assert anna.get("/options/hairType/0.png?set.skin=blue").status_code == 404


def test_after_the_last_face_done_leads_to_the_list(anna):
    for face in ("ann", "odd & 'name'"):
        press(anna, face, "done")
    assert press(anna, "bob", "done").headers["location"] == "/"
    assert "All faces are done" in anna.get("/").text


def test_the_most_similar_finished_face_is_offered(anna):
    press(anna, "odd & 'name'", "done")
    assert "Copy from odd &amp; &#39;name&#39;" in anna.get("/faces/bob").text
    press(anna, "ann", "done")
    assert "Copy from ann" in anna.get("/faces/bob").text


def test_the_script_gets_the_current_state(anna):
    answer = press(anna, "ann", "save", headers=SCRIPT, beard="full").json()
    assert answer["revision"] == 1
    assert answer["values"]["set.beard"] == "full"
    assert answer["active"]["set.beard_colour"] is True
    assert (answer["undo"], answer["redo"], answer["done"]) == ("beard", None, False)
    assert picture(anna.get(answer["avatar"])).shape == (384, 384, 3)


def test_an_outdated_page_gets_the_current_state(anna):
    press(anna, "ann", "save", skin="dark")
    answer = press(anna, "ann", "save", 0, SCRIPT, skin="light", hairType="bobCut")
    assert answer.status_code == 409
    assert answer.json()["values"]["set.skin"] == "dark"
    assert "changed in another window" in answer.json()["error"]
    assert press(anna, "ann", "save", 0, hairType="bobCut").status_code == 409


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "save", "revision": "0", "set.skin": "blue"}, 422),
        ({"action": "save", "revision": "0", "set.skn": "dark"}, 422),
        ({"action": "save", "revision": "0", "set.head_width": "9"}, 422),
        ({"action": "save", "revision": "x"}, 422),
        ({"action": "save", "revision": "1" * 5000}, 422),
        ({"action": "fly", "revision": "0"}, 422),
        ({"revision": "0"}, 422),
        ({"action": "save"}, 422),
        ({"action": "copy", "revision": "0", "source": "bob"}, 422),
        ({"action": "copy", "revision": "0", "source": "../x"}, 422),
    ],
)
@pytest.mark.parametrize("headers", [None, SCRIPT])
def test_invalid_forms_are_rejected_and_change_nothing(
    anna, studio, fields, status, headers
):
    data = {"csrf": token(anna), **fields}
    answer = anna.post("/faces/ann", data=data, headers=headers)
    assert answer.status_code == status
    assert studio.workbook.drafts("anna") == {}


def test_a_form_without_its_token_is_refused(anna, studio):
    answer = anna.post("/faces/ann", data={"action": "done", "revision": "0"})
    assert answer.status_code == 403
    assert studio.workbook.drafts("anna") == {}


@pytest.mark.parametrize(
    "path",
    [
        "/faces/eve",
        "/faces/..%2Fann",
        "/faces/eve/picture",
        "/options/eve/0.png",
        "/options/hairType/9.png",
        "/options/hairType/-1.png",
        "/export/studio.sqlite",
        "/export/flat.ben.csv",
    ],
)
def test_unknown_addresses_are_not_found(anna, app, path):
    press(entered(app, "ben"), "ann", "done")
    press(anna, "ann", "done")
    assert anna.get(path).status_code == 404


def test_inactive_parameters_are_shown_as_inactive(anna):
    def fieldset(page):
        found = re.search(r'<fieldset[^>]*data-field="set.beard_colour"[^>]*>', page)
        assert found is not None
        return found.group()

    page = anna.get("/faces/ann").text
    assert "disabled" in fieldset(page)
    assert "Inactive. Used only while beard is full." in page
    press(anna, "ann", "save", beard="full")
    page = anna.get("/faces/ann").text
    assert "disabled" not in fieldset(page)
    assert 'id="set.beard_colour-condition" hidden' in page


def test_every_field_has_an_accessible_name(anna):
    page = anna.get("/faces/ann").text
    for choice in CANVAS.spec.discrete:
        legend = sheet.capitalise(sheet.words(choice.name))
        assert f"<legend>{legend}</legend>" in page
    assert '<label for="set.head_width">Head width</label>' in page
    assert page.count('type="radio"') == 9
    assert "bun&lt;i&gt;" in page
    assert "<i>" not in page
    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)


def test_odd_names_of_faces_are_quoted(anna):
    path = sheet.face_path("odd & 'name'")
    assert anna.get(path).status_code == 200
    assert path.replace("'", "&#39;") in anna.get("/").text
    assert picture(anna.get(f"{path}/picture?size=small")).shape == (128, 128, 3)


def test_odd_names_stay_text_in_what_the_script_reads(anna):
    press(anna, "odd & 'name'", "done", hairType="bun<i>")
    data = {"csrf": token(anna), "revision": "0", "action": "copy"}
    anna.post("/faces/ann", data=data | {"source": "odd & 'name'"})
    found = re.search(r"data-state='([^']*)'", anna.get("/faces/ann").text)
    assert found is not None
    state = json.loads(html.unescape(found.group(1)))
    assert state["undo"] == "copy of odd & 'name'"
    assert state["values"]["set.hairType"] == "bun<i>"


def test_thumbnails_show_where_options_differ(anna):
    bald, bob = (picture(anna.get(f"/options/hairType/{i}.png")) for i in (0, 1))
    assert bald.shape == (96, 96, 3)
    assert (bald != bob).any(axis=-1).mean() > 0.05
    cached = anna.get("/options/hairType/0.png").headers["cache-control"]
    assert "immutable" in cached
    assert "private" in cached


@pytest.mark.parametrize("query", ["set.skin=blue", "set.nose=1", "set.head_width=-1"])
def test_invalid_avatar_queries_are_rejected(anna, query):
    assert anna.get(f"/avatar.png?{query}").status_code == 422


def test_a_designers_own_file_can_be_downloaded_once_a_face_is_done(anna, studio):
    assert "as soon as one face is done" in anna.get("/").text
    press(anna, "ann", "done", skin="dark")
    press(anna, "bob", "save", skin="dark")
    assert "/export/flat.anna.csv" in anna.get("/").text
    answer = anna.get("/export/flat.anna.csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert list(json.loads(answer.content)) == ["ann"]


def test_designers_do_not_see_each_other(app, anna, studio):
    ben = entered(app, "ben")
    press(anna, "ann", "done", skin="dark")
    assert "Copy from" not in ben.get("/faces/bob").text
    assert "0 of 3" in ben.get("/").text
    assert 'value="light" autocomplete="off" checked' in ben.get("/faces/ann").text
