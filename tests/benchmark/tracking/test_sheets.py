"""Pictures as PNG."""

import numpy as np
from PIL import Image

from benchmark.storage.trial_folder import webp_bytes
from benchmark.tracking.sheets import copy_with_png, trial_sheet


def square(grey):
    return webp_bytes(np.full((64, 64, 3), grey, np.uint8))


def test_a_sheet_shows_face_avatar_and_ground_truth(tmp_path):
    pictures, truths = tmp_path / "pictures" / "validation", tmp_path / "truths"
    for folder in (pictures, truths):
        folder.mkdir(parents=True)
    (pictures / "a.face.webp").write_bytes(square(40))
    (pictures / "a.prediction.webp").write_bytes(square(120))
    (truths / "a.webp").write_bytes(square(200))
    trial_sheet(tmp_path, "validation", truths, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.format == "PNG"
        greys = {color[0] for _, color in sheet.getcolors(2**20) if len(color) == 3}
    assert {40, 120, 200} <= greys


def test_a_sheet_of_many_faces_ends_after_24(tmp_path):
    pictures = tmp_path / "pictures" / "validation"
    pictures.mkdir(parents=True)
    sizes = []
    for count in (24, 30):
        for index in range(count):
            (pictures / f"f{index:02}.face.webp").write_bytes(square(90))
        trial_sheet(tmp_path, "validation", tmp_path, tmp_path / "sheet.png")
        with Image.open(tmp_path / "sheet.png") as sheet:
            sizes.append(sheet.size)
    assert sizes[0] == sizes[1]


def test_copies_hold_png_and_every_other_file(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "faces").mkdir(parents=True)
    (source / "faces" / "toon.webp").write_bytes(square(7))
    (source / "page.html").write_text("page")
    copy_with_png(source, target)
    copied = sorted(p.relative_to(target).as_posix() for p in target.rglob("*.*"))
    assert copied == ["faces/toon.png", "page.html"]
