"""A foreign package that hides one of ours is named in one sentence."""

import os
import shutil
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


RECORD = "{file},,{size}\n"


def write_distribution(site, name, record):
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    (info / "METADATA").write_text(text)
    (info / "RECORD").write_text(record)


@pytest.fixture
def site(tmp_path):
    """A folder like site-packages: the launcher, and our packages with one line."""
    shutil.copy(ROOT / "avatarbench_launcher.py", tmp_path)
    record = ""
    for file in [
        "benchmark/cli.py",
        *(f"{name}/__init__.py" for name in avatarbench_launcher.PACKAGES),
        "methods/base.py",
    ]:
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("def main(): print('it runs')\n")
        record += RECORD.format(file=file, size=path.stat().st_size)
    write_distribution(tmp_path, "avatarbench", record)
    return tmp_path


def launch_in(site):
    return subprocess.run(
        [sys.executable, "avatarbench_launcher.py"],
        capture_output=True,
        text=True,
        cwd=site,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )


@pytest.mark.parametrize("file", ["methods/base.py", "methods/__init__.py"])
def test_a_package_that_replaced_a_file_of_ours_is_named(site, file):
    (site / file).write_text("# somebody else's\n")
    write_distribution(site, "intruder", RECORD.format(file=file, size=18))
    done = launch_in(site)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"avatarbench: the package intruder replaced avatarbench's file {site / file}; "
        "uninstall intruder and install avatarbench again\n"
    )


def test_a_package_that_only_adds_files_to_ours_is_left_alone(site):
    (site / "methods" / "theirs.py").touch()
    record = RECORD.format(file="methods/theirs.py", size=0)
    write_distribution(site, "guest", record)
    done = launch_in(site)
    assert (done.returncode, done.stdout) == (0, "it runs\n"), done.stderr


def test_files_that_somebody_edited_are_left_alone(site):
    (site / "methods" / "base.py").write_text("# my own change\n")
    assert launch_in(site).stdout == "it runs\n"
