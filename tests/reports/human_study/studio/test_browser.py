"""Avatars made in a real browser survive a kill and become a run's ground truth."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from browser import chromium, find_violations
from PIL import Image

from benchmark.faces.faceset import embedded_portraits
from benchmark.storage.trial_folder import read_cases, trial_folders

pytestmark = pytest.mark.slow

ENGINE = "avataaars"
FACES = 8
MAIN = [sys.executable, "-m", "benchmark.cli"]


@pytest.fixture
def faces(tmp_path):
    """A folder with the first validation portraits."""
    folder = tmp_path / "selfies"
    folder.mkdir()
    split = embedded_portraits().split("validation")
    for number, face in enumerate(split.ids[:FACES]):
        data, _ = split.source.picture(face)
        Image.open(io.BytesIO(data)).convert("RGB").save(folder / f"p{number}.png")
    return folder


class Server:
    """The studio as a separate process, always on the same port."""

    def __init__(self, faces, folder):
        self.words = ["--faces", str(faces), "--folder", str(folder)]
        self.port = "0"

    def start(self):
        command = [*MAIN, "studio", "serve", "--engine", ENGINE, *self.words]
        self.process = subprocess.Popen(
            [*command, "--port", self.port], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("studio: "):
                self.address = line.split()[1]
                self.port = re.search(r":(\d+)/", self.address).group(1)
                return
        raise AssertionError("the studio did not start")

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        self.process.stdout.close()
        self.process.wait(20)


@pytest.fixture
def server(faces, tmp_path):
    server = Server(faces, tmp_path / "studio")
    server.start()
    yield server
    server.stop(signal.SIGKILL)


@contextmanager
def desk(browser, server, name, **settings):
    """A separate browser window in which `name` has entered."""
    context = browser.new_context(**settings)
    context.set_default_timeout(90_000)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.address)
    page.get_by_label("Your name or pseudonym").fill(name)
    page.get_by_role("button", name="Begin").click()
    yield page
    assert errors == []
    context.close()


def pick(page, name, option):
    page.locator(f'input[name="set.{name}"][value="{option}"]').check()


def saved(page):
    page.get_by_text("Saved.", exact=True).wait_for()


def wears(page, name):
    return page.locator(f'input[name="set.{name}"]:checked').get_attribute("value")


def press_done(page):
    page.locator('.tools button[value="done"]').click()
    page.wait_for_load_state()


def test_avatars_made_in_a_browser_become_the_truth_of_a_run(server, faces, tmp_path):
    with chromium() as browser:
        with desk(browser, server, "anna") as page:
            work_with_the_mouse_through_a_kill(page, server)
        with desk(browser, server, "ben") as page:
            work_by_keyboard_alone(page)
        with desk(browser, server, "cleo", java_script_enabled=False) as page:
            work_without_script(page)
    server.stop()
    export = ["studio", "export", str(tmp_path / "studio"), "truths", "--common"]
    printed = run(tmp_path, *export)
    section = yaml.safe_load(printed[printed.index("faces:") :])
    section["faces"]["folder"] = str(faces)
    suite = {
        "name": "ours",
        "title": "Our truths",
        **section,
        "engines": [ENGINE],
        "variants": [{"name": "constant", "method": "constant"}],
        "metrics": ["discrete-accuracy"],
        "render_size": 64,
        "speed": {"warmup": 1, "repeats": 5},
    }
    (tmp_path / "ours.yaml").write_text(yaml.safe_dump(suite))
    run(tmp_path, "run", "ours.yaml", "--no-mlflow", "--quiet")
    (trial,) = trial_folders(tmp_path / "runs" / "ours" / "latest")
    cases = read_cases(trial)
    assert sorted(set(cases["designer"])) == ["anna", "ben", "cleo"]
    assert sorted(set(cases["face"])) == ["p0", "p1"]
    truth = cases.set_index(["designer", "face"])["truth"]
    assert '"hair_type":"fro"' in truth["anna", "p0"]
    assert '"facial_hair_colour":"' in truth["anna", "p0"]
    assert '"hair_type":"shortRound"' in truth["ben", "p0"]
    assert '"hair_type":"bob"' in truth["cleo", "p0"]
    agreed = run(
        tmp_path,
        *("studio", "agreement", f"truths/{ENGINE}.anna.csv"),
        *(f"truths/{ENGINE}.ben.csv", "--engine", ENGINE, "--size", "64"),
        *("--metric", "st-lpips", "--metric", "discrete-accuracy"),
    )
    assert "Human performance on avataaars: ben against anna" in agreed


def run(folder, *words):
    done = subprocess.run(
        [*MAIN, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def work_with_the_mouse_through_a_kill(page, server):
    """Faces p0 and p1. The server is killed during a change."""
    page.get_by_role("link", name="Begin with face p0").click()
    pick(page, "hair_type", "bigHair")
    saved(page)
    pick(page, "facial_hair", "beardLight")
    saved(page)
    beard = page.locator('input[name="set.facial_hair_colour"]').first
    assert beard.is_enabled()
    page.keyboard.press("Control+z")
    page.get_by_text("Undone.").wait_for()
    assert beard.is_disabled()
    assert page.get_by_text("Used only while facial hair is not none").is_visible()
    page.keyboard.press("Control+y")
    page.get_by_text("Redone.").wait_for()
    server.stop(signal.SIGKILL)
    pick(page, "hair_type", "fro")
    page.get_by_text("Not saved yet. The server cannot be reached.").wait_for()
    server.start()
    saved(page)
    page.reload()
    assert (wears(page, "hair_type"), wears(page, "facial_hair")) == (
        "fro",
        "beardLight",
    )
    press_done(page)
    assert page.url.endswith("/faces/p1")
    page.get_by_role("button", name="Copy from p0").click()
    page.get_by_text("Copied.").wait_for()
    assert wears(page, "hair_type") == "fro"
    press_done(page)
    assert page.url.endswith("/faces/p2")


def work_by_keyboard_alone(page):
    """Faces p0 and p1 with only Tab, arrows, space and Enter."""

    def tab_to(selector):
        for _ in range(80):
            page.keyboard.press("Tab")
            # Nothing has the focus between two pages.
            if page.evaluate("s => document.activeElement?.matches(s)", selector):
                assert page.evaluate(OUTLINED), selector
                return
        raise AssertionError(f"Tab never reaches {selector}")

    tab_to("a.button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/faces/p0")
    page.wait_for_load_state()
    tab_to('input[name="set.hair_type"]')
    page.keyboard.press("ArrowRight")
    saved(page)
    assert wears(page, "hair_type") == "shortRound"
    tab_to('button[value="done"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/faces/p1")
    page.wait_for_load_state()
    tab_to('button[value="done"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/faces/p2")


OUTLINED = """
() => {
  const drawn = (part) => part && getComputedStyle(part).outlineStyle !== "none";
  const here = document.activeElement;
  return Boolean(drawn(here) || drawn(here.closest(".tile")));
}
"""


def work_without_script(page):
    """Faces p0 and p1 with the form's buttons, without JavaScript."""
    page.get_by_role("link", name="Begin with face p0").click()
    before = page.locator("#live").get_attribute("src")
    pick(page, "hair_type", "bob")
    page.get_by_role("button", name="Update the avatar").click()
    assert page.locator("#live").get_attribute("src") != before
    page.get_by_role("button", name="Undo: hair type").click()
    assert wears(page, "hair_type") == "shortFlat"
    page.get_by_role("button", name="Redo: hair type").click()
    assert wears(page, "hair_type") == "bob"
    press_done(page)
    press_done(page)
    page.get_by_role("link", name="All faces").click()
    assert page.get_by_role("heading", name="2 of 8 faces done").is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=f"{ENGINE}.cleo.csv").click()
    rows = Path(download.value.path()).read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["face", "p0", "p1"]


