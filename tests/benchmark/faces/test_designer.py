"""Designers: valid and repeatable ground truth for any person, and their agreement."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.avatars import AvatarError, Continuous, Discrete
from benchmark.avatars.colour import hex_to_rgb, rgb_to_hex, srgb_to_lab
from benchmark.faces.portraits.designer import DESIGNERS, ENGINES, agreement, truth
from benchmark.faces.portraits.designer.appearance import NUMBERS, VISIBLE, WORDS
from benchmark.faces.portraits.designer.describe import update_document
from benchmark.faces.portraits.designer.toon_hair import TOON_HAIRS
from benchmark.faces.portraits.designer.truths import (
    OPTIONAL_ENGINES,
    TABLES,
    engine_spec,
)
from benchmark.faces.portraits.hair.families import families
from benchmark.faces.portraits.people import attributes, sample_people
from benchmark.faces.portraits.tones import skin_albedo

SPECS = {engine: engine_spec(engine) for engine in (*ENGINES, *OPTIONAL_ENGINES)}
PAIRS = [(engine, designer) for engine in SPECS for designer in DESIGNERS]


@pytest.fixture(scope="module")
def people():
    return [attributes(person) for person in sample_people(300, 5, "train")]


@pytest.fixture(scope="module")
def truths(people):
    return {
        (engine, designer): truth(engine, SPECS[engine], designer, people)
        for engine, designer in PAIRS
    }


hexes = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
visible_attributes = st.fixed_dictionaries(
    {name: st.sampled_from(words) for name, words in WORDS.items()}
    | {name: st.floats(*bounds) for name, bounds in NUMBERS.items()}
    | {"mouth_teeth": st.booleans(), "skin_rgb": hexes, "hair_rgb": hexes}
    | {"expression": st.sampled_from(("neutral", "smirk", "pout", "straight", "wink"))}
)


@settings(max_examples=25, deadline=None)
@given(st.lists(visible_attributes, max_size=3))
def test_any_people_get_valid_vectors(people):
    for engine, designer in PAIRS:
        vectors = truth(engine, SPECS[engine], designer, people)
        assert len(vectors) == len(people)
        assert vectors == truth(engine, SPECS[engine], designer, people)


def test_one_persons_vector_does_not_depend_on_the_others(people, truths):
    for (engine, designer), vectors in truths.items():
        alone = truth(engine, SPECS[engine], designer, people[7:8])
        assert alone == vectors[7]


def test_only_visible_attributes_count(people, truths):
    visible = [{name: person[name] for name in VISIBLE} for person in people]
    for (engine, designer), vectors in truths.items():
        assert vectors == truth(engine, SPECS[engine], designer, visible)


@pytest.mark.parametrize(("name", "word"), [(n, w) for n in WORDS for w in WORDS[n]])
def test_every_word_of_the_vocabulary_is_handled(people, name, word):
    person = people[0] | {name: word}
    for engine, designer in PAIRS:
        record = truth(engine, SPECS[engine], designer, [person]).to_records()[0]
        is_bald = person["hair_length"] == "bald"
        assert (record["hair_type"] == "bald") == is_bald
        assert (record["glasses"] == "none") == (person["glasses"] == "none")
        if "facial_hair" in record:
            # These have no stubble among their options of facial hair.
            smooth = engine in ("avataaars", "facesjs")
            shaved = {"none"} | ({"stubble"} if smooth else set())
            is_shaved = person["facial_hair"] in shaved
            assert (record["facial_hair"] == "none") == is_shaved


def test_every_parameter_has_a_rule_and_tables_differ():
    for engine, spec in SPECS.items():
        a, b = (TABLES[designer][engine] for designer in DESIGNERS)
        assert set(a) == set(b) == set(spec.names)
        assert a != b


def test_every_toon_hair_has_its_own_description():
    assert tuple(TOON_HAIRS) == SPECS["toon-tiktok"]["hair_type"].options
    assert set(SPECS["toon-alter"]["hair_type"].options) <= set(TOON_HAIRS)
    assert len(set(TOON_HAIRS.values())) == 36


@pytest.mark.parametrize("designer", DESIGNERS)
@pytest.mark.parametrize(
    ("parameter", "attribute"),
    [
        ("head_width", "head_width"),
        ("head_square", "jaw_angularity"),
        ("head_heart", "forehead_width"),
        ("head_diamond", "cheekbone_width"),
        ("eye_hooded", "eye_hood"),
        ("eye_rotation", "eye_rotation"),
        ("eye_size", "eye_size"),
        ("mouth_width", "mouth_width"),
        ("mouth_position", "mouth_position"),
        ("nose_height", "nose_height"),
    ],
)
def test_sliders_rise_smoothly_with_their_main_attribute(
    people, designer, parameter, attribute
):
    persons = [people[0] | {attribute: float(v)} for v in np.linspace(0, 1, 41)]
    spec = SPECS["toon-tiktok"]
    values = truth("toon-tiktok", spec, designer, persons).column(parameter)
    steps = np.diff(values)
    assert (steps >= 0).all()
    assert steps.max() < 0.06
    assert values[-1] - values[0] > 0.25


def test_designers_differ_but_agree(people):
    for engine, spec in SPECS.items():
        rows = agreement(engine, spec, people)
        assert [row.parameter for row in rows] == list(spec.names)
        for row in rows:
            low = 0.9 if row.kind == "correlation" else 0.6
            assert low < row.value <= 1, row
        shares = [row.value for row in rows if row.kind == "share equal"]
        assert np.mean(shares) < 0.95


def test_scalars_use_their_range(truths):
    for (engine, designer), vectors in truths.items():
        for column, scalar in enumerate(SPECS[engine].continuous):
            values = vectors.continuous[:, column]
            assert values.std() >= 0.15, (designer, scalar.name)


def test_no_hair_option_dominates(truths):
    for (engine, designer), vectors in truths.items():
        counts = Counter(vectors.column("hair_type").tolist())
        assert max(counts.values()) <= 0.25 * len(vectors), (engine, designer)


BOWL_CUT = {"mop_straight": "nobody in train wears a bowl cut"}
UNUSED = {
    "avataaars": {
        "grimace": "nobody bares teeth without smiling",
        "closed": "eyes are open",
        "red": "no hair is scarlet",
        "blond": "no hair is ochre",
        "platinum": "no hair is quite as pale and yellow",
        "sunglasses": "lenses are clear",
        "wayfarers": "lenses are clear",
        "shavedSides": "nobody wears long hair over shaved sides",
        "shaggyMullet": "needs chin-long waves that fall from a centre",
    },
    "toon-tiktok": BOWL_CUT
    | {
        "curly_fade": "nobody in train wears curls over shaved sides",
        "flat_top": "nobody in train wears it",
        "locs": "nobody in train wears them",
    },
    "toon-alter": BOWL_CUT,
    "facesjs": {
        "high": "nobody in train wears a flat top",
        "messy": "needs short waves without a fringe",
        "mouth": "nobody opens the mouth without showing teeth",
        "female6": "needs chin-long straight hair that falls from a centre",
    },
}
"""Options that no train person needs, and why."""


def _every_hair(person, draws=20):
    """The person with random hair of every family of the train domain."""
    rng = np.random.default_rng(3)
    for family in families("train"):
        words = {
            f"hair_{name}": getattr(family, f"hair_{name}")
            for name in ("length", "texture", "fringe", "parting", "tied", "sides")
        }
        for _ in range(draws):
            yield (
                person
                | words
                | {
                    name: rng.uniform(*getattr(family, name))
                    for name in ("hair_volume", "hair_top", "hair_recession")
                }
            )


@pytest.mark.slow
def test_every_option_is_used_except_the_known_unused_ones(people):
    people = [*people, *_every_hair(people[0])]
    for engine, spec in SPECS.items():
        both = [truth(engine, spec, designer, people) for designer in DESIGNERS]
        for parameter in spec.discrete:
            if parameter.name == "skin_tone" and engine == "toon-tiktok":
                continue
            used = {
                parameter.options[index]
                for vectors in both
                for index in vectors.column(parameter.name)
            }
            unused = set(parameter.options) - used - set(UNUSED[engine])
            assert not unused, (engine, parameter.name)


def test_hair_that_equals_an_options_description_gets_that_option(people):
    spec = SPECS["toon-tiktok"]
    for name, shape in TOON_HAIRS.items():
        person = people[0] | {
            f"hair_{feature}": getattr(shape, feature)
            for feature in (
                *("length", "texture", "fringe", "parting", "tied", "sides"),
                *("volume", "top", "recession"),
            )
        }
        for designer in DESIGNERS:
            record = truth("toon-tiktok", spec, designer, [person]).to_records()[0]
            assert record["hair_type"] == name


def test_baldness_dominates(people):
    bald = [person | {"hair_length": "bald"} for person in people[:40]]
    for engine, designer in PAIRS:
        records = truth(engine, SPECS[engine], designer, bald).to_records()
        assert {record["hair_type"] for record in records} == {"bald"}


def test_hair_of_a_swatchs_colour_gets_that_swatch(people):
    for engine, designer in PAIRS:
        parameter = SPECS[engine]["hair_colour"]
        assert isinstance(parameter, Discrete)
        persons = [people[0] | {"hair_rgb": colour} for colour in parameter.colours]
        values = truth(engine, SPECS[engine], designer, persons).column("hair_colour")
        assert values.tolist() == list(range(len(parameter.options)))


def test_deeper_skin_gets_deeper_swatches(people):
    for engine, designer in PAIRS:
        parameter = SPECS[engine]["skin_tone"]
        assert isinstance(parameter, Discrete)
        persons = [
            people[0] | {"skin_rgb": rgb_to_hex(skin_albedo(depth, 0.0) * 255)}
            for depth in np.linspace(0, 1, 40)
        ]
        chosen = truth(engine, SPECS[engine], designer, persons).column("skin_tone")
        rgb = np.array([hex_to_rgb(parameter.colours[index]) for index in chosen])
        assert (np.diff(srgb_to_lab(rgb)[:, 0]) <= 1).all()
        assert len(set(chosen.tolist())) >= min(12, len(parameter.options))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hair_length": "shrt"}, "hair_length is 'shrt' .did you mean short"),
        ({"mouth_open": 1.4}, "mouth_open is 1.4; expected a number from 0 to 1"),
        ({"mouth_teeth": 1}, "mouth_teeth is 1; expected true or false"),
        ({"skin_rgb": "pink"}, "skin_rgb is 'pink'; expected a colour"),
        ({"brow_arch": True}, "brow_arch is True; expected a number"),
        ({"eye_hood": float("nan")}, "eye_hood is nan"),
    ],
)
def test_bad_values_are_named(people, change, message):
    with pytest.raises(AvatarError, match=f"f3: {message}"):
        truth(
            "toon-alter",
            SPECS["toon-alter"],
            "designer-a",
            [people[0] | {"face": "f3"} | change],
        )


def test_a_missing_attribute_is_named_with_a_suggestion(people):
    person = {k: v for k, v in people[0].items() if k != "hair_top"} | {"hairtop": 0.2}
    with pytest.raises(
        AvatarError, match=r"'hair_top' is missing .did you mean hairto"
    ):
        truth("toon-alter", SPECS["toon-alter"], "designer-b", [person])


def test_unknown_designers_and_engines_get_a_suggestion():
    spec = SPECS["toon-alter"]
    with pytest.raises(
        AvatarError, match=r"unknown designer 'designer-c' .did you mean"
    ):
        truth("toon-alter", spec, "designer-c", [])
    with pytest.raises(
        AvatarError, match=r"engine 'toon-altar' .did you mean toon-alt"
    ):
        truth("toon-altar", spec, "designer-a", [])


def test_a_changed_spec_is_refused():
    spec = SPECS["toon-alter"]
    wider = replace(spec, parameters=(*spec.parameters, Continuous("ears", "ear")))
    with pytest.raises(AvatarError, match=r"does not fit the engine's spec.*ears"):
        truth("toon-alter", wider, "designer-a", [])


def test_attributes_survive_json(people):
    loaded = json.loads(json.dumps(people[:40]))
    for engine, designer in PAIRS:
        spec = SPECS[engine]
        expected = truth(engine, spec, designer, people[:40])
        assert truth(engine, spec, designer, loaded) == expected


def test_documentation_contains_the_tables(tmp_path):
    document = Path(__file__).parents[3] / "docs" / "designers.md"
    copy = Path(shutil.copy(document, tmp_path))
    update_document(copy)
    assert copy.read_text("utf-8") == document.read_text("utf-8")
    copy.write_text("# Nothing to fill", "utf-8")
    with pytest.raises(AvatarError, match="lacks the markers of section 'weights'"):
        update_document(copy)
