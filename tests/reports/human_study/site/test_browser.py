"""The rating site in a real browser: complete visits and accessibility."""

from __future__ import annotations

from collections import Counter

import pytest
from browser import chromium, find_violations
from playwright.sync_api import BrowserContext, Page, expect
from serving import TOKEN, serving
from tiny_study import make_study

from reports.human_study.design.ratings_table import parse_ratings
from reports.human_study.design.study import read_study

pytestmark = pytest.mark.slow
PATIENCE_MS = 180_000
ATTEMPTS = 6
WIDTHS = (320, 1440)


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def server(tmp_path):
    study = make_study(
        tmp_path / "study", faces=2, engines=("toon",), catches=1, repeats=1
    )
    with serving(study.folder) as running:
        yield running


def visit(browser, server, **options) -> tuple[BrowserContext, Page]:
    """A separate browser window. Console warnings and errors fail the test."""
    context = browser.new_context(base_url=server.url, **options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("console", lambda message: complain(page, message))
    page.on("request", lambda asked: at_home(server, asked.url))
    return context, page


def complain(page, message):
    if message.type in ("error", "warning") and "status of 4" not in message.text:
        raise AssertionError(f"{page.url}: {message.text}")


def at_home(server, url):
    assert url.startswith((server.url, "data:")), url


def rating_page(browser, server, **options) -> Page:
    _, page = visit(browser, server, **options)
    join(page)
    page.wait_for_load_state("networkidle")
    return page


def test_touch_screens_get_no_keyboard_hint(browser, server):
    desk = rating_page(browser, server)
    expect(desk.locator(".keys")).to_be_visible()
    phone = rating_page(browser, server, has_touch=True, is_mobile=True)
    expect(phone.locator(".keys")).to_be_hidden()
    for page in (desk, phone):
        page.context.close()


def test_pictures_stand_on_the_same_backdrop_in_light_and_dark(browser, server):
    colours = set()
    for scheme in ("light", "dark"):
        page = rating_page(browser, server, color_scheme=scheme)
        colour = "node => getComputedStyle(node).backgroundColor"
        colours.add(page.locator(".trial").evaluate(colour))
        page.context.close()
    assert len(colours) == 1


def test_a_practice_answer_is_acknowledged_without_a_request(browser, server):
    _, page = visit(browser, server)
    page.goto("/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button").click()
    done = page.get_by_text("That is all you have to do")
    expect(done).to_be_hidden()
    page.get_by_role("radio").first.check()
    expect(done).to_be_visible()
    assert page.url.endswith("/instructions")
    assert find_violations(page) == []


def join(page: Page) -> None:
    page.goto("/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button").click()
    page.get_by_role("link", name="Begin").click()


def finish(page: Page, option: int, clicks: int = 1) -> None:
    """Answer the remaining faces with the mouse, always with the same option."""
    while "/rate/" in page.url:
        here = page.url
        for _ in range(ATTEMPTS):
            page.get_by_role("radio", name=f"Option {option}", exact=True).check()
            button = page.get_by_role("button", name="Next")
            button.click(click_count=clicks, no_wait_after=True)
            if has_left(page, here):
                break
    page.wait_for_url("**/thanks")


def has_left(page: Page, here: str) -> bool:
    """Whether the page continues; False if a second click reloaded it.

    That empties the choice, and a person would make it again.
    """
    try:
        expect(page).not_to_have_url(here, timeout=PATIENCE_MS / ATTEMPTS)
    except AssertionError:
        return False
    return True


def test_people_of_many_kinds_rate_to_the_end(browser, server, tmp_path):
    kinds = [double_clicks, closes_the_browser, keys_alone, without_script]
    codes = [kind(browser, server) for kind in kinds]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    context, _ = visit(browser, server)
    answer = context.request.get("/admin/judgements.csv", headers=headers)
    path = tmp_path / "site.csv"
    path.write_bytes(answer.body())
    context.close()
    rows = parse_ratings(path, read_study(server.study))
    assert Counter(row.participant for row in rows) == dict.fromkeys(codes, 4)
    slots = {code: {r.slot for r in rows if r.participant == code} for code in codes}
    assert [slots[code] for code in codes] == [{1}, {2}, {3}, {4}]
    assert {row.revisions for row in rows} == {0}


def code_of(page: Page) -> str:
    return page.locator("p code").last.inner_text()


def double_clicks(browser, server) -> str:
    context, page = visit(browser, server)
    join(page)
    finish(page, option=1, clicks=2)
    code = code_of(page)
    context.close()
    return code


def closes_the_browser(browser, server) -> str:
    context, page = visit(browser, server)
    page.goto("/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button").click()
    link = page.locator(".link a").inner_text()
    page.get_by_role("link", name="Begin").click()
    page.get_by_role("radio", name="Option 2", exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/rate/2")
    context.close()

    context, page = visit(browser, server)
    page.goto(link)
    assert page.url.endswith("/rate/2")
    finish(page, option=2)
    code = code_of(page)
    context.close()
    return code


def keys_alone(browser, server) -> str:
    context, page = visit(browser, server)
    page.goto("/")
    tab_to(page, "input[type=checkbox]")
    page.keyboard.press("Space")
    tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/instructions")
    tab_to(page, "main a.button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rate/1")
    while "/rate/" in page.url:
        here = page.url
        page.locator(".keys button").wait_for()
        page.keyboard.press("3")
        page.keyboard.press("Enter")
        expect(page).not_to_have_url(here, timeout=PATIENCE_MS)
    code = code_of(page)
    context.close()
    return code


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, like a user without a mouse."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def without_script(browser, server) -> str:
    context, page = visit(browser, server, java_script_enabled=False)
    join(page)
    finish(page, option=4, clicks=2)
    code = code_of(page)
    context.close()
    return code


def test_number_keys_can_be_switched_off(browser, server):
    context, page = visit(browser, server)
    join(page)
    page.get_by_role("button", name="Switch these keys off").click()
    page.keyboard.press("2")
    assert page.locator("input:checked").count() == 0
    page.reload()
    page.get_by_role("button", name="Switch the keys on").click()
    page.keyboard.press("2")
    assert page.locator("input:checked").get_attribute("data-key") == "2"
    context.close()


@pytest.mark.parametrize("width", [768, 1080, 1440])
def test_three_options_are_in_one_row_or_column(browser, tmp_path, width):
    study = make_study(tmp_path / "study", faces=1, methods=3, engines=("toon",))
    with serving(study.folder) as server:
        view = {"width": width, "height": 700}
        context, page = visit(browser, server, viewport=view)
        join(page)
        # evaluate_all does not wait for its elements.
        page.locator(".grid .option").nth(2).wait_for()
        tops = page.locator(".grid .option").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().top)"
        )
        assert len(tops) == 3
        assert len(set(tops)) == 1
        context.close()


