"""facesjs: a node program as engine. Its parameters are known without node."""

import json
import stat

import numpy as np
import pytest

from benchmark.avatars import AvatarVectors
from benchmark.avatars.part_classes import PART_IDS
from benchmark.config.frozen import current_parts
from benchmark.engines.facesjs import FOLDER, PACKAGE, Facesjs, install
from benchmark.engines.protocol.errors import EngineUnavailable
from benchmark.faces.faceset import embedded_portraits
from benchmark.registry import ENGINES, Unavailable

SPEC = Facesjs.spec


@pytest.fixture(scope="module")
def engine():
    try:
        return Facesjs()
    except EngineUnavailable as reason:
        pytest.skip(f"facesjs: {reason}")


def test_hats_and_the_lines_of_a_face_are_not_offered():
    assert "hat" not in {option for d in SPEC.discrete for option in d.options}
    assert "facemask" not in SPEC["glasses"].options
    assert "goatee-thin-stache" not in SPEC["facial_hair"].options


def test_one_version_of_the_npm_package_is_pinned_with_its_digests():
    lock = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    assert wanted == lock[""]["dependencies"] == {"facesjs": PACKAGE}
    assert lock["node_modules/facesjs"]["version"] == PACKAGE
    assert all("integrity" in entry for name, entry in lock.items() if name)


def test_without_node_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"facesjs cannot be used: it needs .* node"):
        ENGINES.create("facesjs")
    assert ENGINES.load("facesjs").spec == SPEC


def test_it_changes_neither_the_embedded_set_nor_the_benchmark_version():
    faces = embedded_portraits()
    assert faces.designers("facesjs") == ("designer-a", "designer-b")
    assert faces.digest.startswith("d15be8a4ce80019661db02cc48d2883c")
    assert not [part for part in current_parts() if "facesjs" in part]


def executable(folder, name, script):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_npm_installs_the_package_into_the_cache(tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    executable(programs, "node", "exit 0")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(Unavailable, match="run `avatarbench engines install facesjs`"):
        ENGINES.create("facesjs")
    executable(programs, "npm", "echo 'npm error network' >&2; exit 1")
    with pytest.raises(EngineUnavailable, match=r"5\.0\.3 \(npm error network\): che"):
        install()
    assert not list((tmp_path / "cache").iterdir())
    executable(programs, "npm", "mkdir -p node_modules/facesjs")
    assert install().parent == tmp_path / "cache"
    assert ENGINES.create("facesjs").meta.name == "facesjs"


def test_part_maps_agree_with_the_pictures(engine):
    red = AvatarVectors.defaults(SPEC).with_value("hair_colour", "auburn")
    red = red.with_value("hair_type", "female5")
    picture = engine.render(red, 256)[0].astype(int)
    maps = engine.parts(red, 256)[0]
    drawn = np.abs(picture - (0xB5, 0x52, 0x39)).max(axis=-1) <= 2
    hair = (maps == PART_IDS["hair"]) | (maps == PART_IDS["brows"])
    assert (drawn & hair).sum() / drawn.sum() > 0.97
    parts = set(np.unique(maps)) - {PART_IDS["background"]}
    assert {PART_IDS[n] for n in ("skin", "eyes", "nose", "mouth", "hair")} <= parts


def test_beards_are_mapped_and_bald_heads_have_no_hair(engine):
    bald = AvatarVectors.defaults(SPEC).with_value("hair_type", "bald")
    bearded = bald.with_value("facial_hair", "beard3")
    both = AvatarVectors.concatenate([bald, bearded])
    clean, beard = engine.beards(both, 128)
    assert not clean.any()
    assert beard.mean() > 0.03
    assert not (engine.parts(both, 128) == PART_IDS["hair"]).any()
