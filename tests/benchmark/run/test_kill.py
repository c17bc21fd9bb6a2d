"""kill -9 at random moments, then the same command: byte-equal results."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny_suite
from places import HELPERS

ROWS = [
    {"name": f"v{steps}", "method": "tiny", "options": {"steps": steps, "pause": 0.1}}
    for steps in (20, 30, 40)
]


def start(home: Path) -> subprocess.Popen:
    command = [sys.executable, str(HELPERS / "tiny_suite.py")]
    command += ["run", "tiny.yaml", "--no-mlflow", "--quiet"]
    return subprocess.Popen(
        command,
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(HELPERS), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )


def cases(home: Path) -> dict[str, bytes]:
    found = sorted((home / "runs").glob("tiny/*/trials/*/cases.parquet"))
    return {path.parent.name: path.read_bytes() for path in found}


def kill_at_work(home: Path, delay: float) -> None:
    """Start the run, wait until it works, and kill it `delay` seconds later."""
    process = start(home)
    while process.poll() is None and not (home / "runs" / "tiny").exists():
        time.sleep(0.02)
    time.sleep(delay)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bytes(tmp_path):
    tiny_suite.make_suite(tmp_path, variants=ROWS)
    assert start(tmp_path).wait() == 0
    whole = cases(tmp_path)
    assert len(whole) == len(ROWS)
    shutil.rmtree(tmp_path / "runs")

    rng = random.Random(0)
    for _ in range(5):
        kill_at_work(tmp_path, delay=rng.uniform(0, 1))
        assert cases(tmp_path).items() <= whole.items()
    assert cases(tmp_path) != whole
    assert start(tmp_path).wait() == 0
    assert cases(tmp_path) == whole
