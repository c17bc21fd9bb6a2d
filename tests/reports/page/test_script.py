"""The page in a browser: sorting, hiding and filtering; accessibility without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium, find_violations
from playwright.sync_api import Browser, Page

from reports.write import write_reports

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(full_run: Path) -> str:
    return write_reports(full_run).page.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    yield page
    page.close()
    assert errors == []


def labels(page: Page) -> list[str]:
    return page.locator("#table-1 tbody th[scope=row]:visible").all_inner_texts()


def test_a_column_sorts_best_first_then_worst_first_then_as_printed(page):
    printed = labels(page)
    button = page.locator("#table-1 thead button").filter(has_text="ST-LPIPS").first
    button.press("Enter")
    ordered = labels(page)
    assert ordered[0] == "Supervised †"
    assert ordered[-1] == "Random (control)"
    head = page.locator("#table-1 thead th[aria-sort]")
    assert head.get_attribute("aria-sort") == "ascending"
    button.press("Enter")
    assert labels(page)[0] == "Random (control)"
    assert head.get_attribute("aria-sort") == "descending"
    button.press("Enter")
    assert labels(page) == printed
    assert page.locator("#table-1 thead th[aria-sort]").count() == 0


def test_higher_is_better_sorts_downwards(page):
    button = page.locator("#all-heldout-designer-a thead button")
    button.filter(has_text="Accuracy").press("Enter")
    head = page.locator("#all-heldout-designer-a thead th[aria-sort]")
    assert head.get_attribute("aria-sort") == "descending"


def test_columns_are_hidden_with_their_group(page):
    table = page.locator("#table-1")
    table.locator("details.choices summary").press("Enter")
    before = table.locator("tbody tr").first.locator("td:visible").count()
    for name in ("Speed (Hz) Model ↑", "Speed (Hz) With render ↑"):
        table.get_by_label(name, exact=True).uncheck()
    assert table.locator("tbody tr").first.locator("td:visible").count() == before - 2
    groups = table.locator("thead th[scope=colgroup]:visible").all_inner_texts()
    assert groups == ["toon-tiktok", "avataaars"]


def test_rows_are_filtered(page):
    table = page.locator("#table-1")
    table.locator("details.choices summary").press("Enter")
    table.get_by_label("Random (control)").uncheck()
    assert "Random (control)" not in labels(page)
    table.get_by_label("Random (control)").check()
    assert "Random (control)" in labels(page)


def test_a_number_opens_the_settings_of_its_trial(page):
    page.locator("#table-1 a.cell").first.press("Enter")
    target = page.locator("#trial-baseline--toon-tiktok")
    target.wait_for(state="visible")
    assert "trial.json" in target.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_is_accessible_and_fits_the_screen(browser, address, scheme, width):
    page = browser.new_page(
        color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page.goto(address)
    assert find_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_without_script_the_page_is_complete(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("button").count() == 0
    assert page.locator("#table-1 tbody tr").count() == 5
    assert page.locator("#summary .verdict").is_visible()
    context.close()
