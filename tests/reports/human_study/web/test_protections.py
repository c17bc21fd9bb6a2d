"""The protections of the shared web app, tested with requests."""

import re

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from reports.human_study.web import (
    Body,
    Fields,
    Pages,
    Setup,
    make_app,
    parse_address,
)
from reports.human_study.web.rates import Limit, Rate

SECRET = bytes(range(32))
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def app_with_routes(**setup) -> FastAPI:
    settings = Setup("Test", SECRET, ("en", "de"), body_bytes=1000, **setup)
    pages = Pages("reports.human_study.web", "Test", ("en", "de"))
    app = make_app(settings, pages)

    @app.get("/form")
    def form(request: Request):
        message = {"title": "Form", "text": request.query_params.get("say", "")}
        page = pages.render(request, "web/error.html.jinja", message=message)
        page.headers["Token"] = request.session["csrf"]
        return page

    @app.post("/form")
    def keep(fields: Fields):
        return dict(fields)

    @app.post("/json")
    def take(body: Body):
        return dict(body)

    @app.get("/defect")
    def fail():
        raise RuntimeError("secret detail")

    return app


@pytest.fixture
def client():
    return TestClient(
        app_with_routes(),
        base_url="http://127.0.0.1",
        raise_server_exceptions=False,
    )


def token(client) -> str:
    return client.get("/form").headers["Token"]


def test_a_form_with_its_token_is_read(client):
    answer = client.post("/form", data={"csrf": token(client), "name": "Ä b"})
    assert answer.json() == {"name": "Ä b"}


def test_json_with_the_token_in_a_header_is_read(client):
    headers = {"X-CSRF-Token": token(client)}
    answer = client.post("/json", json={"a": [1]}, headers=headers)
    assert answer.json() == {"a": [1]}


@pytest.mark.parametrize("given", ["", "x", "ä", None])
def test_a_wrong_token_is_refused(client, given):
    token(client)
    data = {"name": "x"} if given is None else {"csrf": given}
    assert client.post("/form", data=data).status_code == 403


def test_a_token_of_another_browser_is_refused(client):
    other = TestClient(client.app, base_url="http://127.0.0.1")
    token(client)
    assert client.post("/form", data={"csrf": token(other)}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_origin_is_refused_even_with_the_token(client, headers):
    data = {"csrf": token(client)}
    assert client.post("/form", data=data, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"a=1&a=2", FORM, 400),
        (b"a=%FF", FORM, 400),
        (b"\xff=1", FORM, 400),
        (b"novalue", FORM, 400),
        (b"&".join(b"f%d=1" % i for i in range(70)), FORM, 400),
        (b"[1]", {"Content-Type": "application/json"}, 400),
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"[" * 900, {"Content-Type": "application/json"}, 400),
        (b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"a=1", {"Content-Type": "text/plain"}, 415),
        (b"a=" + b"x" * 1000, FORM, 413),
        (b"", {}, 415),
    ],
)
def test_invalid_bodies_are_rejected(client, content, headers, status):
    headers = {"X-CSRF-Token": token(client), **headers}
    answer = client.post("/form", content=content, headers=headers)
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_a_body_without_a_length_is_cut_off(client):
    chunks = (b"x" * 400 for _ in range(10))
    headers = {"X-CSRF-Token": token(client), **FORM}
    assert client.post("/form", content=chunks, headers=headers).status_code == 413


def test_a_form_endpoint_refuses_json_values(client):
    headers = {"X-CSRF-Token": token(client)}
    assert client.post("/form", json={"a": 1}, headers=headers).status_code == 415


@pytest.mark.parametrize(
    "path", ["/form", "/missing", "/defect", "/static/web/frame.css"]
)
def test_every_answer_carries_the_headers(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "cache-control" in headers


def test_the_cookie_is_kept_from_scripts_and_other_sites(client):
    cookie = client.get("/form").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


def test_behind_https_the_cookie_stays_there():
    app = app_with_routes(address=parse_address("https://rate.example/"))
    client = TestClient(app, base_url="https://rate.example")
    answer = client.get("/form")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers


def test_behind_a_proxy_that_renames_the_host_the_public_origin_counts():
    app = app_with_routes(address=parse_address("http://rate.example/"))
    client = TestClient(app, base_url="http://127.0.0.1")
    for origin, status in (("http://rate.example", 200), ("http://x.example", 403)):
        data = {"csrf": token(client)}
        answer = client.post("/form", data=data, headers={"Origin": origin})
        assert answer.status_code == status


def test_a_forged_cookie_is_an_empty_session(client):
    client.cookies.set("avatarbench", "eyJjc3JmIjoieCJ9.x.y")
    assert client.post("/form", data={"csrf": "x"}).status_code == 403


def test_another_host_name_is_refused(client):
    answer = client.get("/form", headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_values_are_escaped(client):
    text = client.get("/form", params={"say": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_internal_errors_reveal_nothing(client):
    answer = client.get("/defect")
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_errors_speak_the_reader_s_language(client):
    german = client.get("/missing", headers={"Accept-Language": "de-AT,en;q=0.5"})
    assert 'lang="de"' in german.text
    assert german.headers["content-language"] == "de"
    assert 'lang="en"' in client.get("/missing").text


def test_scripts_get_errors_as_json(client):
    answer = client.get("/missing", headers={"Accept": "application/json"})
    assert "does not exist" in answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/web/../pages.py",
        "/static/web/..%2fpages.py",
        "/static/web/%2e%2e/pages.py",
        "/static/web//etc/passwd",
        "/static/web/",
    ],
)
def test_static_files_end_at_their_folder(client, path):
    assert client.get(path).status_code in (404, 405)


def test_too_many_requests_must_wait():
    client = TestClient(
        app_with_routes(rate=Rate(per_second=0.01, burst=3)),
        base_url="http://127.0.0.1",
    )
    answers = [client.get("/form") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 100


def test_tokens_come_back_with_time():
    now = [0.0]
    limit = Limit(Rate(per_second=2, burst=1), clock=lambda: now[0])
    assert limit.wait("a") == 0
    assert limit.wait("a") == pytest.approx(0.5)
    assert limit.wait("b") == 0
    now[0] = 0.5
    assert limit.wait("a") == 0


def test_a_short_secret_is_refused():
    pages = Pages("reports.human_study.web", "Test")
    with pytest.raises(ValueError, match="32 bytes"):
        make_app(Setup("Test", b"short"), pages)


def test_pages_have_no_inline_script_or_style(client):
    text = client.get("/form").text
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text)
