import json
import sys

import bench
import compare
import pytest

PART = """
import sys
sys.path.insert(0, {here!r})
from figures import record
record("fake: time", 12.5, "ms")
record("fake: rate", 80, "/s")
sys.exit({status})
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the benches `good` and `bad`, or those that are named."""
    for name, status in (("good", 0), ("bad", 3)):
        text = PART.format(here=str(bench.HERE), status=status)
        (tmp_path / f"{name}.py").write_text(text)
    parts = {name: tmp_path / f"{name}.py" for name in ("good", "bad")}
    monkeypatch.setattr(bench, "ALL", parts)
    monkeypatch.setattr(bench, "ON_REQUEST", ("bad",))

    def call(*parts):
        out = tmp_path / "new" / "figures.json"
        monkeypatch.setattr(sys, "argv", ["bench.py", *parts, "--out", str(out)])
        return bench.main(), out

    return call


def test_figures_are_written_with_the_machine_and_can_be_compared(run):
    status, out = run()
    assert status == 0
    data = json.loads(out.read_text())
    assert data["figures"] == {
        "fake: time": {"value": 12.5, "unit": "ms"},
        "fake: rate": {"value": 80, "unit": "/s"},
    }
    assert {"processor", "cores", "memory_gib"} <= data["machine"].keys()
    assert compare.main([str(out), str(out)]) == 0


def test_a_failing_part_is_named_and_the_others_are_kept(run, capfd):
    status, out = run("good", "bad")
    assert status == 1
    assert "failed: bad" in capfd.readouterr().err
    assert "fake: time" in json.loads(out.read_text())["figures"]


def test_unknown_parts_are_refused(run, capfd):
    with pytest.raises(SystemExit):
        run("godo")
    assert "no part godo; the parts are good, bad" in capfd.readouterr().err
