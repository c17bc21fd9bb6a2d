"""`avatarbench faces select`, on stand-in pictures with an untrained embedding."""

import json
import sys

import numpy as np
import pytest
from PIL import Image
from tiny_similarity import narrow_lightcnn, write_lightcnn

from benchmark import weights
from benchmark.cli import main
from benchmark.storage.digests import file_digest


@pytest.fixture
def faces(monkeypatch, capsys, tmp_path):
    """Runs `avatarbench faces`; returns (status, stdout, stderr)."""
    file = tmp_path / "lightcnn.pth.tar"

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["avatarbench", "faces", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    with narrow_lightcnn():
        write_lightcnn(file)
        monkeypatch.setattr(weights, "find", lambda name: file)
        yield call


def draw(path, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).resize((128, 128), Image.Resampling.NEAREST).save(path)


def ffhq(root):
    """Six pictures, four of FFHQ's validation category, and their metadata."""
    entries = {}
    for index in (3, 4, 60_000, 60_001, 61_002, 69_999):
        folder = root / "images1024x1024" / f"{index // 1000:02d}000"
        draw(folder / f"{index:05d}.png", index)
        kind = "Attribution-NonCommercial License" if index % 2 else "Public Domain"
        entries[str(index)] = {
            "metadata": {
                "license": kind,
                "license_url": "https://example.org/licence",
                "author": f"Author | {index}",
                "photo_url": f"https://example.org/{index}",
            }
        }
    (root / "ffhq-dataset-v2.json").write_text(json.dumps(entries))
    return root


def test_held_out_faces_of_ffhq_keep_digests_and_licences(faces, tmp_path):
    root, out = ffhq(tmp_path / "ffhq"), tmp_path / "held out"
    words = ("select", "--from", root, "--count", 3, "--seed", 5, "--out", out)
    status, printed, _ = faces(*words)
    assert status == 0
    assert "3 of 4 faces of FFHQ, one of each cluster" in printed
    assert f"avatarbench studio serve --faces '{out}'" in printed
    assert f"ffhq: {root}" in printed

    selection = json.loads((out / "selection.json").read_text())
    chosen = [face["id"] for face in selection["faces"]]
    assert chosen == (out / "heldout.txt").read_text().split()
    assert len(chosen) == 3
    assert all(int(face) >= 60_000 for face in chosen)
    assert sum(face["cluster"] for face in selection["faces"]) == 4
    attribution = (out / "ATTRIBUTION.md").read_text()
    for face in selection["faces"]:
        (source,) = root.rglob(face["file"])
        assert (out / face["file"]).read_bytes() == source.read_bytes()
        assert face["sha256"] == file_digest(source)
        assert f"by Author | {int(face['id'])}" in face["licence"]
        assert f"by Author \\| {int(face['id'])}" in attribution
    licences = [face["licence"].partition(" (")[0] for face in selection["faces"]]
    for licence in licences:
        assert f"{licences.count(licence)} {licence}\n" in printed

    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert faces(*words)[0] == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before

    status, shown, _ = faces("show", out)
    assert status == 0
    assert "selected from FFHQ, every picture is unchanged" in shown
    draw(out / selection["faces"][0]["file"], 99)
    status, _, error = faces("show", out)
    assert status == 2
    assert "has changed since it was selected" in error


def test_any_folder_of_faces_can_be_selected_from(faces, tmp_path):
    for index in range(5):
        draw(tmp_path / "selfies" / f"face{index}.jpg", index)
    out = tmp_path / "out"
    status, printed, _ = faces(
        "select", "--from", tmp_path / "selfies", "--count", 2, "--out", out, "-q"
    )
    assert status == 0
    assert "2 not stated" in printed
    assert f"folder: {tmp_path / 'selfies'}" in printed
    assert len(list(out.glob("*.jpg"))) == 2


def test_what_cannot_be_selected_is_one_sentence(faces, tmp_path):
    selfies, out = tmp_path / "selfies", tmp_path / "out"
    for index in range(3):
        draw(selfies / f"face{index}.png", index)
    draw(tmp_path / "desk" / "other.png", 9)
    (tmp_path / "empty").mkdir()
    cases = {
        (tmp_path / "none", 2, out): "none is not a folder",
        (tmp_path / "empty", 2, out): "empty has no picture",
        (selfies, 9, out): "has 3 candidates, but 9 faces were asked for",
        (selfies, 2, tmp_path / "desk"): "desk has another picture, other.png",
    }
    for (source, count, folder), expected in cases.items():
        words = ("select", "--from", source, "--count", count, "--out", folder, "-q")
        status, _, error = faces(*words)
        assert status == 2
        assert expected in error
        assert error.count("\n") == 1
    assert not out.exists()
