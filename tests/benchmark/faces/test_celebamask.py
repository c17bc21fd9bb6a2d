"""CelebAMask-HQ folders, released and prepared: merging, splits and error messages."""

import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.celebamask import is_celebamask, open_celebamask
from benchmark.faces.celebamask_masks import PART_CLASSES
from benchmark.faces.pictures import FaceSetError

SIZE = 64


def save_picture(path, value, size=(SIZE, SIZE), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, (value, 0, 0) if mode == "RGB" else value).save(path)


def save_mask(root, face, part, rows, value=255, mode="L", size=SIZE):
    """A mask that covers a slice of rows."""
    mask = np.zeros((size, size), np.uint8)
    mask[rows] = value
    path = root / "CelebAMask-HQ-mask-anno" / str(face // 2000)
    path.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).convert(mode).save(path / f"{face:05d}_{part}.png")


def save_label(path, value, size=(SIZE, SIZE), mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)


@pytest.fixture
def released(tmp_path):
    root = tmp_path / "celeba"
    for value, face in enumerate((10, 9, 2001, 28000)):
        save_picture(root / "CelebA-HQ-img" / f"{face}.jpg", 60 * value)
        save_mask(root, face, "skin", slice(value, 40))
    return root


@pytest.fixture
def prepared(tmp_path):
    root = tmp_path / "prepared"
    for value, face in enumerate((10, 9)):
        save_picture(root / "image_train" / f"{face}.jpg", 60 * value, (96, 96))
        save_label(root / "label_train" / f"{face}.png", face)
    save_picture(root / "image_val" / "29999.png", 200)
    save_label(root / "label_val" / "29999.png", 7)
    return root


@pytest.fixture
def opened(tmp_path):
    def opened(root, size=SIZE, split="train"):
        return open_celebamask(root, size, split, tmp_path / "cache")

    return opened


def whole(faces):
    return faces.batch(np.arange(len(faces)))


def near(pictures, reds):
    np.testing.assert_allclose(pictures[:, 5, 5, 0].astype(int), reds, atol=6)


def test_the_release_is_read_by_id_and_split(released, opened):
    assert is_celebamask(released)
    train, validation = opened(released), opened(released, split="validation")
    assert (len(train), len(validation), train.size) == (3, 1, SIZE)
    pictures, parsing = whole(train)
    near(pictures, [60, 0, 120])
    assert (parsing.dtype, parsing.shape) == (np.uint8, (3, SIZE, SIZE))
    assert (parsing == PART_IDS["skin"]).sum(axis=(1, 2)).tolist() == [
        39 * SIZE,
        40 * SIZE,
        38 * SIZE,
    ]
    near(whole(validation)[0], [180])
    assert (train.name, train.stand_in) == ("celebamask-hq", False)
    assert "non-commercial research" in train.licence


def test_the_prepared_folders_are_read(prepared, opened):
    assert is_celebamask(prepared)
    train = opened(prepared)
    pictures, parsing = whole(train)
    near(pictures, [60, 0])
    assert parsing[:, 3, 3].tolist() == [9, 10]
    pictures, parsing = whole(opened(prepared, split="validation"))
    assert parsing[0, 0, 0] == 7


def test_batches_come_in_any_order_with_repeats(released, opened):
    train = pickle.loads(pickle.dumps(opened(released)))
    pictures, parsing = train.batch(np.array([2, 0, 2, 1]))
    everything = whole(train)
    np.testing.assert_array_equal(pictures, everything[0][[2, 0, 2, 1]])
    np.testing.assert_array_equal(parsing, everything[1][[2, 0, 2, 1]])
    with pytest.raises(IndexError, match="face 3 is out of range for 3 faces"):
        train.batch(np.array([0, 3]))


def test_later_parts_cover_earlier_ones(released, opened):
    """Part i covers rows i and below, so that row i shows the part painted last."""
    first = (
        "skin",
        "eye_g",
        "l_eye",
        "r_eye",
        "l_brow",
        "r_brow",
        "mouth",
        "l_lip",
    )
    others = ("u_lip", "nose", "hair", "l_ear", "r_ear", "neck", "neck_l", "cloth")
    order = (*first, *others, "hat", "ear_r")
    classes = [1, 10, 2, 2, 3, 3, 4, 4, 4, 5, 7, 6, 6, 8, 8, 9, 11, 12]
    assert tuple(PART_CLASSES) == order
    for row, part in enumerate(order):
        save_mask(released, 10, part, slice(row, None))
    _, parsing = opened(released).batch(np.array([1]))
    assert parsing[0, : len(order), 0].tolist() == classes
    assert (parsing[0, len(order) :] == 12).all()


