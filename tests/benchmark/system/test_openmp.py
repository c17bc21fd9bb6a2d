from __future__ import annotations

import subprocess
import sys

import pytest

from benchmark.system.hardware import hardware
from benchmark.system.openmp import SPINS, limit_spinning, waiting


@pytest.fixture
def bare(monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.skipif(sys.platform != "linux", reason="spins are GNU's")
def test_threads_spin_shortly_unless_the_environment_says_otherwise(bare):
    assert waiting() == "the library's own"
    limit_spinning()
    assert waiting() == f"{SPINS} spins"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OMP_WAIT_POLICY", "PASSIVE", "passive"),
        pytest.param(
            "GOMP_SPINCOUNT",
            "7",
            "7 spins",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="GNU's"),
        ),
    ],
)
def test_what_the_environment_says_stands(bare, name, value, said):
    bare.setenv(name, value)
    limit_spinning()
    assert waiting() == said


def test_speeds_under_another_waiting_belong_to_another_machine(bare):
    before = hardware("cpu", 2)
    limit_spinning()
    assert hardware("cpu", 2) != before


@pytest.mark.skipif(sys.platform != "linux", reason="spins are GNU's")
def test_the_command_line_decides_before_torch_is_there(bare):
    program = (
        "import sys, benchmark.cli\n"
        "assert 'torch' not in sys.modules\n"
        "sys.argv = ['avatarbench', '--help']\n"
        "try:\n    benchmark.cli.main()\nexcept SystemExit:\n    pass\n"
        "import os\n"
        "assert 'torch' not in sys.modules\n"
        "print(os.environ['GOMP_SPINCOUNT'])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == SPINS
