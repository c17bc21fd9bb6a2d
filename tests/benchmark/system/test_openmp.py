from __future__ import annotations

import subprocess
import sys

import pytest

from benchmark.system.hardware import hardware
from benchmark.system.openmp import SPINS, limit_spinning, wait_policy


@pytest.fixture
def bare(monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.skipif(sys.platform != "linux", reason="spins are GNU's")
def test_spinning_is_limited_by_default(bare):
    assert wait_policy() == "the library's own"
    limit_spinning()
    assert wait_policy() == f"{SPINS} spins"


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
def test_the_environment_takes_precedence(bare, name, value, said):
    bare.setenv(name, value)
    limit_spinning()
    assert wait_policy() == said


def test_the_wait_policy_is_part_of_the_hardware(bare):
    before = hardware("cpu", 2)
    limit_spinning()
    assert hardware("cpu", 2) != before


@pytest.mark.skipif(sys.platform != "linux", reason="spins are GNU's")
def test_the_command_line_limits_spinning_before_torch_is_imported(bare):
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
