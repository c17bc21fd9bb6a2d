"""People: seeded, complete, within range, and of worlds that share nothing."""

import dataclasses
import json

import numpy as np
import pytest

from benchmark.faces.portraits.hair.families import families
from benchmark.faces.portraits.light import RIGS, light_rig
from benchmark.faces.portraits.people import (
    ATTRIBUTES,
    SKIN_MODELS,
    VERSIONS,
    attributes,
    sample_people,
    sample_person,
)
from benchmark.faces.portraits.scene import BACKGROUNDS, CAMERAS

UNIT = (
    "skin_depth",
    "hair_volume",
    "hair_top",
    "hair_recession",
    "brow_thickness",
    "brow_arch",
    "brow_angle",
    "eye_size",
    "eye_spacing",
    "eye_rotation",
    "eye_openness",
    "eye_hood",
    "nose_width",
    "nose_height",
    "nose_position",
    "nose_bridge",
    "nose_tip",
    "mouth_width",
    "mouth_volume",
    "mouth_position",
    "mouth_open",
    "head_width",
    "head_length",
    "jaw_width",
    "jaw_angularity",
    "chin_width",
    "cheek_fullness",
    "cheekbone_width",
    "forehead_width",
)
WORDS = {
    "sex": {"female", "male"},
    "hair_length": {"bald", "buzz", "short", "chin", "shoulder", "long"},
    "hair_texture": {"straight", "wavy", "curly", "coily"},
    "hair_fringe": {"none", "full", "side", "curtain"},
    "hair_parting": {"none", "left", "centre", "right"},
    "hair_tied": {"none", "bun", "top_bun", "ponytail", "braids", "pigtails"},
    "hair_sides": {"shaved", "short", "full"},
    "hair_colour": {
        "black",
        "dark_brown",
        "brown",
        "light_brown",
        "auburn",
        "ginger",
        "blond",
        "grey",
        "white",
    },
    "facial_hair": {
        "none",
        "stubble",
        "moustache",
        "goatee",
        "short_beard",
        "full_beard",
    },
    "glasses": {"none", "round", "rectangle", "oval", "browline"},
    "part": {"in-distribution", "shifted"},
}


@pytest.fixture(scope="module")
def crowd():
    return [attributes(person) for person in sample_people(300, 5, "train")]


def test_a_person_is_the_same_in_any_batch():
    assert sample_people(6, 3, "train")[5] == sample_person(5, 3, "train")
    assert sample_person(5, 3, "train") != sample_person(5, 4, "train")
    assert sample_person(5, 3, "train") != sample_person(5, 3, "heldout")


def test_an_unknown_world_is_refused():
    with pytest.raises(ValueError, match="world 'mars' is unknown"):
        sample_person(0, 1, "mars")


def test_records_are_complete_json(crowd):
    for record in crowd:
        assert tuple(record) == ATTRIBUTES
        assert json.loads(json.dumps(record)) == record


def test_values_are_in_range(crowd):
    for record in crowd:
        assert 18 <= record["age"] <= 80
        assert -1 <= record["skin_undertone"] <= 1
        assert -1 <= record["mouth_curve"] <= 1
        assert all(0 <= record[name] <= 1 for name in UNIT)
        assert all(record[name] in words for name, words in WORDS.items())
        for name in ("skin_rgb", "hair_rgb", "eye_rgb"):
            assert len(bytes.fromhex(record[name].removeprefix("#"))) == 3


@pytest.mark.parametrize("name", UNIT)
def test_geometry_spreads_over_its_range(crowd, name):
    values = np.array([record[name] for record in crowd])
    if name == "mouth_open":
        assert (values > 0.4).mean() > 0.05
        return
    low, high = np.percentile(values, [5, 95])
    assert high - low > 0.4


def test_people_are_of_all_kinds(crowd):
    shares = {
        "women": np.mean([r["sex"] == "female" for r in crowd]),
        "glasses": np.mean([r["glasses"] != "none" for r in crowd]),
        "beards": np.mean([r["facial_hair"] != "none" for r in crowd]),
        "teeth": np.mean([r["mouth_teeth"] for r in crowd]),
    }
    assert 0.4 < shares["women"] < 0.6
    assert 0.15 < shares["glasses"] < 0.35
    assert 0.15 < shares["beards"] < 0.4
    assert 0.1 < shares["teeth"] < 0.45
    assert len({r["hair_family"] for r in crowd}) >= 20
    assert {r["hair_colour"] for r in crowd} == WORDS["hair_colour"]
    assert all(r["facial_hair"] == "none" for r in crowd if r["sex"] == "female")


def test_worlds_share_no_member():
    hair = {"validation-shifted": "validation"}
    members = {
        world: {
            *(family.name for family in families(hair.get(world, world))),
            *SKIN_MODELS[world],
            *RIGS[world],
            *BACKGROUNDS[world],
            *CAMERAS[world],
        }
        for world in VERSIONS
    }
    worlds = list(VERSIONS)
    for index, first in enumerate(worlds):
        for second in worlds[index + 1 :]:
            assert not members[first] & members[second]


@pytest.mark.parametrize("world", VERSIONS)
def test_people_keep_to_their_world(world):
    hair = {family.name for family in families(world.removesuffix("-shifted"))}
    for person in sample_people(60, 2, world):
        assert person.hair_family in hair
        assert person.skin_model in SKIN_MODELS[world]
        assert person.scene.rig in RIGS[world]
        assert person.scene.background in BACKGROUNDS[world]
        assert person.scene.camera in CAMERAS[world]
        assert person.part == ("in-distribution" if world == "train" else "shifted")


@pytest.mark.parametrize("world", VERSIONS)
def test_rigs_light_the_front_and_are_seeded(world):
    for name in RIGS[world]:
        lights = light_rig(name, 4)
        again = light_rig(name, 4)
        front = lights.environment.radiance(np.array([0.0, 0.0, 1.0]))
        assert (front > 0).all()
        for lamp, twin in zip(lights.lamps, again.lamps, strict=True):
            assert np.array_equal(lamp.direction, twin.direction)
            assert np.isclose(np.linalg.norm(lamp.direction), 1)
    with pytest.raises(ValueError, match="light rig 'disco' is unknown"):
        light_rig("disco", 1)


def test_people_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample_person(0, 1, "train").age = 3
