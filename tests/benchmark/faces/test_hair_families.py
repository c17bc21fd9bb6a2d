from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest

from benchmark.faces.portraits.hair import families as vocabulary
from benchmark.faces.portraits.hair.families import DOMAINS, FAMILIES, families


def test_every_domain_has_enough_families_and_none_is_shared():
    by_domain = {domain: {f.name for f in families(domain)} for domain in DOMAINS}
    assert len(by_domain["train"]) >= 24
    assert len(by_domain["validation"]) >= 6
    assert len(by_domain["heldout"]) >= 8
    assert sum(map(len, by_domain.values())) == len(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_family_attributes_are_in_range(family):
    words = {
        "hair_length": vocabulary.HairLength,
        "hair_texture": vocabulary.HairTexture,
        "hair_fringe": vocabulary.HairFringe,
        "hair_parting": vocabulary.HairParting,
        "hair_tied": vocabulary.HairTied,
        "hair_sides": vocabulary.HairSides,
    }
    for name, options in words.items():
        assert getattr(family, name) in get_args(options)
    for field in fields(family):
        if field.name in ("hair_volume", "hair_top", "hair_recession"):
            low, high = getattr(family, field.name)
            assert 0 <= low <= high <= 1
    assert family.weight("male") + family.weight("female") > 0
    assert 18 <= family.ages[0] < family.ages[1] <= 80


def test_every_sex_and_age_has_a_family_in_each_domain():
    for domain in DOMAINS:
        for sex in ("female", "male"):
            for age in range(18, 81):
                assert any(
                    family.weight(sex) > 0 and family.ages[0] <= age <= family.ages[1]
                    for family in families(domain)
                )


def test_unknown_domain_and_sex_raise():
    with pytest.raises(ValueError, match="domain 'moon' is unknown"):
        families("moon")
    with pytest.raises(ValueError, match="expected 'female' or 'male'"):
        FAMILIES["buzz"].weight("other")
