"""Portraits are reproducible to the byte, and their parsing maps are plausible."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("warp", reason="the portraits extra is not installed")

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.faceset import open_parquet_set
from benchmark.faces.portraits.people import attributes, sample_person
from benchmark.faces.portraits.portrait import render
from benchmark.faces.portraits.splits import render_people, render_splits

SIZE = 64


@pytest.fixture(scope="module")
def person():
    return replace(
        sample_person(4, 1, "train"), hair_family="crew_cut", glasses="round"
    )


@pytest.fixture(scope="module")
def portrait(person):
    return render(person, SIZE)


def test_a_portrait_is_reproducible(person, portrait):
    again = render(person, SIZE)
    assert np.array_equal(portrait.picture, again.picture)
    assert np.array_equal(portrait.parsing, again.parsing)
    assert portrait.attributes == attributes(person)


def test_pictures_have_light_and_detail(portrait):
    assert portrait.picture.shape == (SIZE, SIZE, 3)
    assert portrait.picture.dtype == np.uint8
    assert 30 < portrait.picture.mean() < 225
    assert portrait.picture.std() > 15


def test_parsing_maps_are_plausible(portrait):
    share = np.bincount(portrait.parsing.ravel(), minlength=13) / SIZE**2
    least = {"background": 0.1, "skin": 0.08, "nose": 0.005, "mouth": 0.003}
    least |= {"hair": 0.01, "neck": 0.005, "cloth": 0.01, "glasses": 0.01}
    for name, bound in least.items():
        assert share[PART_IDS[name]] > bound, name
    assert share[PART_IDS["hat"]] == share[PART_IDS["earring"]] == 0
    rows = {k: np.nonzero(portrait.parsing == v)[0].mean() for k, v in PART_IDS.items()
            if share[v]}  # fmt: skip
    assert rows["hair"] < rows["nose"] < rows["mouth"] < rows["cloth"]


@pytest.mark.parametrize("trait", ["head_width", "nose_width", "mouth_width"])
def test_shape_traits_change_the_picture(person, trait):
    plain = replace(person, glasses="none")
    ends = []
    for value in (-1.0, 1.0):
        traits = {**plain.identity.traits, trait: value}
        identity = replace(plain.identity, traits=traits)
        ends.append(render(replace(plain, identity=identity), SIZE).picture)
    changed = np.abs(ends[0].astype(int) - ends[1]).max(-1) > 12
    assert changed.mean() > 0.01


def test_a_size_out_of_range_raises(person):
    with pytest.raises(ValueError, match="size is 32"):
        render(person, 32)


@pytest.mark.slow
def test_rendered_splits_open_as_a_face_set(tmp_path):
    render_splits(tmp_path, 1, 1, splits=("validation",), count=1)
    faces = open_parquet_set(tmp_path)
    split = faces.split("validation")
    assert split.ids == ("validation-0000", "validation-0001")
    assert split.pictures(256).shape == (2, 256, 256, 3)
    table = split.attributes()
    assert list(table["part"]) == ["in-distribution", "shifted"]


def test_people_do_not_depend_on_the_start_of_the_batch():
    (third,) = render_people(1, SIZE, 1, "train", jobs=1, start=3)
    assert third.index == 3
    assert third.attributes == attributes(sample_person(3, 1, "train"))


def test_an_unknown_split_raises(tmp_path):
    with pytest.raises(ValueError, match="split 'test' is unknown"):
        render_splits(tmp_path, splits=("test",))