def test_every_page_is_accessible(browser, server, tmp_path):
    """No axe violations and no page wider than the window; saves screenshots."""
    context, page = visit(browser, server)
    checks = PageCheck(page, tmp_path / "screens")
    page.goto("/")
    checks.at("consent")
    page.get_by_role("checkbox").check()
    page.get_by_role("button").click()
    checks.at("instructions")
    page.get_by_role("link", name="Begin").click()
    checks.at("rate")
    page.get_by_role("radio", name="Option 2", exact=True).check()
    checks.at("rate-chosen")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    checks.at("rate-dark")
    page.emulate_media(color_scheme="light")
    page.evaluate("document.querySelector('#rate').noValidate = true")
    page.evaluate("document.querySelector('input:checked').checked = false")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("alert").wait_for()
    checks.at("rate-nothing-chosen")
    finish(page, option=2)
    checks.at("thanks")
    page.goto("/rate/1")
    checks.at("change")
    page.goto("/missing")
    checks.at("missing")
    page.goto("/admin")
    checks.at("login")
    page.get_by_label("Admin token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    checks.at("admin")
    page.emulate_media(color_scheme="dark")
    checks.at("admin-dark")
    page.goto("/withdraw")
    checks.at("withdraw")
    page.get_by_role("button", name="Delete all my answers").click()
    page.wait_for_url("**/withdrawn")
    checks.at("withdrawn")
    context.close()
    assert checks.found == {}


class PageCheck:
    """Screenshots of a page at every width, and its problems."""

    def __init__(self, page: Page, folder) -> None:
        self.page = page
        self.folder = folder
        self.found: dict[str, list[str]] = {}

    def at(self, name: str) -> None:
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            path = self.folder / f"{name}-{width}.png"
            self.page.screenshot(path=path, full_page=True)
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            problems = find_violations(self.page)
            if wide > width:
                problems.append(f"the page is {wide} px wide")
            if problems:
                self.found[f"{name} at {width}"] = problems
