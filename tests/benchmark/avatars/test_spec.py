"""Specs refuse contradictions and survive JSON."""

import json

import pytest
from avatar_strategies import specs
from hypothesis import given

from benchmark.avatars import (
    AvatarError,
    AvatarSpec,
    Condition,
    Continuous,
    Discrete,
)
from benchmark.avatars.spec import did_you_mean

WIDTH = Continuous("head_width", "head")
HAIR = Discrete("hair_type", "hair", ("bald", "bob"))
BEARD = Discrete("beard", "face", ("none", "full"), optional=True)


@given(specs())
def test_specs_survive_json(spec):
    back = AvatarSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert back == spec
    assert back.digest == spec.digest


@given(specs())
def test_the_flat_form_is_covered_once(spec):
    places = [i for s in spec.flat_slices.values() for i in range(s.start, s.stop)]
    assert sorted(places) == list(range(spec.flat_size))
    assert set(spec.flat_slices) == set(spec.names)


def test_different_specs_have_different_digests():
    one = AvatarSpec("x", (WIDTH, HAIR))
    others = [
        AvatarSpec("y", (WIDTH, HAIR)),
        AvatarSpec("x", (HAIR, WIDTH)),
        AvatarSpec("x", (Continuous("head_width", "head", default=0.4), HAIR)),
        AvatarSpec("x", (WIDTH, Discrete("hair_type", "hair", ("bob", "bald")))),
    ]
    assert len({spec.digest for spec in (one, *others)}) == 5


def test_parameters_are_looked_up_by_name():
    spec = AvatarSpec("x", (WIDTH, HAIR, BEARD))
    assert spec["hair_type"] is HAIR
    assert spec.continuous == (WIDTH,)
    assert spec.discrete == (HAIR, BEARD)
    assert HAIR.kind == "shape"
    with pytest.raises(AvatarError, match=r"hair_typ: .*did you mean hair_type"):
        spec["hair_typ"]


def test_options_are_looked_up_by_name():
    assert HAIR.index("bob") == 1
    with pytest.raises(AvatarError, match=r"hair_type: .*'bub'.*mean bob.*bald, bob"):
        HAIR.index("bub")


def conditional(parameter, option):
    condition = Condition(parameter, (option,))
    return Continuous("curl", "hair", active_when=condition)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ((), "has no parameters"),
        ((WIDTH, WIDTH), "head_width is listed twice"),
        ((Continuous("w", "head", default=1.5),), r"w: default must be in \[0, 1\]"),
        ((Discrete("h", "hair", ("bob",)),), "h: needs at least two"),
        ((Discrete("h", "hair", ("bob", "bob")),), "h: needs at least two different"),
        ((Discrete("h", "hair", ("none", "bob")),), "h: optional parameters"),
        ((Discrete("h", "hair", ("a", "b"), optional=True),), "h: optional"),
        ((Discrete("h", "hair", ("a", "b"), colours=("#000000",)),), "one colour"),
        ((WIDTH, conditional("head_width", "x")), "not another discrete parameter"),
        ((HAIR, conditional("hair", "bob")), "not another discrete parameter"),
        ((HAIR, conditional("hair_type", "bub")), "unknown option 'bub'"),
    ],
)
def test_invalid_specs_are_refused(parameters, message):
    with pytest.raises(AvatarError, match=message):
        AvatarSpec("x", parameters)


def test_conditions_do_not_chain():
    colour = Discrete("colour", "hair", ("a", "b"), active_when=Condition("h", ("x",)))
    curl = Continuous("curl", "hair", active_when=Condition("colour", ("a",)))
    with pytest.raises(AvatarError, match="colour, which is itself conditional"):
        AvatarSpec("x", (Discrete("h", "hair", ("x", "y")), colour, curl))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "x"},
        {"name": "x", "parameters": [{"name": "w"}]},
        {"name": "x", "parameters": [{"type": "other", "name": "w"}]},
        {"name": "x", "parameters": [{"type": "continuous", "size": 1}]},
        {"name": "x", "parameters": 3},
    ],
)
def test_other_json_is_refused(data):
    with pytest.raises(AvatarError, match="not an avatar spec"):
        AvatarSpec.from_json(data)


def test_did_you_mean_suggests_similar_names():
    assert did_you_mean("brwn", ("brown", "black")) == " (did you mean brown?)"
    assert did_you_mean("xyz", ("brown", "black")) == ""
