"""Decoding of pictures and part maps, and the messages for invalid ones."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from benchmark.faces.pictures import FaceSetError, decode_parsing, decode_picture


def encoded(mode="RGB", size=(96, 96), kind="PNG", colour=None):
    buffer = BytesIO()
    Image.new(mode, size, colour).save(buffer, kind)
    return buffer.getvalue()


def png(*chunks):
    """A PNG of (kind, content) chunks."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in (*chunks, (b"IEND", b"")):
        check = zlib.crc32(kind + content)
        parts.append(struct.pack(">I", len(content)) + kind + content)
        parts.append(struct.pack(">I", check))
    return b"".join(parts)


def with_damaged_exif(kind):
    buffer = BytesIO()
    Image.new("RGB", (96, 96)).save(buffer, kind, exif=b"Exif\0\0garbage")
    return buffer.getvalue()


def deep_png(side=96):
    """An RGB PNG with 16 bits per channel, which Pillow cannot write."""
    header = struct.pack(">IIBBBBB", side, side, 16, 2, 0, 0, 0)
    rows = (b"\0" + bytes(6 * side)) * side
    return png((b"IHDR", header), (b"IDAT", zlib.compress(rows)))


def bomb(side):
    """A PNG header that declares many pixels."""
    return png((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)))


def animated(kind):
    frames = [Image.new("RGB", (96, 96), colour) for colour in ("red", "blue")]
    buffer = BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def test_a_phone_picture_with_a_depth_map_is_not_animated():
    frames = [Image.new("RGB", (96, 96), colour) for colour in ("red", "blue")]
    buffer = BytesIO()
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    picture = decode_picture(buffer.getvalue(), "phone.jpg", 64)
    assert picture[0, 0, 0] > 200


def test_pictures_are_resized_with_antialiasing():
    stripes = np.zeros((256, 256, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    buffer = BytesIO()
    Image.fromarray(stripes).save(buffer, "PNG")
    picture = decode_picture(buffer.getvalue(), "stripes", 64)
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8
    assert abs(picture.astype(int) - 128).max() < 24


def test_a_picture_of_the_right_size_keeps_its_pixels():
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    np.testing.assert_array_equal(decode_picture(buffer.getvalue(), "x", 96), noise)


def test_the_exif_orientation_is_applied():
    top_left = np.zeros((96, 96, 3), dtype=np.uint8)
    top_left[:48, :48] = 255
    exif = Image.Exif()
    exif[0x0112] = 3
    buffer = BytesIO()
    Image.fromarray(top_left).save(buffer, "PNG", exif=exif)
    picture = decode_picture(buffer.getvalue(), "turned", 96)
    assert picture[80, 80].tolist() == [255, 255, 255]
    assert picture[10, 10].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cannot be read as a picture"),
        (b"not a picture", "cannot be read as a picture"),
        (encoded()[:60], "cannot be read as a picture"),
        (encoded("L"), "is greyscale"),
        (encoded("RGBA"), "alpha channel"),
        (encoded("LA"), "alpha channel"),
        (encoded("P"), "palette"),
        (encoded("I;16"), "greyscale picture with 16 bits"),
        (deep_png(), "has 16 bits per channel"),
        (with_damaged_exif("PNG"), "has a damaged EXIF block: save it again"),
        (with_damaged_exif("WEBP"), "has a damaged EXIF block: save it again"),
        (animated("PNG"), "is animated: save one frame"),
        (animated("WEBP"), "is animated: save one frame"),
        (animated("GIF"), "is animated: save one frame"),
        (bomb(9_500), "more pixels than the limit of 89,478,485: make it smaller"),
        (bomb(60_000), "more pixels than the limit of 89,478,485: make it smaller"),
        (encoded("CMYK", kind="JPEG"), "CMYK"),
        (encoded(size=(96, 97)), "96 x 97 pixels"),
        (encoded(size=(32, 32)), "32 px wide"),
    ],
)
def test_invalid_pictures_are_refused_by_name(data, message):
    with pytest.raises(FaceSetError, match=f"^face.png.*{message}"):
        decode_picture(data, "face.png", 64)


def test_part_maps_keep_their_classes():
    ids = np.arange(96 * 96, dtype=np.uint8).reshape(96, 96) % 13
    buffer = BytesIO()
    Image.fromarray(ids).save(buffer, "PNG")
    np.testing.assert_array_equal(decode_parsing(buffer.getvalue(), "map", 96), ids)
    assert set(np.unique(decode_parsing(buffer.getvalue(), "map", 64))) <= set(
        range(13)
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (encoded("L", colour=13), "class 13"),
        (encoded("RGB"), "mode RGB"),
        (encoded("L", size=(96, 97)), "96 x 97 pixels"),
    ],
)
def test_invalid_part_maps_are_refused(data, message):
    with pytest.raises(FaceSetError, match=message):
        decode_parsing(data, "map", 64)
