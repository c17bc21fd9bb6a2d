"""A foreign package that hides one of ours is named in one sentence."""

import os
import subprocess
import sys

import plugins
import pytest
from places import ROOT

import avatarbench_launcher


def launch(module, *words, path="", cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])},
    )


# Where `benchmark` is hidden, Python itself cannot find benchmark.cli.
@pytest.mark.parametrize(
    ("module", "name"),
    [("avatarbench_launcher", name) for name in avatarbench_launcher.PACKAGES]
    + [("benchmark.cli", name) for name in avatarbench_launcher.PACKAGES[1:]],
)
@pytest.mark.parametrize("kind", ["{}.py", "{}/__init__.py"])
def test_a_foreign_package_is_named(name, module, kind, tmp_path):
    intruder = tmp_path / kind.format(name)
    intruder.parent.mkdir(exist_ok=True)
    intruder.touch()
    done = launch(module, "--help", path=tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"avatarbench: {intruder} comes first on Python's path")
    assert f"hides avatarbench's package {name};" in line


def test_our_own_packages_are_no_intruders():
    for name in avatarbench_launcher.PACKAGES:
        assert avatarbench_launcher.find_intruder(name) is None


def test_broken_plugins_do_not_stop_list_and_validate(tmp_path, monkeypatch, capsys):
    """The real entry points of an installed distribution, through the command line."""
    text = "raise ValueError('boom')\n"
    targets = {"broken": "broken_plugin:Thing", "random": "broken_plugin:Thing"}
    kinds = dict.fromkeys(("engines", "methods", "metrics"), targets)
    plugins.install(tmp_path, "bad-plugins", kinds, {"broken_plugin": text})
    monkeypatch.syspath_prepend(tmp_path)
    plugins.forget(monkeypatch)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["avatarbench", *words])
        with pytest.raises(SystemExit) as caught:
            avatarbench_launcher.main()
        return caught.value.code, *capsys.readouterr()

    status, said, wrong = call("list")
    assert not status, wrong
    assert said.count("cannot be imported: ValueError: boom") == 5
    assert "random = broken_plugin:Thing in avatarbench.methods" in said
    status, _, wrong = call("validate", "inferability")
    assert not status, wrong
