"""What is recorded: names of parameters, and the time of a fit."""

from benchmark.tracking.records import flatten, speed_figures


def test_flat_joins_keys_by_dots():
    nested = {"a": {"b": 1, "c": {"d": [1, 2]}}, "e": "text", "f/g": None}
    assert flatten(nested) == {
        "a.b": "1",
        "a.c.d": "[1, 2]",
        "e": "text",
        "f.g": "null",
    }


def test_the_time_of_a_fit_excludes_cached_stages():
    timing = {"fit_seconds": 2313.0, "fit_own_seconds": 38.0, "repeats": 5}
    expected = {"fit_seconds": 38.0, "fit_chain_seconds": 2313.0, "repeats": 5.0}
    assert speed_figures(timing) == expected
    assert speed_figures({"fit_seconds": 9.0}) == {"fit_chain_seconds": 9.0}
