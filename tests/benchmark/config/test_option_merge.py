"""Merging the options of a variant with the shared ones, and fallbacks."""

import tiny_suite
from hypothesis import given
from hypothesis import strategies as st

from benchmark.config.option_merge import (
    expand_fallbacks,
    has_valid_fallbacks,
    merged_options,
)
from benchmark.config.suite import Suite

KEYS = st.sampled_from(["a", "b", "c"])
NESTED = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OPTIONS = st.dictionaries(KEYS, NESTED, max_size=3)


def merged(shared, own):
    variant = {"name": "one", "method": "tiny", "options": own}
    data = tiny_suite.suite_data(options=shared, variants=[variant])
    suite = Suite.model_validate(data)
    (section,) = suite.variants
    return merged_options(suite, section, {"a": 0, "b": 0, "c": 0})


def leaves(options, path=()):
    for key, value in options.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def test_one_key_of_a_nested_option_is_changed_alone():
    shared = {"a": {"steps": 100, "schedule": {"name": "ramped", "rise": 0.1}}}
    own = {"a": {"steps": 20, "schedule": {"rise": 0.2}}}
    assert merged(shared, own) == {
        "a": {"steps": 20, "schedule": {"name": "ramped", "rise": 0.2}}
    }


def test_fallbacks_are_replaced_as_a_whole():
    shared = {"a": {"fallbacks": ["big", "small"]}, "b": {"x": 1}}
    own = {"a": {"fallbacks": ["tiny"]}, "b": {"fallbacks": [{"x": 2}]}}
    assert merged(shared, own) == own
    assert list(expand_fallbacks(merged(shared, own))) == [{"a": "tiny", "b": {"x": 2}}]


def test_fallbacks_in_nested_options_are_expanded():
    net = {"fallbacks": [{"name": "vgg", "weight": 1}, {"name": "lite", "weight": 0.1}]}
    options = {"a": {"steps": 5, "net": net}, "b": {"fallbacks": [1, 2]}}
    found = list(expand_fallbacks(options))
    assert [(o["a"]["net"]["name"], o["b"]) for o in found] == [
        ("vgg", 1),
        ("vgg", 2),
        ("lite", 1),
        ("lite", 2),
    ]
    assert all(o["a"]["steps"] == 5 for o in found)


def test_invalid_fallbacks_are_found_at_any_depth():
    assert has_valid_fallbacks({"a": {"fallbacks": [1]}})
    assert not has_valid_fallbacks({"fallbacks": []})
    assert not has_valid_fallbacks({"a": {"b": {"fallbacks": "lite"}}})


def test_the_old_spelling_of_fallbacks_is_read():
    options = {"a": {"first_of": [1, 2]}}
    assert [o["a"] for o in expand_fallbacks(options)] == [1, 2]
    assert not has_valid_fallbacks({"first_of": []})


@given(OPTIONS, OPTIONS)
def test_options_of_a_variant_win(shared, own):
    found = dict(leaves(merged(shared, own)))
    for path, value in leaves(own):
        if value != {}:
            assert found[path] == value


@given(OPTIONS)
def test_a_variant_without_options_gets_the_shared_ones(shared):
    assert merged(shared, {}) == shared
