"""Photographs of every common kind are converted; others get one clear sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from benchmark.photographs import PhotographError, decode_photograph, read_photograph

RED, GREEN = (200, 40, 30), (20, 160, 60)


@pytest.fixture(scope="module")
def scene():
    """48 x 32: red, with a green upper left quarter."""
    pixels = np.full((32, 48, 3), RED, np.uint8)
    pixels[:16, :24] = GREEN
    return Image.fromarray(pixels)


def saved(picture, kind, **options):
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def close(pixel, colour, tolerance=6):
    return np.abs(pixel.astype(int) - colour).max() <= tolerance


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "PPM", "GIF"])
def test_common_formats_keep_their_colours(scene, kind, tmp_path):
    options = {"quality": 95} if kind in {"JPEG", "WEBP"} else {}
    path = tmp_path / "photograph.of.any.name"
    path.write_bytes(saved(scene, kind, **options))
    pixels = read_photograph(path)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (32, 48, 3)
    assert close(pixels[8, 8], GREEN)
    assert close(pixels[24, 40], RED)


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_colour_modes_are_converted(scene, mode):
    kind = "TIFF" if mode == "CMYK" else "PNG"
    picture = scene.quantize(8) if mode == "P" else scene.convert(mode)
    assert close(decode_photograph(saved(picture, kind), "it")[8, 8], GREEN)


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16", "I", "F"])
def test_grey_is_converted(scene, mode):
    grey = np.full((32, 48), 51, np.uint8)
    grey[:, 24:] = 255
    if mode in {"I;16", "I"}:
        wide = grey.astype(np.uint16 if mode == "I;16" else np.int32) * 257
        picture = Image.fromarray(wide)
    elif mode == "F":
        picture = Image.fromarray(grey.astype(np.float32) / 255)
    else:
        picture = Image.fromarray(grey).convert(mode)
    pixels = decode_photograph(saved(picture, "TIFF"), "it")
    assert pixels.shape == (32, 48, 3)
    assert close(pixels[5, 40], (255, 255, 255))
    if mode != "1":
        assert close(pixels[5, 5], (51, 51, 51))


def test_colours_with_16_bits_are_converted():
    pixels = decode_photograph(deep_png(0x33FF, 0xCC00, 0x0080), "it")
    assert close(pixels[0, 0], (0x33, 0xCC, 0x00), 1)


def deep_png(*colour):
    """A PNG of 2 x 2 pixels with 16 bits per channel, which Pillow cannot write."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + struct.pack(">3H", *colour) * 2 for _ in range(2))
    header = struct.pack(">2I5B", 2, 2, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparent_pixels_become_white(scene, kind):
    picture = scene.convert("RGBA")
    picture.putalpha(
        Image.fromarray(np.tile(np.uint8([[255] * 24 + [0] * 24]), (32, 1)))
    )
    pixels = decode_photograph(saved(picture, kind, lossless=True), "it")
    assert close(pixels[8, 8], GREEN)
    assert close(pixels[24, 40], (255, 255, 255))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_exif_orientation_is_applied(scene, kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = decode_photograph(saved(scene, kind, exif=exif), "it")
    assert pixels.shape == (48, 32, 3)
    assert close(pixels[5, 25], GREEN, 20)


def test_a_damaged_exif_block_is_ignored(scene):
    data = saved(scene, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xee" * 9)
    assert decode_photograph(data, "it").shape == (32, 48, 3)


def test_an_animation_gives_its_first_frame(scene):
    other = Image.new("RGB", scene.size, "blue")
    data = saved(scene, "GIF", save_all=True, append_images=[other])
    assert close(decode_photograph(data, "it")[8, 8], GREEN)


def test_a_colour_profile_is_applied(scene):
    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(scene, "PNG", icc_profile=srgb)
    assert close(decode_photograph(data, "it")[8, 8], GREEN, 0)
    # A profile of another colour space cannot be applied and is ignored.
    unusable = ImageCms.ImageCmsProfile(lab).tobytes()
    data = saved(scene, "PNG", icc_profile=unusable)
    assert close(decode_photograph(data, "it")[8, 8], GREEN, 0)


def test_huge_jpeg_files_are_decoded_at_a_smaller_size():
    data = saved(Image.new("RGB", (9000, 8400), RED), "JPEG")
    assert decode_photograph(data, "it").shape == (4200, 4500, 3)


def bomb():
    data = bytearray(saved(Image.new("1", (2, 2)), "PNG"))
    data[16:24] = struct.pack(">2I", 40_000, 40_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "it is empty: copy it again"),
        (b"hello" * 99, "it is damaged or not a photograph: expected one of the fo"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it is damaged or no"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 99, "it is a HEIC photograph, which cannot"),
        (bomb(), "it has more than 178 million pixels: make it smaller"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(data, sentence):
    with pytest.raises(PhotographError, match=sentence):
        decode_photograph(data, "it")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_a_truncated_file_is_refused(kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = saved(Image.fromarray(noise), kind)
    with pytest.raises(PhotographError, match="it is damaged or"):
        decode_photograph(data[: len(data) // 2], "it")


def test_what_is_no_file_is_one_sentence(tmp_path):
    with pytest.raises(PhotographError, match="a directory; check the path"):
        read_photograph(tmp_path)
    with pytest.raises(PhotographError, match="No such file"):
        read_photograph(tmp_path / "missing.jpg")
