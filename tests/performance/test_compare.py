import json

import compare
import pytest

MACHINE = {"processor": "AMD EPYC", "cores": 2, "memory_gib": 24}


@pytest.fixture
def write(tmp_path):
    """Writes a file of figures as `bench.py` does."""

    def make(name, figures, **changes):
        data = {
            "made": "2026-11-27T10:00:00+00:00",
            "machine": MACHINE,
            "made_with": {"torch": "2.13"},
            "load": [0.1, 1.2],
            "figures": {n: {"value": v, "unit": u} for n, (v, u) in figures.items()},
        }
        file = tmp_path / name
        file.write_text(json.dumps(data | changes))
        return str(file)

    return make


def test_slower_and_larger_figures_are_regressions(write, capsys):
    old = {"time": (10, "ms"), "rate": (100, "/s"), "memory": (50, "MiB")}
    new = {"time": (12, "ms"), "rate": (80, "/s"), "memory": (51, "MiB")}
    assert compare.main([write("old", old), write("new", new)]) == 1
    said = capsys.readouterr().out
    assert "machine: processor AMD EPYC, cores 2, memory_gib 24" in said
    marked = [line.split()[0] for line in said.splitlines() if line.endswith("worse")]
    assert marked[:2] == ["rate", "time"]  # a rate of 80 % is a time of 125 %
    assert "2 of 3 figures are more than 15 % worse" in said


@pytest.mark.parametrize(
    ("new", "options", "status"),
    [
        ({"time": (5, "ms"), "rate": (200, "/s")}, [], 0),
        ({"time": (11, "ms"), "rate": (100, "/s")}, [], 0),
        ({"time": (11, "ms"), "rate": (100, "/s")}, ["--threshold", "5"], 1),
    ],
)
def test_improvements_and_small_changes_pass(write, new, options, status):
    old = {"time": (10, "ms"), "rate": (100, "/s")}
    assert compare.main([write("old", old), write("new", new), *options]) == status


def test_other_machines_are_refused_unless_allowed(write, capsys):
    files = [
        write("old", {"time": (10, "ms")}),
        write("new", {"time": (10, "ms")}, machine=MACHINE | {"cores": 8}),
    ]
    assert compare.main(files) == 2
    said = capsys.readouterr()
    assert "different machines: cores: 2 and 8" in said.err
    assert "--other-machine" in said.err
    assert "figure" not in said.out
    assert compare.main([*files, "--other-machine"]) == 0
    assert "different machines: cores: 2 and 8" in capsys.readouterr().err


def test_other_packages_busy_machines_and_new_figures_are_named(write, capsys):
    old = write("old", {"time": (10, "ms"), "gone": (1, "s")}, load=[3.5, 4])
    new = write(
        "new", {"time": (10, "ms"), "added": (1, "s")}, made_with={"torch": "2.14"}
    )
    assert compare.main([old, new]) == 0
    said = capsys.readouterr().out
    for line in (
        "torch: 2.13 and 2.14",
        "old: the machine was busy, load average 3.5",
        "only in the old file: gone",
        "only in the new file: added",
    ):
        assert f"\n{line}\n" in said


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"figures": 3}', "[]"])
def test_other_files_are_refused(write, tmp_path, capsys, content):
    (tmp_path / "other").write_text(content)
    old = write("old", {"time": (10, "ms")})
    assert compare.main([old, str(tmp_path / "other")]) == 2
    assert "other holds no figures of make bench" in capsys.readouterr().err
    assert compare.main([old, str(tmp_path / "missing")]) == 2
    assert "missing: No such file" in capsys.readouterr().err


def test_files_without_a_common_figure_are_refused(write, capsys):
    files = [write("old", {"a": (1, "s")}), write("new", {"b": (1, "s")})]
    assert compare.main(files) == 2
    assert "no figure in common" in capsys.readouterr().err
