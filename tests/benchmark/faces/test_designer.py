"""Designers: any person gets a valid, repeatable truth, and the two hands agree."""

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
from benchmark.avatars.colour import hex_to_rgb, srgb_to_lab
from benchmark.faces.portraits.designer import DESIGNERS, ENGINES, agreement, truth
from benchmark.faces.portraits.designer.appearance import NUMBERS, VISIBLE, WORDS
from benchmark.faces.portraits.designer.describe import update_document
from benchmark.faces.portraits.designer.truths import TABLES, engine_spec
from benchmark.faces.portraits.hair.families import families
from benchmark.faces.portraits.people import attributes, sample_people
from benchmark.faces.portraits.tones import hex_of, skin_albedo

SPECS = {engine: engine_spec(engine) for engine in ENGINES}
PAIRS = [(engine, designer) for engine in ENGINES for designer in DESIGNERS]


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
looks = st.fixed_dictionaries(
    {name: st.sampled_from(words) for name, words in WORDS.items()}
    | {name: st.floats(*bounds) for name, bounds in NUMBERS.items()}
    | {"mouth_teeth": st.booleans(), "skin_rgb": hexes, "hair_rgb": hexes}
    | {"expression": st.sampled_from(("neutral", "smirk", "pout", "straight", "wink"))}
)


@settings(max_examples=25, deadline=None)
@given(st.lists(looks, max_size=3))
def test_any_people_get_valid_vectors(some):
    for engine, designer in PAIRS:
        vectors = truth(engine, SPECS[engine], designer, some)
        assert len(vectors) == len(some)
        assert vectors == truth(engine, SPECS[engine], designer, some)


def test_truth_of_one_person_does_not_depend_on_the_others(people, truths):
    for (engine, designer), vectors in truths.items():
        alone = truth(engine, SPECS[engine], designer, people[7:8])
        assert alone == vectors[7]


def test_only_visible_attributes_count(people, truths):
    hidden = [{name: person[name] for name in VISIBLE} for person in people]
    for (engine, designer), vectors in truths.items():
        assert vectors == truth(engine, SPECS[engine], designer, hidden)


@pytest.mark.parametrize(("name", "word"), [(n, w) for n in WORDS for w in WORDS[n]])
def test_every_word_of_the_vocabulary_is_handled(people, name, word):
    for engine, designer in PAIRS:
        truth(engine, SPECS[engine], designer, [people[0] | {name: word}])


def test_every_parameter_has_a_line_and_tables_differ():
    for engine, spec in SPECS.items():
        one, other = (TABLES[designer][engine] for designer in DESIGNERS)
        assert set(one) == set(other) == set(spec.names)
        assert one != other


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
def test_sliders_rise_smoothly_with_what_they_show(
    people, designer, parameter, attribute
):
    seen = [people[0] | {attribute: float(v)} for v in np.linspace(0, 1, 41)]
    spec = SPECS["toon-tiktok"]
    values = truth("toon-tiktok", spec, designer, seen).column(parameter)
    steps = np.diff(values)
    assert (steps >= 0).all()
    assert steps.max() < 0.06
    assert values[-1] - values[0] > 0.25


def test_designers_differ_but_agree(people):
    for engine, spec in SPECS.items():
        figures = agreement(engine, spec, people)
        assert [figure.parameter for figure in figures] == list(spec.names)
        for figure in figures:
            low = 0.9 if figure.kind == "correlation" else 0.6
            assert low < figure.value <= 1, figure
        shared = [f.value for f in figures if f.kind == "share equal"]
        assert np.mean(shared) < 0.95


def test_scalars_use_their_range(truths):
    for (engine, designer), vectors in truths.items():
        for column, scalar in enumerate(SPECS[engine].continuous):
            values = vectors.continuous[:, column]
            assert values.std() >= 0.15, (designer, scalar.name)


def test_no_hair_swallows_the_others(truths):
    for (engine, designer), vectors in truths.items():
        counts = Counter(vectors.column("hair_type").tolist())
        assert max(counts.values()) <= 0.25 * len(vectors), (engine, designer)


BOWL_CUT = {"mop_straight": "nobody in train wears a bowl cut"}
UNSEEN = {
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
}
"""Options that no train person needs, and why."""


def _every_hair(person, draws=20):
    """The person under every head of hair of the train world."""
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


