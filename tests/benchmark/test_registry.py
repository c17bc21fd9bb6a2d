"""Registries load lazily, suggest names, and report broken entries."""

import sys
from importlib.metadata import EntryPoint

import plugins
import pytest

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
        EntryPoint("with-extras", "pprint:PrettyPrinter [colour]", group),
    )
    asked = []

    def entry_points(group):
        asked.append(group)
        return points

    monkeypatch.setattr("benchmark.system.entry_points.entry_points", entry_points)
    assert registry.load("pretty").__name__ == "PrettyPrinter"
    assert registry.load("with-extras").__name__ == "PrettyPrinter"
    assert registry.load("decoder").__name__ == "JSONDecoder"
    assert {"pretty", "with-extras"} < set(registry.names())
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


BROKEN = {
    "syntax": ("def (:\n", "SyntaxError: "),
    "value": ("raise ValueError('boom')\n", "ValueError: boom"),
    "leaves": ("raise SystemExit(3)\n", "SystemExit: 3"),
    "skips": ("import pytest\npytest.importorskip('no_such_module')\n", "Skipped: "),
    "base": (
        "class Gone(BaseException): pass\nraise Gone('away')\n",
        "Gone: away",
    ),
    "no_meta": ("class Thing:\n    pass\n", "meta must be a"),
    "arguments": ("class Thing:\n    def __init__(self, a, b): pass\n", ""),
    "impostor": (
        "from methods.controls import Random\nclass Thing(Random): pass\n",
        "",
    ),
}


@pytest.fixture
def plugged(tmp_path, monkeypatch):
    """Registries of one kind with the broken plugins of a distribution."""
    modules = {f"broken_{name}": text for name, (text, _) in BROKEN.items()}
    targets = {name: f"broken_{name}:Thing" for name in BROKEN}
    kinds = ("engines", "methods", "metrics")
    plugins.install(tmp_path, "bad-plugins", dict.fromkeys(kinds, targets), modules)
    monkeypatch.syspath_prepend(tmp_path)
    contracts = {
        r.kind: (r._contract, r._instances) for r in (ENGINES, METHODS, METRICS)
    }

    def make(kind, builtin=None):
        contract, instances = contracts[kind]
        group = f"avatarbench.{kind}s"
        builtin = builtin or {}
        return Registry(kind, group, builtin, contract, instances=instances)

    yield make
    for name in modules:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("kind", ["engine", "method", "metric"])
def test_a_broken_plugin_disables_only_itself_and_is_named(plugged, kind):
    listed = {item.name: item for item in plugged(kind).listing()}
    assert set(listed) == set(BROKEN)
    for name, (_, words) in BROKEN.items():
        problem = listed[name].problem
        assert problem is not None
        assert problem.startswith(f"{kind} {name} ")
        assert words in problem
        origin = f"{name} = broken_{name}:Thing in avatarbench.{kind}s"
        assert f"entry point {origin} of bad-plugins 1.0" in problem
    if kind == "method":
        taken = "meta.name is 'random', but its registered name is 'impostor'"
        assert taken in (listed["impostor"].problem or "")


def test_a_plugin_can_be_interrupted_while_it_is_imported(tmp_path, monkeypatch):
    modules = {"broken_slow": "raise KeyboardInterrupt\n"}
    entries = {"methods": {"slow": "broken_slow:Thing"}}
    plugins.install(tmp_path, "slow-plugin", entries, modules)
    monkeypatch.syspath_prepend(tmp_path)
    methods = Registry("method", "avatarbench.methods", {})
    with pytest.raises(KeyboardInterrupt):
        methods.load("slow")


def test_a_distribution_with_damaged_entry_points_disables_only_itself(
    plugged, tmp_path
):
    plugins.install(tmp_path, "half-written", {"methods": {"fine": "json:x"}})
    file = tmp_path / "half_written-1.0.dist-info" / "entry_points.txt"
    file.write_text(file.read_text() + "mine my_module:Mine\n")
    problem = (
        "the entry points of half-written 1.0 cannot be read: line 3 of "
        "entry_points.txt, 'mine my_module:Mine', must have the form "
        "name = module:attribute; repair or uninstall it"
    )
    methods = plugged("method", {"random": "methods.controls:Random"})
    assert set(methods.names()) == {"random", *BROKEN}
    assert methods.unreadable() == (problem,)
    with pytest.raises(UnknownName, match="the entry points of half-written"):
        methods.load("mine")
    assert plugged("engine").unreadable() == ()


def test_a_name_that_is_given_twice_is_reported(plugged, tmp_path):
    plugins.install(
        tmp_path,
        "late-plugins",
        {"methods": {"value": "json:loads", "random": "json:x"}},
    )
    methods = plugged("method", {"random": "methods.controls:Random"})
    listed = {item.name: item for item in methods.listing()}
    assert listed["random"].problem is None
    assert listed["random"].conflict == (
        "method random: entry point random = json:x in avatarbench.methods of "
        "late-plugins 1.0 is ignored, because a built-in entry has the same name; "
        "rename the entry point"
    )
    assert "of bad-plugins 1.0 has the same name" in (methods.conflict("value") or "")
    assert methods.conflict("syntax") is None


@pytest.mark.parametrize("registry", [ENGINES, METHODS, METRICS])
def test_builtin_entries_keep_their_contracts(registry):
    problems = {item.name: item.problem for item in registry.listing()}
    missing = problems.pop("facesjs", None)
    assert missing is None or "engines install facesjs" in missing
    assert set(problems.values()) == {None}


def test_a_method_with_missing_or_wrong_functions_is_told_which(registry):
    from methods.base import method_problems

    class Half:
        meta = METHODS.load("random").meta
        Options = METHODS.load("random").Options

        def __init__(self, options): ...
        def fit(self): ...
        def load(self, folder, device): ...
        def use_engine(self): ...

    assert method_problems(Half) == [
        "it has no predict, save, required_weights",
        "fit must take (context)",
        "load must be a classmethod",
        "use_engine must take (engine)",
    ]