def test_eyes_cover_glasses_and_hair_covers_the_face(released, opened):
    save_mask(released, 10, "eye_g", slice(10, 20))
    save_mask(released, 10, "l_eye", slice(12, 14))
    save_mask(released, 10, "hair", slice(18, 30))
    _, parsing = opened(released).batch(np.array([1]))
    assert parsing[0, [5, 11, 13, 17, 19, 29, 30, 45], 0].tolist() == [
        1, 10, 2, 10, 7, 7, 1, 0,
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "P"])
def test_only_255_counts_in_masks_of_any_mode(released, opened, mode):
    if mode in {"L", "RGB"}:
        save_mask(released, 9, "nose", slice(0, 30), value=254, mode=mode)
        path = released / "CelebAMask-HQ-mask-anno" / "0" / "00009_nose.png"
        half = np.asarray(Image.open(path)).copy()
        half[10:20] = 255
        Image.fromarray(half).save(path)
    else:
        save_mask(released, 9, "nose", slice(10, 20), mode=mode)
    _, parsing = opened(released).batch(np.array([0]))
    assert (parsing[0, 10:20] == PART_IDS["nose"]).all()
    assert not (parsing[0, :10] == PART_IDS["nose"]).any()


def test_merged_maps_are_cached_until_masks_change(released, opened, tmp_path):
    train = opened(released)
    first = whole(train)
    cached = sorted((tmp_path / "cache").iterdir())
    assert [path.name[:5] for path in cached] == ["00009", "00010", "02001"]
    assert all(path.suffix == ".png" for path in cached)
    marker = np.full((SIZE, SIZE), PART_IDS["hat"], np.uint8)
    Image.fromarray(marker).save(cached[0])
    assert (whole(train)[1][0] == PART_IDS["hat"]).all()
    save_mask(released, 9, "hair", slice(0, 9))
    again = whole(opened(released))
    assert (again[1][0, :9] == PART_IDS["hair"]).all()
    np.testing.assert_array_equal(again[1][1:], first[1][1:])


def test_pictures_are_smoothed_and_labels_are_not(prepared, opened):
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(prepared / "image_train" / "11.png")
    labels = np.zeros((128, 128), np.uint8)
    labels[::2] = 12
    Image.fromarray(labels).save(prepared / "label_train" / "11.png")
    faces = opened(prepared, size=96)
    pictures, parsing = faces.batch(np.array([2]))
    assert pictures.shape == (1, 96, 96, 3)
    assert abs(pictures[0, 20:-20, 20:-20].astype(int) - 128).max() < 40
    assert set(np.unique(parsing)) == {0, 12}


def test_the_digest_changes_with_files_size_and_split(released, prepared, opened):
    digests = {opened(released).digest, opened(released, size=96).digest}
    digests |= {opened(released, split="validation").digest, opened(prepared).digest}
    assert len(digests) == 4
    assert opened(released).digest in digests
    save_mask(released, 9, "hat", slice(0, 1))
    assert opened(released).digest not in digests


def test_hidden_files_are_ignored(released, opened):
    before = len(opened(released))
    for folder in (masks(released), released / "CelebA-HQ-img"):
        for name in ("._00009_skin.png", "._9.jpg", ".DS_Store", "Thumbs.db"):
            (folder / name).write_bytes(b"x")
    assert len(opened(released)) == before


