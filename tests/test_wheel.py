"""The built wheel, installed alone into a clean environment, works outside the tree."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from mlflow_models import GREY, base64_of, write_constant_model

from benchmark.engines.toon import ToonTikTok

ROOT = Path(__file__).parents[1]
TOP = {"avatarbench_launcher.py", "benchmark", "methods", "evaluation", "reports"}

pytestmark = pytest.mark.slow


def tracked(*places):
    """Paths of the tracked files that exist, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", *places],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # Build from a copy, so that no build folder remains in the tree.
    tree = folder / "tree"
    for name in tracked("."):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, tree]
    subprocess.run([sys.executable, *map(str, command)], check=True)
    (path,) = folder.glob("avatarbench-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The environment's bin folder; dependencies are borrowed, our code is not."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=True)
    bin_folder = folder / "bin"
    install = ["-m", "pip", "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run([bin_folder / "python", *install], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return bin_folder


def run(bin_folder, cwd, *words):
    command = [bin_folder / "avatarbench", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_wheel_holds_our_packages_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == TOP


def test_every_data_file_of_the_tree_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set(tracked(*sorted(TOP))) - names == set()


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("validate", "quick"),
        ("validate", "standard"),
        ("engines", "show", "toon-tiktok", "--sheet", "sheet.png"),
        ("faces", "show", "portraits"),
        ("train", "recipes"),
        ("weights", "show", "portraits64"),
        ("weights", "show", "estimator"),
    ],
)
def test_the_installed_command_works_outside_the_tree(installed, tmp_path, words):
    result = run(installed, tmp_path, *words)
    assert result.returncode == 0, result.stderr


@pytest.mark.filterwarnings("ignore::UserWarning")  # of MLflow's own imports
def test_a_model_of_mlflow_loads_with_the_wheel_alone(installed, tmp_path):
    model = write_constant_model(tmp_path)
    code = (
        "import json, sys, mlflow, pandas, benchmark\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "pictures = pandas.DataFrame({'picture': [sys.argv[2]]})\n"
        "print(json.dumps([benchmark.__file__, *model.predict(pictures)]))"
    )
    answer = subprocess.run(
        [installed / "python", "-c", code, str(model), base64_of(GREY)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    place, vector = json.loads(answer.stdout.splitlines()[-1])
    assert str(installed.parent) in place
    assert set(vector) == {each.name for each in ToonTikTok().spec.parameters}


def test_the_installed_code_is_what_runs(installed, tmp_path):
    code = "import benchmark; print(benchmark.__file__)"
    found = subprocess.run(
        [installed / "python", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(installed.parent) in found.stdout
