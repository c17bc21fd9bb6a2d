"""avataaars: options, inactive parameters, and part maps that match the pictures."""

import numpy as np
import pytest

from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.dicebear import SPEC, Avataaars
from benchmark.engines.dicebear_parts import part_document


@pytest.fixture(scope="module")
def engine():
    return Avataaars()


def test_no_hats_and_no_novelties_are_offered():
    offered = {option for choice in SPEC.discrete for option in choice.options}
    novelties = {"hat", "hijab", "turban", "winterHat1", "frida", "froBand", "eyepatch"}
    novelties |= {"hearts", "xDizzy", "cry", "vomit", "tongue", "pastelPink", "kurt"}
    assert not offered & novelties


def test_colours_of_absent_hair_and_beards_are_inactive():
    bald = AvatarVectors.defaults(SPEC).with_value("hair_type", "bald")
    active = dict(zip(SPEC.names, bald.active().discrete[0], strict=True))
    assert not active["hair_colour"]
    assert not active["facial_hair_colour"]
    assert active["skin_tone"]


def test_pictures_show_the_chosen_colours(engine):
    vectors = AvatarVectors.defaults(SPEC).with_value("skin_tone", "tan")
    vectors = vectors.with_value("hair_type", "fro").with_value("hair_colour", "red")
    picture = engine.render(vectors, 200)[0]
    colours = {tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()}
    assert {(0xD0, 0x8B, 0x5B), (0xC9, 0x33, 0x05)} <= colours


def test_part_maps_agree_with_the_pictures(engine):
    vectors = AvatarVectors.defaults(SPEC).with_value("hair_type", "bob")
    vectors = vectors.with_value("hair_colour", "red")
    picture = engine.render(vectors, 256)[0].astype(int)
    maps = engine.parts(vectors, 256)[0]
    red = np.abs(picture - (0xC9, 0x33, 0x05)).max(axis=-1) <= 2
    hair = maps == PART_IDS["hair"]
    assert (red & hair).sum() / (red | hair).sum() > 0.97


def test_bald_heads_have_no_hair_and_beards_count_as_skin(engine):
    bald = AvatarVectors.defaults(SPEC).with_value("hair_type", "bald")
    bearded = bald.with_value("facial_hair", "beardMajestic")
    maps = engine.parts(AvatarVectors.concatenate([bald, bearded]), 128)
    assert not (maps == PART_IDS["hair"]).any()
    skin = (maps == PART_IDS["skin"]).sum(axis=(1, 2))
    assert skin[1] > skin[0]


def test_beard_maps_match_the_pixels_that_a_beard_changes(engine):
    bald = AvatarVectors.defaults(SPEC).with_value("hair_type", "bald")
    bearded = bald.with_value("facial_hair", "beardMajestic")
    both = AvatarVectors.concatenate([bald, bearded])
    clean, beard = engine.beards(both, 256)
    assert not clean.any()
    changed = (engine.render(both, 256)[0] != engine.render(both, 256)[1]).any(-1)
    assert (changed & beard).sum() / (changed | beard).sum() > 0.95


def test_part_maps_have_every_part_that_the_style_draws(engine):
    maps = engine.parts(AvatarVectors.sample(SPEC, 12, seed=0), 64)
    drawn = set(np.unique(maps)) - {PART_IDS["background"]}
    assert drawn == set(range(1, 11))


def test_an_unknown_drawing_is_refused():
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><defs/><g><rect/><path/><path/></g></svg>'
    with pytest.raises(ValueError, match="unknown way"):
        part_document(svg)


def test_bad_requests_are_refused(engine):
    with pytest.raises(AvatarError, match="64-1024"):
        engine.render(AvatarVectors.defaults(SPEC), 32)
    with pytest.raises(AvatarError, match=r"hair_type: unknown option 'bobb'.*bob"):
        AvatarVectors.defaults(SPEC).with_value("hair_type", "bobb")
