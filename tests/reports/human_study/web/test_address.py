"""Addresses of --public-url and --root-path, in any spelling."""

import pytest
from fastapi import Request
from reverse_proxy import browser_at

from reports.human_study.web import (
    AddressError,
    Pages,
    Setup,
    csrf_token,
    make_app,
    parse_address,
)

SECRET = bytes(range(32))


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://rate.example", "https://rate.example"),
        (" https://rate.example/ ", "https://rate.example"),
        ("HTTPS://Rate.EXAMPLE", "https://rate.example"),
        ("https://rate.example:443", "https://rate.example"),
        ("http://rate.example:80/", "http://rate.example"),
        ("http://rate.example:443", "http://rate.example:443"),
        ("https://größe.example", "https://xn--gre-6ka8i.example"),
        ("https://xn--GRE-6ka8i.example", "https://xn--gre-6ka8i.example"),
        ("http://[2001:DB8:0::1]:8000", "http://[2001:db8::1]:8000"),
        ("http://lab_server:8000", "http://lab_server:8000"),
        ("https://example.org/study/", "https://example.org/study"),
    ],
)
def test_addresses_have_one_spelling(typed, url):
    assert parse_address(typed).url == url


@pytest.mark.parametrize(
    "typed",
    [
        "rate.example",
        "ftp://rate.example",
        "https://",
        "https://user:secret@rate.example",
        "https://rate example",
        "https://rate.example:port",
        "https://rate.example:99999",
        "https://[::1",
        "https://rate.example/?a=1",
        "https://rate.example/#top",
        "https://rate.example/a/../b",
        "https://rate.example/a b",
    ],
)
def test_addresses_that_browsers_cannot_open_are_refused(typed):
    with pytest.raises(AddressError, match="expected http"):
        parse_address(typed)


def test_the_prefix_is_given_once():
    assert parse_address(None, "study/").root == "/study"
    assert parse_address(None, "/").root == ""
    both = parse_address("https://example.org/study", "/study")
    assert both.url == "https://example.org/study"
    assert parse_address("https://example.org", "/a/b").url == "https://example.org/a/b"
    with pytest.raises(AddressError, match="differs from the path of --public-url"):
        parse_address("https://example.org/one", "/two")
    with pytest.raises(AddressError, match="such as /study"):
        parse_address(None, "/a b")


@pytest.mark.parametrize(
    ("public", "origin", "host"),
    [
        ("HTTPS://Größe.example ", "https://xn--gre-6ka8i.example", None),
        ("https://rate.example:443", "https://rate.example", "rate.example:443"),
        ("https://rate.example", "https://rate.example", "127.0.0.1:8000"),
        ("http://[2001:db8:0::1]:8000", "http://[2001:db8::1]:8000", None),
        (None, "http://[::1]:8000", None),
        (None, "http://localhost", "localhost:80"),
        (None, "http://localhost.", None),
    ],
)
def test_pages_and_forms_work_however_the_address_is_typed(public, origin, host):
    app = make_app(
        Setup("Test", SECRET, address=parse_address(public)),
        Pages("reports.human_study.web", "Test"),
    )

    @app.post("/form")
    def form():
        return "stored"

    @app.get("/token")
    def token(request: Request):
        return csrf_token(request)

    browser = browser_at(app, origin)
    if host is not None:
        browser.headers["Host"] = host
    given = browser.get("/token")
    assert given.status_code == 200
    assert browser.post("/form", data={"csrf": given.json()}).json() == "stored"