def test_pages_fit_and_can_be_read_at_every_width(server):
    with chromium() as browser:
        for width, scheme in ((320, "light"), (1440, "dark"), (768, "light")):
            view = {"width": width, "height": 800}
            with desk(
                browser, server, f"eve-{width}", viewport=view, color_scheme=scheme
            ) as page:
                for place in ("", "faces/p1"):
                    page.goto(server.address + place)
                    assert find_violations(page) == []
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width
                page.context.clear_cookies()
                page.goto(server.address)
                assert find_violations(page) == []


def test_two_windows_on_one_face_do_not_overwrite_each_other(server):
    with chromium() as browser, desk(browser, server, "anna") as page:
        page.goto(f"{server.address}faces/p0")
        other = page.context.new_page()
        other.goto(f"{server.address}faces/p0")
        pick(other, "hair_type", "bob")
        saved(other)
        # Not `pick`: the option does not stay, the server's response resets it.
        page.locator('input[name="set.glasses"][value="round"]').click()
        page.get_by_text("was changed in another window").wait_for()
        assert wears(page, "hair_type") == "bob"
        assert wears(page, "glasses") == "none"
        pick(page, "glasses", "round")
        saved(page)
        other.reload()
        assert (wears(other, "hair_type"), wears(other, "glasses")) == ("bob", "round")


def test_a_slider_on_the_move_asks_for_few_pictures_and_is_one_step(server, tmp_path):
    with chromium() as browser, desk(browser, server, "anna") as page:
        asked = []
        page.on("request", lambda sent: asked.append(sent.url))
        page.goto(f"{server.address}faces/p0")
        page.wait_for_load_state("networkidle")
        asked.clear()
        for _ in range(12):
            page.locator('input[name="set.hair_type"]:checked').press("ArrowRight")
        saved(page)
        time.sleep(1)
        chosen = wears(page, "hair_type")
        shown = page.locator("#live").get_attribute("src")
        assert f"set.hair_type={chosen}" in shown
        page.reload()
        assert wears(page, "hair_type") == chosen
        assert sum("avatar.png" in url for url in asked) <= 14


def test_touch_screens_show_no_hint_about_keys(server):
    hint = "Use the arrow keys"
    with chromium() as browser:
        with desk(browser, server, "anna") as page:
            page.get_by_text("Begin with face").click()
            page.get_by_text(hint).wait_for()
        touch = {"has_touch": True, "is_mobile": True}
        with desk(browser, server, "ben", **touch) as page:
            page.get_by_text("Begin with face").click()
            page.get_by_text("Every change is saved right away.").wait_for()
            assert not page.get_by_text(hint).is_visible()