def test_every_option_is_used_where_people_look_like_it(people):
    people = [*people, *_every_hair(people[0])]
    for engine, spec in SPECS.items():
        made = [truth(engine, spec, designer, people) for designer in DESIGNERS]
        for parameter in spec.discrete:
            if parameter.name == "skin_tone" and engine == "toon-tiktok":
                continue
            used = {
                parameter.options[index]
                for vectors in made
                for index in vectors.column(parameter.name)
            }
            unused = set(parameter.options) - used - set(UNSEEN[engine])
            assert not unused, (engine, parameter.name)


def test_hair_that_stands_in_the_options_words_gets_that_option(people):
    from benchmark.faces.portraits.designer.toon_hair import TOON_HAIRS

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
    bare = [person | {"hair_length": "bald"} for person in people[:40]]
    for engine, designer in PAIRS:
        records = truth(engine, SPECS[engine], designer, bare).to_records()
        assert {record["hair_type"] for record in records} == {"bald"}


def test_hair_swatches_are_read_back(people):
    for engine, designer in PAIRS:
        parameter = SPECS[engine]["hair_colour"]
        assert isinstance(parameter, Discrete)
        seen = [people[0] | {"hair_rgb": colour} for colour in parameter.colours]
        values = truth(engine, SPECS[engine], designer, seen).column("hair_colour")
        assert values.tolist() == list(range(len(parameter.options)))


def test_deeper_skin_gets_deeper_swatches(people):
    for engine, designer in PAIRS:
        parameter = SPECS[engine]["skin_tone"]
        assert isinstance(parameter, Discrete)
        seen = [
            people[0] | {"skin_rgb": hex_of(skin_albedo(depth, 0.0))}
            for depth in np.linspace(0, 1, 40)
        ]
        chosen = truth(engine, SPECS[engine], designer, seen).column("skin_tone")
        rgb = np.array([hex_to_rgb(parameter.colours[index]) for index in chosen])
        assert (np.diff(srgb_to_lab(rgb)[:, 0]) <= 1).all()
        assert len(set(chosen.tolist())) >= min(12, len(parameter.options))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hair_length": "shrt"}, "hair_length is 'shrt' .did you mean short"),
        ({"mouth_open": 1.4}, "mouth_open is 1.4; it is a number from 0 to 1"),
        ({"mouth_teeth": 1}, "mouth_teeth is 1; it is true or false"),
        ({"skin_rgb": "pink"}, "skin_rgb is 'pink'; it is a colour"),
        ({"brow_arch": True}, "brow_arch is True; it is a number"),
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


def test_a_missing_attribute_is_named_with_its_nearest(people):
    person = {k: v for k, v in people[0].items() if k != "hair_top"} | {"hairtop": 0.2}
    with pytest.raises(
        AvatarError, match=r"'hair_top' is missing .did you mean hairto"
    ):
        truth("toon-alter", SPECS["toon-alter"], "designer-b", [person])


def test_unknown_names_get_the_nearest():
    spec = SPECS["toon-alter"]
    with pytest.raises(AvatarError, match=r"no designer 'designer-c' .did you mean"):
        truth("toon-alter", spec, "designer-c", [])
    with pytest.raises(
        AvatarError, match=r"engine 'toon-altar' .did you mean toon-alt"
    ):
        truth("toon-altar", spec, "designer-a", [])


def test_a_changed_spec_is_refused():
    spec = SPECS["toon-alter"]
    wider = replace(spec, parameters=(*spec.parameters, Continuous("ears", "ear")))
    with pytest.raises(AvatarError, match=r"does not fit its spec.*ears"):
        truth("toon-alter", wider, "designer-a", [])


def test_attributes_survive_json(people):
    people = people[:40]
    again = json.loads(json.dumps(people))
    for engine, designer in PAIRS:
        spec = SPECS[engine]
        assert truth(engine, spec, designer, again) == truth(
            engine, spec, designer, people
        )


def test_documentation_repeats_the_tables(tmp_path):
    document = Path(__file__).parents[3] / "docs" / "designers.md"
    copy = Path(shutil.copy(document, tmp_path))
    update_document(copy)
    assert copy.read_text("utf-8") == document.read_text("utf-8")
    copy.write_text("# Nothing to fill", "utf-8")
    with pytest.raises(AvatarError, match="lacks the markers of its section 'weights'"):
        update_document(copy)