def masks(root, folder=0):
    return root / "CelebAMask-HQ-mask-anno" / str(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda r: masks(r).joinpath("00009_skin.png").unlink(), r"9\.jpg has no mask"),
        (lambda r: shutil.rmtree(masks(r, 1)), r"2001\.jpg has no mask: .*02001_.*/1$"),
        (
            lambda r: (r / "CelebA-HQ-img/9.jpg").unlink(),
            r"09_skin\.png has no pict",
        ),
        (
            lambda r: save_mask(r, 9, "beard", slice(3)),
            r"9_beard\.png has an unknown part",
        ),
        (lambda r: save_mask(r, 9, "har", slice(3)), "did you mean hair"),
        (
            lambda r: shutil.copy(
                masks(r) / "00009_skin.png", masks(r, 1) / "00009_hair.png"
            ),
            r"1/00009_hair\.png is in the wrong folder",
        ),
        (
            lambda r: save_picture(masks(r) / "9_skin.png", 3),
            r"9_skin\.png is not a mask's name",
        ),
        (
            lambda r: save_picture(masks(r) / "00009_hat.bmp", 3),
            r"9_hat\.bmp is not a mask's name",
        ),
        (
            lambda r: (masks(r) / "00009_hat.png").symlink_to("nowhere.png"),
            r"9_hat\.png is a symbolic link to nowhere\.png",
        ),
        (
            lambda r: save_picture(r / "CelebA-HQ-img/10.bmp", 3),
            r"10\.bmp must be a \.png or",
        ),
        (
            lambda r: save_picture(r / "CelebA-HQ-img/ann.jpg", 3),
            r"ann\.jpg is not named by a CelebAMask-HQ id",
        ),
        (lambda r: save_picture(r / "CelebA-HQ-img/30000.jpg", 3), "is not named by"),
        (lambda r: save_picture(r / "CelebA-HQ-img/09.jpg", 3), "are both face 9"),
        (
            lambda r: [p.unlink() for p in (r / "CelebA-HQ-img").glob("*")],
            r"has no pictures of the train split \(ids 0-27999\)",
        ),
        (lambda r: shutil.rmtree(r / "CelebA-HQ-img"), "is not a CelebAMask-HQ folder"),
    ],
)
def test_a_release_that_does_not_fit_is_refused_when_opened(
    released, opened, damage, message
):
    damage(released)
    with pytest.raises(FaceSetError, match=message) as caught:
        opened(released)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda r: save_mask(r, 9, "hair", slice(3), size=32),
            "is 32 px wide and .*4",
        ),
        (
            lambda r: save_picture(masks(r) / "00009_hat.png", 3, (64, 65)),
            "64 x 65 pixels: masks must be square",
        ),
        (
            lambda r: save_mask(r, 9, "hair", slice(3), value=1),
            "has no pixel of 255 but",
        ),
        (lambda r: save_mask(r, 9, "hair", slice(3), mode="RGBA"), "has mode RGBA"),
        (lambda r: masks(r).joinpath("00009_skin.png").write_bytes(b"x"), "cannot be"),
        (
            lambda r: save_picture(r / "CelebA-HQ-img/9.jpg", 3, (64, 96)),
            r"9\.jpg is 64 x 96 pixels",
        ),
        (lambda r: save_picture(r / "CelebA-HQ-img/9.jpg", 3, mode="L"), "greyscale"),
    ],
)
def test_a_release_that_does_not_fit_is_refused_when_read(
    released, opened, tmp_path, damage, message
):
    damage(released)
    faces = opened(released)
    with pytest.raises(FaceSetError, match=message) as caught:
        faces.batch(np.array([0]))
    assert str(released) in str(caught.value)
    assert not list((tmp_path / "cache").glob(".*"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda r: (r / "label_train/9.png").unlink(), r"9\.jpg has no label map: .*9"),
        (lambda r: (r / "image_train/9.jpg").unlink(), r"9\.png has no picture"),
        (lambda r: shutil.rmtree(r / "label_train"), "label_train is missing beside"),
        (lambda r: save_label(r / "label_train/9.png", 13), r"9\.png holds class 13"),
        (
            lambda r: save_label(r / "label_train/9.png", 1, (64, 32)),
            r"9\.png is 64 x 32 pixels: part maps must be square",
        ),
        (lambda r: save_picture(r / "label_train/9.png", 1), r"9\.png has mode RGB"),
        (lambda r: save_label(r / "label_train/9.jpg", 1), r"9\.jpg must be a \.png"),
        (
            lambda r: save_picture(r / "image_train/28000.jpg", 1),
            r"28000\.jpg is not of the train split, whose ids are 0-27999",
        ),
        (
            lambda r: [p.unlink() for p in r.glob("*_train/*")],
            "image_train has no pictures of the train split",
        ),
    ],
)
def test_prepared_folders_that_do_not_fit_are_refused(
    prepared, opened, damage, message
):
    damage(prepared)
    with pytest.raises(FaceSetError, match=message) as caught:
        whole(opened(prepared))
    assert "\n" not in str(caught.value)


def test_other_folders_and_splits_are_refused(tmp_path, released, opened):
    assert not is_celebamask(tmp_path)
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FaceSetError, match="expected CelebA-HQ-img and CelebAMask"):
            opened(root)
    with pytest.raises(FaceSetError, match=r"no split 'valid' .did you mean validat"):
        opened(released, split="valid")
    (tmp_path / "celeba" / "CelebA-HQ-img" / "28000.jpg").unlink()
    with pytest.raises(FaceSetError, match=r"validation split \(ids 28000-29999\)"):
        opened(released, split="validation")
