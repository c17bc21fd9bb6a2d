"""Registries load lazily, suggest names, and report broken entries."""

import sys
from importlib.metadata import EntryPoint

import pytest

from benchmark import registry as registry_module
from benchmark.registry import (
    ENGINES,
    METHODS,
    METRICS,
    Registry,
    Unavailable,
    UnknownName,
)

TARGETS = {
    "decoder": "json:JSONDecoder",
    "encoder": "json:JSONEncoder",
    "absent-module": "no_such_module:Thing",
    "absent-name": "json:NoSuchThing",
}


@pytest.fixture
def registry():
    return Registry("codec", "avatarbench.tests", TARGETS)


def test_entries_load_by_name(registry):
    assert registry.load("decoder").__name__ == "JSONDecoder"
    assert registry.names() == tuple(TARGETS)


def test_unknown_names_are_refused_with_similar_names(registry):
    with pytest.raises(UnknownName) as caught:
        registry.load("decodr")
    message = str(caught.value)
    assert message.startswith("unknown codec 'decodr' (did you mean decoder")
    assert "the codecs are absent-module, absent-name, decoder, encoder" in message


@pytest.mark.parametrize("name", ["absent-module", "absent-name"])
def test_a_broken_entry_is_listed_with_its_problem(registry, name):
    with pytest.raises(Unavailable, match=f"codec {name} cannot be imported: "):
        registry.load(name)
    problems = {line.name: line.problem for line in registry.listing()}
    assert problems["decoder"] is None
    assert problems[name] is not None


def test_entry_points_add_entries_but_replace_no_builtin(registry, monkeypatch):
    group = registry.group
    points = (
        EntryPoint("pretty", "pprint:PrettyPrinter", group),
        EntryPoint("decoder", "pprint:PrettyPrinter", group),
    )
    asked = []

    def entry_points(group):
        asked.append(group)
        return points

    monkeypatch.setattr(registry_module, "entry_points", entry_points)
    assert registry.load("pretty").__name__ == "PrettyPrinter"
    assert registry.load("decoder").__name__ == "JSONDecoder"
    assert registry.names()[-1] == "pretty"
    assert asked == [group]


def test_names_imports_no_entry(monkeypatch):
    monkeypatch.delitem(sys.modules, "benchmark.engines.dicebear", raising=False)
    assert "avataaars" in ENGINES.names()
    assert "benchmark.engines.dicebear" not in sys.modules


@pytest.mark.parametrize("registry", [ENGINES, METHODS, METRICS])
def test_builtin_names_are_lower_case(registry):
    for name in registry.names():
        assert name == name.lower()
    kinds = {ENGINES: "engine", METHODS: "method", METRICS: "metric"}
    assert registry.group == f"avatarbench.{kinds[registry]}s"
