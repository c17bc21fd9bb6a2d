"""The page of `create serve`, tested with requests: nothing is kept, bad pictures."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tiny_studio import CANVAS, SPEC

from benchmark.avatars import AvatarVectors
from benchmark.creation.site.app import make_site
from benchmark.faces.faceset import embedded_portraits


def predict(faces):
    """Hair of the second option, and a width off the steps of a slider."""
    vectors = AvatarVectors.defaults(SPEC, len(faces))
    return vectors.with_value("hairType", "bobCut").with_value("head_width", 0.12345)


@pytest.fixture(scope="module")
def client():
    app = make_site(CANVAS, predict, 64, "a model")
    return TestClient(app, base_url="http://127.0.0.1")


@pytest.fixture(scope="module")
def picture():
    split = embedded_portraits().split("validation")
    data, _ = split.source.picture(split.ids[0])
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(stream, "JPEG", quality=95)
    return stream.getvalue()


def token(client):
    return re.search(r'data-csrf="([^"]+)"', client.get("/").text).group(1)


def post(client, data, csrf=None):
    body = {"picture": base64.b64encode(data).decode()}
    headers = {"X-CSRF-Token": token(client) if csrf is None else csrf}
    return client.post("/avatars", json=body, headers=headers)


def test_a_picture_becomes_an_avatar_that_can_be_downloaded(client, picture):
    answer = post(client, picture)
    assert answer.status_code == 200
    (face,) = answer.json()["faces"]
    assert face["values"]["set.hairType"] == "bobCut"
    assert face["values"]["set.head_width"] == "0.12"
    assert len(face["box"]) == 4
    drawn = client.get(f"{face['avatar']}&size=large")
    assert Image.open(io.BytesIO(drawn.content)).size == (1024, 1024)
    saved = client.get(face["avatar"].replace("/avatar.png", "/vector.json"))
    assert "attachment" in saved.headers["content-disposition"]
    (vector,) = AvatarVectors.from_records(SPEC, [saved.json()["vector"]]).to_records()
    assert vector["hairType"] == "bobCut"
    assert saved.json()["engine"] == "flat"


def test_a_change_tells_which_fields_are_active(client):
    state = client.get("/state?set.beard=full").json()
    assert state["active"]["set.beard_colour"]
    assert not client.get("/state").json()["active"]["set.beard_colour"]
    assert client.get("/state?set.beard=green").status_code == 422


def test_bad_pictures_get_a_sentence_and_other_sites_nothing(client, picture):
    grey = io.BytesIO()
    Image.fromarray(np.full((90, 90, 3), 128, np.uint8)).save(grey, "PNG")
    for data, expected in (
        (b"hello", "The picture is damaged or not a photograph"),
        (picture[:3000], "damaged or truncated"),
        (grey.getvalue(), "no face was found"),
        (b"", "The picture is empty"),
    ):
        answer = post(client, data)
        assert answer.status_code == 422
        assert expected.lower() in answer.json()["error"].lower()
    assert post(client, picture, csrf="wrong").status_code == 403
    assert post(client, b"0" * 13_000_000).status_code == 413


def test_pages_may_ask_for_the_camera_and_nothing_else(client):
    answer = client.get("/")
    policy = answer.headers["permissions-policy"]
    assert "camera=(self)" in policy
    assert "microphone=()" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "a model" in answer.text
    assert "Cannot be drawn" not in answer.text
