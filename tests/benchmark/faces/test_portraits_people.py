"""People are reproducible, complete and in range; domains share no member."""

import dataclasses
import json

import numpy as np
import pytest

from benchmark.faces.portraits.hair.families import families
from benchmark.faces.portraits.light import RIGS, light_rig
from benchmark.faces.portraits.people import (
    ATTRIBUTES,
    DOMAINS,
    SKIN_MODELS,
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
def records():
    return [attributes(person) for person in sample_people(300, 5, "train")]


def test_a_person_is_the_same_in_any_batch():
    assert sample_people(6, 3, "train")[5] == sample_person(5, 3, "train")
    assert sample_person(5, 3, "train") != sample_person(5, 4, "train")
    assert sample_person(5, 3, "train") != sample_person(5, 3, "heldout")


def test_an_unknown_domain_raises():
    with pytest.raises(ValueError, match="domain 'mars' is unknown"):
        sample_person(0, 1, "mars")


def test_records_are_complete_json(records):
    for record in records:
        assert tuple(record) == ATTRIBUTES
        assert json.loads(json.dumps(record)) == record


def test_values_are_in_range(records):
    for record in records:
        assert 18 <= record["age"] <= 80
        assert -1 <= record["skin_undertone"] <= 1
        assert -1 <= record["mouth_curve"] <= 1
        assert all(0 <= record[name] <= 1 for name in UNIT)
        assert all(record[name] in words for name, words in WORDS.items())
        for name in ("skin_rgb", "hair_rgb", "eye_rgb"):
            assert len(bytes.fromhex(record[name].removeprefix("#"))) == 3


@pytest.mark.parametrize("name", UNIT)
def test_geometry_spreads_over_its_range(records, name):
    values = np.array([record[name] for record in records])
    if name == "mouth_open":
        assert (values > 0.4).mean() > 0.05
        return
    low, high = np.percentile(values, [5, 95])
    assert high - low > 0.4


def test_shares_of_people_are_plausible(records):
    shares = {
        "women": np.mean([r["sex"] == "female" for r in records]),
        "glasses": np.mean([r["glasses"] != "none" for r in records]),
        "beards": np.mean([r["facial_hair"] != "none" for r in records]),
        "teeth": np.mean([r["mouth_teeth"] for r in records]),
    }
    assert 0.4 < shares["women"] < 0.6
    assert 0.15 < shares["glasses"] < 0.35
    assert 0.15 < shares["beards"] < 0.4
    assert 0.1 < shares["teeth"] < 0.45
    assert len({r["hair_family"] for r in records}) >= 20
    assert {r["hair_colour"] for r in records} == WORDS["hair_colour"]
    assert all(r["facial_hair"] == "none" for r in records if r["sex"] == "female")


def test_domains_share_no_member():
    hair = {"validation-shifted": "validation"}
    members = {
        domain: {
            *(family.name for family in families(hair.get(domain, domain))),
            *SKIN_MODELS[domain],
            *RIGS[domain],
            *BACKGROUNDS[domain],
            *CAMERAS[domain],
        }
        for domain in DOMAINS
    }
    domains = list(DOMAINS)
    for index, first in enumerate(domains):
        for second in domains[index + 1 :]:
            assert not members[first] & members[second]


@pytest.mark.parametrize("domain", DOMAINS)
def test_people_use_members_of_their_domain_only(domain):
    hair = {family.name for family in families(domain.removesuffix("-shifted"))}
    for person in sample_people(60, 2, domain):
        assert person.hair_family in hair
        assert person.skin_model in SKIN_MODELS[domain]
        assert person.scene.rig in RIGS[domain]
        assert person.scene.background in BACKGROUNDS[domain]
        assert person.scene.camera in CAMERAS[domain]
        assert person.part == ("in-distribution" if domain == "train" else "shifted")


@pytest.mark.parametrize("domain", DOMAINS)
def test_rigs_light_the_front_and_are_reproducible(domain):
    for name in RIGS[domain]:
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
