"""The rating site and the studio behind a reverse proxy, and HEAD requests."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from reverse_proxy import ReverseProxy, browser_at
from tiny_studio import make_tiny_studio
from visitor import Visitor, a_site, restarted

from reports.human_study.studio.app import make_studio
from reports.human_study.web import THIS_MACHINE, AddressError, parse_address

PUBLIC = parse_address("https://Example.org:443/lab/study/")
ORIGIN, ROOT = "https://example.org", "/lab/study"
BEHIND = [(False, None), (True, None), (False, "127.0.0.1:8000"), (True, "localhost")]
TARGET = re.compile(r'(?:href|src|action|data-root|value)="(/[^"]*)"')


@pytest.fixture
def site(tmp_path):
    served = a_site(tmp_path, faces=2, engines=("toon",), catches=1, repeats=0)
    yield restarted(served, address=PUBLIC)
    served.database.close()


def proxied(app, keeps_prefix=False, host=None):
    return browser_at(ReverseProxy(app, ROOT, keeps_prefix, host), ORIGIN)


def visitor_of(client) -> Visitor:
    visitor = Visitor(client.app)
    visitor.client = client
    return visitor


def check_targets(client, page):
    """Everything that the page names lies below the prefix and exists."""
    targets = {unescape(target) for target in TARGET.findall(page.text)}
    assert targets
    for target in targets:
        assert f"{target}/".startswith(f"{ROOT}/")
        if "/static/" in target or "/picture" in target or ".png" in target:
            assert client.get(target).status_code == 200, target


@pytest.mark.parametrize(("keeps_prefix", "host"), BEHIND)
def test_a_rater_finishes_behind_a_proxy(site, keeps_prefix, host):
    client = proxied(site.app, keeps_prefix, host)
    rater = visitor_of(client)
    check_targets(client, rater.open(f"{ROOT}/"))
    assert rater.submit(f"{ROOT}/consent", agree="yes").url.path.endswith(
        "/instructions"
    )
    check_targets(client, rater.page)
    link = f"{ORIGIN}{ROOT}/p/"
    assert f'href="{link}' in rater.page.text
    check_targets(client, rater.open(f"{ROOT}/rate"))
    while rater.path.startswith(f"{ROOT}/rate/"):
        rater.answer()
    assert rater.path == f"{ROOT}/thanks"
    check_targets(client, rater.page)
    cookies = [(c.path, c.secure) for c in client.cookies.jar]
    assert cookies == [(ROOT, True)]
    ticket = re.findall(rf"{link}([\w-]+)", rater.page.text)[0]
    again = proxied(site.app, keeps_prefix, host)
    assert again.get(f"{ROOT}/p/{ticket}").url.path == f"{ROOT}/thanks"


def test_the_leader_works_behind_a_proxy(site):
    client = proxied(site.app)
    leader = visitor_of(client)
    leader.open(f"{ROOT}/admin/")
    assert leader.path == f"{ROOT}/admin"
    leader.submit(f"{ROOT}/admin", token="a-token-for-tests")
    check_targets(client, leader.page)
    assert client.get(f"{ROOT}/admin/judgements.csv").status_code == 200


@pytest.mark.parametrize(("keeps_prefix", "host"), BEHIND)
def test_a_designer_works_behind_a_proxy(tmp_path, keeps_prefix, host):
    studio = make_tiny_studio(tmp_path)
    client = proxied(make_studio(studio, PUBLIC), keeps_prefix, host)
    page = client.get(ROOT)
    check_targets(client, page)

    def press(path, **values):
        found = dict(re.findall(r'name="(csrf|revision)" value="([^"]+)"', page.text))
        return client.post(path, data=found | values)

    page = press(f"{ROOT}/enter", name="anna")
    assert page.url.path == f"{ROOT}/"
    (designer,) = studio.workbook.designers()
    assert f"{ORIGIN}{ROOT}/desk/{designer.token}" in page.text
    page = client.get(f"{ROOT}/faces/ann")
    check_targets(client, page)
    page = press(f"{ROOT}/faces/ann", action="done", **{"set.skin": "dark"})
    assert page.url.path == f"{ROOT}/faces/bob"
    check_targets(client, client.get(f"{ROOT}/"))
    assert client.get(f"{ROOT}/export/flat.anna.csv").status_code == 200


def test_error_pages_lead_back_to_the_prefix(site):
    client = proxied(site.app)
    for path in ("/missing", "/static/site/missing", "/rate/1/2/3"):
        page = client.get(ROOT + path)
        assert page.status_code == 404
        assert f'href="{ROOT}/"' in page.text


def test_redirects_name_no_host(site):
    client = proxied(site.app, host="127.0.0.1:8000")
    for path in ("/admin/", "/rate", "/thanks"):
        answer = client.get(ROOT + path, follow_redirects=False)
        target = answer.headers["location"]
        assert urlsplit(target).netloc == ""
        assert urlsplit(urljoin(ORIGIN, target)).path.startswith(f"{ROOT}/")


def test_the_prefix_works_without_a_proxy_too(site):
    local = browser_at(site.app, "http://127.0.0.1:8000")
    assert f'href="{ROOT}/static/web/frame.css"' in local.get("/").text
    assert local.get(f"{ROOT}/static/web/frame.css").status_code == 200


@pytest.mark.parametrize("prefix", ["/rate", "/static/x", "/admin"])
def test_a_prefix_that_is_also_a_page_is_refused(site, prefix):
    with pytest.raises(AddressError, match=f"prefix {prefix} .* choose another prefix"):
        restarted(site, address=parse_address(None, prefix))


def test_head_answers_like_get(site, tmp_path):
    rater = restarted(site, address=THIS_MACHINE).visitor()
    rater.begin()
    picture = re.findall(r"/pictures/\w+\.webp", rater.page.text)[0]
    rating = ["/", "/rate/1", "/instructions", "/admin", picture, "/missing"]
    studio = browser_at(make_studio(make_tiny_studio(tmp_path)), "http://127.0.0.1")
    for client, paths in (
        (rater.client, [*rating, "/static/web/frame.css", "/thanks"]),
        (studio, ["/", "/faces/ann", "/static/studio/studio.css", "/avatar.png"]),
    ):
        for path in paths:
            head = client.head(path, follow_redirects=False)
            get = client.get(path, follow_redirects=False)
            assert head.status_code == get.status_code, path
            for name in ("location", "content-type"):
                assert head.headers.get(name) == get.headers.get(name)
