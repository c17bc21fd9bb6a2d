"""Malicious requests, and what pages may reveal."""

import io
import json
import re

import pytest
from PIL import Image
from visitor import a_site

from reports.human_study.design.study import KEY_FILE
from reports.human_study.site.tables import Participant

SCRIPT = "<script>alert(1)</script>"
POSTS = ("/consent", "/rate/1", "/withdraw", "/leave", "/admin", "/admin/leave")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One site for all probes, so that leftovers of one could affect the next."""
    folder = tmp_path_factory.mktemp("probed")
    site = a_site(folder, faces=2, engines=("toon",), catches=1, repeats=0)
    yield site
    site.database.close()


@pytest.fixture
def visitor(served):
    somebody = served.visitor()
    somebody.begin()
    return somebody


@pytest.mark.parametrize("path", [*POSTS, "/admin/withdraw"])
def test_every_form_needs_its_token(visitor, path):
    form = visitor.hidden() | {"csrf": "x", "choice": visitor.choices()[0]}
    assert visitor.client.post(path, data=form).status_code == 403
    del form["csrf"]
    assert visitor.client.post(path, data=form).status_code == 403


@pytest.mark.parametrize("path", POSTS)
def test_no_other_site_can_post_for_a_visitor(visitor, path):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    form = visitor.hidden() | {"choice": visitor.choices()[0], "agree": "yes"}
    answer = visitor.client.post(path, data=form, headers=headers)
    assert answer.status_code == 403
    visitor.open("/rate")
    assert visitor.path == "/rate/1"


def test_no_route_but_known_ones_changes_anything(served):
    """GET changes nothing except the last visit. All other methods are known forms."""
    unsafe = {
        (method, route.path)
        for part in served.app.routes
        for route in getattr(part, "routes", None) or [part]
        for method in getattr(route, "methods", None) or ()
        if method not in ("GET", "HEAD")
    }
    assert all(method == "POST" for method, _ in unsafe)


@pytest.mark.parametrize(
    "fields",
    [
        {"choice": SCRIPT},
        {"choice": ""},
        {"choice": "0" * 8},
        {"choice": "../../key"},
        {"revision": "-1"},
        {"revision": "1e3"},
        {"revision": "²"},
        {"revision": ""},
    ],
)
def test_choices_that_no_form_offers_are_refused(visitor, fields):
    sent = {"choice": visitor.choices()[0]} | fields
    page = visitor.submit("/rate/1", **sent)
    assert page.status_code == 400
    assert SCRIPT not in page.text
    visitor.open("/rate")
    assert visitor.path == "/rate/1"


@pytest.mark.parametrize(
    "stamp", ["", "x", "a:b:1", "a:b:1.c2ln", SCRIPT, "é", "\x00", "." * 500]
)
def test_forged_stamps_are_refused(visitor, stamp):
    page = visitor.submit("/rate/1", stamp=stamp, choice=visitor.choices()[0])
    assert page.status_code == 409


def test_a_stamp_is_valid_for_one_face_and_one_participant(served, visitor):
    stamp = visitor.hidden()["stamp"]
    visitor.answer()
    choice = visitor.choices()[0]
    assert visitor.submit("/rate/2", stamp=stamp, choice=choice).status_code == 409
    other = served.visitor()
    other.begin()
    choice = other.choices()[0]
    assert other.submit("/rate/1", stamp=stamp, choice=choice).status_code == 409


def test_faces_cannot_be_answered_out_of_turn(served, visitor):
    person = visitor.open("/instructions").text.partition("<code>")[2][:12]
    visitor.open("/rate")
    with served.database.reading() as session:
        assignment = session.get(Participant, person).assignment
    shown = served.study.assignment(assignment).shown[2]
    stamp = served.app.state.site.stamp(person, shown, 1)
    visitor.submit("/rate/3", stamp=stamp, choice=shown.order[0])
    assert visitor.path == "/rate/1"


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/../key.json",
        "/pictures/..%2fkey.json",
        "/pictures/..%2f..%2fstudy.webp",
        "/pictures/%2e%2e/key.json",
        "/pictures/key.json",
        "/pictures/00000000.webp",
        "/pictures/%00.webp",
        "/key.json",
        "/study.json",
        "/static/site/../application.py",
        "/static/site/..%2fapplication.py",
        "/docs",
        "/openapi.json",
        "/rate/0",
        "/rate/99999999999999999999",
        "/rate/-1",
        "/rate/x",
        "/p/",
        "/p/" + "x" * 22,
        "/p/" + "x" * 5000,
        "/p/%00",
        "/p/..%2f..%2fetc%2fpasswd",
    ],
)
def test_guessed_addresses_are_not_found(visitor, path):
    page = visitor.open(path)
    assert page.status_code in (400, 404, 422)
    assert "secret" not in page.text.lower()


def test_pictures_are_for_those_who_take_part(served, visitor):
    name = next(iter(served.study.pictures))
    answer = visitor.client.get(f"/pictures/{name}.webp")
    assert answer.headers["content-type"] == "image/webp"
    assert "private" in answer.headers["cache-control"]
    stranger = served.visitor()
    assert stranger.client.get(f"/pictures/{name}.webp").status_code == 404


def test_input_is_escaped(served, visitor):
    for path in (f"/?lang={SCRIPT}", f"/{SCRIPT}", f"/?next={SCRIPT}"):
        assert SCRIPT not in visitor.open(path).text
    page = served.visitor().open("/", headers={"Accept-Language": SCRIPT})
    assert SCRIPT not in page.text


def test_large_bodies_are_rejected(visitor):
    form = visitor.hidden() | {"choice": "x" * 20_000}
    assert visitor.client.post("/rate/1", data=form).status_code == 413


def test_forged_cookies_are_rejected(served, visitor):
    name, value = next(iter(visitor.client.cookies.items()))
    forger = served.visitor()
    payload, rest = value.split(".", 1)
    forger.client.cookies.set(name, payload[:-4] + "AAAA." + rest)
    forger.open("/rate")
    assert forger.path == "/"


def test_no_response_reveals_methods(served, visitor, leader):
    """Compare every page, picture and header of a complete visit with the key."""
    key = json.loads((served.study.folder / KEY_FILE).read_text())
    secrets = [*key["methods"], *key["methods"].values(), key["run"], "catch", "repeat"]
    seen = []
    while visitor.path.startswith("/rate/"):
        seen.append(visitor.page)
        visitor.answer()
    seen.append(visitor.page)
    seen += [visitor.open(path) for path in ("/instructions", "/withdraw", "/missing")]
    seen.append(leader.open("/admin"))
    pictures = [
        visitor.client.get(f"/pictures/{name}.webp") for name in served.study.pictures
    ]
    texts = [without_random_parts(page.text) for page in seen]
    texts += [
        f"{name}: {without_random_parts(value, name)}"
        for answer in (*seen, *pictures)
        for name, value in answer.headers.items()
    ]
    for text in texts:
        assert [s for s in secrets if s.lower() in text.lower()] == []
    # Random bytes may spell a short name, so the pictures are checked for metadata.
    for picture in pictures:
        kept = Image.open(io.BytesIO(picture.content)).info
        assert not {"exif", "xmp", "icc_profile"} & set(kept)


RANDOM_PARTS = (
    r'(?<=name="csrf" value=")[^"]*',
    r'(?<=name="stamp" value=")[^"]*',
    r"(?<=/p/)[\w-]+",
    r'(?<=class="completion">)\w+',
)


def without_random_parts(text: str, header: str = "") -> str:
    """The text without tokens, codes and cookies, which may spell any short name."""
    if header == "set-cookie":
        return re.sub(r"=[^;]*", "=", text, count=1)
    if header == "etag":
        return ""
    return re.sub("|".join(RANDOM_PARTS), "", text)
