"""A variant's own options over the shared ones, and lists of candidates."""

import tiny_suite
from hypothesis import given
from hypothesis import strategies as st

from benchmark.config.option_merge import choices, may_choose, wanted_options
from benchmark.config.suite import Suite

KEYS = st.sampled_from(["a", "b", "c"])
NESTED = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OPTIONS = st.dictionaries(KEYS, NESTED, max_size=3)


def wanted(shared, own):
    variant = {"name": "one", "method": "tiny", "options": own}
    data = tiny_suite.suite_data(options=shared, variants=[variant])
    suite = Suite.model_validate(data)
    (section,) = suite.variants
    return wanted_options(suite, section, {"a": 0, "b": 0, "c": 0})


def leaves(options, path=()):
    for key, value in options.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def test_one_key_of_a_nested_option_is_changed_alone():
    shared = {"a": {"steps": 100, "schedule": {"name": "ramped", "rise": 0.1}}}
    own = {"a": {"steps": 20, "schedule": {"rise": 0.2}}}
    assert wanted(shared, own) == {
        "a": {"steps": 20, "schedule": {"name": "ramped", "rise": 0.2}}
    }


def test_candidates_are_replaced_whole():
    shared = {"a": {"first_of": ["big", "small"]}, "b": {"x": 1}}
    own = {"a": {"first_of": ["tiny"]}, "b": {"first_of": [{"x": 2}]}}
    assert wanted(shared, own) == own
    assert list(choices(wanted(shared, own))) == [{"a": "tiny", "b": {"x": 2}}]


def test_candidates_may_stand_in_options_of_options():
    net = {"first_of": [{"name": "vgg", "weight": 1}, {"name": "lite", "weight": 0.1}]}
    options = {"a": {"steps": 5, "net": net}, "b": {"first_of": [1, 2]}}
    found = list(choices(options))
    assert [(o["a"]["net"]["name"], o["b"]) for o in found] == [
        ("vgg", 1),
        ("vgg", 2),
        ("lite", 1),
        ("lite", 2),
    ]
    assert all(o["a"]["steps"] == 5 for o in found)


def test_a_list_without_candidates_is_found_wherever_it_stands():
    assert may_choose({"a": {"first_of": [1]}})
    assert not may_choose({"first_of": []})
    assert not may_choose({"a": {"b": {"first_of": "lite"}}})


@given(OPTIONS, OPTIONS)
def test_what_a_variant_says_stands(shared, own):
    found = dict(leaves(wanted(shared, own)))
    for path, value in leaves(own):
        if value != {}:
            assert found[path] == value


@given(OPTIONS)
def test_without_options_of_its_own_all_are_shared(shared):
    assert wanted(shared, {}) == shared
