"""The page of `create serve` in a real browser, by keyboard and with axe."""

import io
import json
import queue
import threading

import pytest
from browser import chromium, find_violations
from PIL import Image
from playwright.sync_api import expect
from tiny_studio import CANVAS, SPEC

from benchmark.avatars import AvatarVectors
from benchmark.creation.site.app import make_site
from benchmark.faces.faceset import embedded_portraits
from reports.human_study.web import serve

pytestmark = pytest.mark.slow


def predict(faces):
    return AvatarVectors.defaults(SPEC, len(faces)).with_value("hairType", "bobCut")


def start(app):
    """Serve an app in a thread that ends with the tests; returns the address."""
    ready: queue.Queue[str] = queue.Queue()
    words = (app, "127.0.0.1", 0, ready.put)
    threading.Thread(target=serve, args=words, daemon=True).start()
    return ready.get(timeout=60)


@pytest.fixture
def photo(tmp_path):
    """A PNG with two faces."""
    split = embedded_portraits().split("validation")
    data, _ = split.source.picture(split.ids[0])
    face = Image.open(io.BytesIO(data)).convert("RGB")
    both = Image.new("RGB", (600, 256), "grey")
    both.paste(face, (0, 0))
    both.paste(face.resize((220, 220)), (330, 20))
    both.save(tmp_path / "two.png")
    return tmp_path / "two.png"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_a_picture_is_turned_into_an_avatar_and_adjusted_by_keyboard(
    photo, tmp_path, width, scheme
):
    app = make_site(CANVAS, predict, 64, "a model")
    with chromium() as browser:
        page = browser.new_page(
            viewport={"width": width, "height": 844}, color_scheme=scheme
        )
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(start(app))
        page.set_input_files("#file", photo)
        expect(page.locator("#message")).to_contain_text("2 faces", timeout=60_000)
        expect(page.get_by_role("radio", name="bob cut")).to_be_checked()
        page.get_by_role("button", name="Face 2").press("Enter")
        expect(page.get_by_role("button", name="Face 2")).to_have_attribute(
            "aria-pressed", "true"
        )
        page.get_by_role("radio", name="bob cut").press("ArrowLeft")
        expect(page.get_by_role("button", name="Undo")).to_be_enabled()
        with page.expect_download() as begun:
            page.get_by_role("link", name="Download vector").press("Enter")
        begun.value.save_as(tmp_path / "avatar.json")
        record = json.loads((tmp_path / "avatar.json").read_text())
        assert record["vector"]["hairType"] == "bald"
        page.get_by_role("button", name="Reset").press("Enter")
        expect(page.get_by_role("radio", name="bob cut")).to_be_checked()
        assert page.locator("html").evaluate("e => e.scrollWidth") <= width
        assert find_violations(page) == []
        assert said == []
