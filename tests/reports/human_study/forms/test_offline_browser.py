"""The offline form in a real browser, opened as a file without network."""

import pytest
import tiny_study
from browser import chromium, find_violations

from reports.human_study.forms.answers import import_sheets
from reports.human_study.forms.handouts import write_forms, write_preview

pytestmark = pytest.mark.slow
FACES = 16


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return tiny_study.make_study(tmp_path_factory.mktemp("s") / "study", tie=True)


@pytest.fixture(scope="module")
def form(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    (path,) = write_forms(study, folder, (3,), ("html",), "en")
    return path.as_uri()


@pytest.fixture(scope="module")
def machine():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(machine):
    context = machine.new_context(offline=True, accept_downloads=True)
    page = context.new_page()
    page.mistakes = []
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.on("console", lambda message: page.mistakes.append(message.text))
    yield page
    assert page.mistakes == []
    context.close()


def begin(page, form):
    page.goto(form)
    assert page.locator("#begin").is_disabled()
    page.check("#agree")
    page.click("#begin")


def here(page):
    return page.locator(".step.here").get_attribute("data-position")


def save(page, path):
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename.startswith("answers-tiny-")
    download.value.save_as(path)
    return path


def test_by_keyboard_alone_with_a_break_to_a_file_that_imports(
    study, form, page, tmp_path
):
    page.goto(form)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert not page.get_by_text("That is all you have to do").is_visible()
    page.keyboard.press("Space")  # the practice question
    assert page.get_by_text("That is all you have to do").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for number in range(6):
        assert here(page) == str(number + 1)
        page.keyboard.press(str(number % 4 + 1))
        page.keyboard.press("Enter")
    page.reload()  # answers are restored from the browser's storage
    assert here(page) == "7"
    page.keyboard.press("Enter")
    assert here(page) == "7"  # there is no answer yet
    for _ in range(6, FACES):
        page.keyboard.press("2")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
    sheet = save(page, tmp_path / "sheet.csv")
    rows = import_sheets(study, [sheet], tmp_path / "ratings.csv")
    assert [row.slot for row in rows] == [1, 2, 3, 4, 1, 2] + [1] * (FACES - 6)
    assert [row.revisions for row in rows] == [0] * 6 + [1] * (FACES - 6)
    assert all(row.rt_ms is not None for row in rows)
    assert all(row.shown_at <= row.answered_at for row in rows)


def test_by_pointer_with_a_tie_going_back_and_leaving_early(
    study, form, page, tmp_path
):
    begin(page, form)
    page.click(".step.here .options label >> nth=2")
    page.click(".step.here .next")
    page.click(".step.here .tie")
    page.click(".step.here .back")
    page.click(".step.here .options label >> nth=0")
    page.evaluate("document.querySelector('#end').classList.add('here')")
    sheet = save(page, tmp_path / "sheet.csv")
    rows = import_sheets(study, [sheet], tmp_path / "ratings.csv")
    assert [(row.slot, row.tie, row.revisions) for row in rows] == [
        (1, False, 1),
        (None, True, 0),
    ]


def test_where_going_back_is_not_allowed_an_answer_stays(machine, tmp_path):
    strict = tiny_study.make_study(tmp_path / "strict", back="no")
    (path,) = write_forms(strict, tmp_path, formats=("html",))
    page = machine.new_context(offline=True).new_page()
    begin(page, path.as_uri())
    assert page.locator(".back").count() == 0
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    assert page.locator("[name=face-1]").first.is_disabled()


@pytest.mark.parametrize("width", [320, 1440])
def test_it_fits_narrow_and_wide_screens_and_axe_finds_nothing(form, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(form)
    assert find_violations(page) == []
    page.check("#agree")
    page.click("#begin")
    assert find_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_everything_shows_for_the_printer(machine, form):
    page = machine.new_context(java_script_enabled=False).new_page()
    page.goto(form)
    assert page.locator(".face:visible").count() == FACES
    assert page.locator("button:visible").count() == 0
    assert page.get_by_text("print the page").is_visible()


def test_a_preview_keeps_nothing(study, page, tmp_path):
    path = tmp_path / "preview.html"
    write_preview(study, path, 0, "de")
    begin(page, path.as_uri())
    page.keyboard.press("1")
    page.reload()
    assert page.locator("#count").inner_text() == "0 von 16 beantwortet"
