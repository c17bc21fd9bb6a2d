"""kill -9 in every stage of five methods, then the same command: equal results."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from places import ROOT

from benchmark.run.runner import ROUNDS_FILE
from benchmark.weights import EFFICIENTNET_LITE0, LIGHTCNN_V4, find

STAGES = (
    "renders",
    "estimator",
    "imitator",
    "similarity-features",
    "warm-start",
    "translator",
    "descriptors",
    "tied-output",
    "adaptation",
    "mean-codes",
    "codes",
    "pairs",
    "fit",
    "speed",
    "predict",
    "render",
    "score",
)
"""Every kind of stage that the suite below has."""
INSIDE = {"warm-start": "translator"}
"""Stages that are built within another, which is named; a fit builds all before it."""
TRIES = 8

SUITE = {
    "name": "chain",
    "title": "Five methods, small",
    "faces": {"set": "portraits", "validation_count": 3, "heldout_count": 1},
    "designers": ["designer-a"],
    "splits": ["validation"],
    "engines": ["toon-alter"],
    "variants": [
        {"name": name, "method": name}
        for name in ("baseline", "f2p", "f2p-v2", "tos", "swiftavatar")
    ],
    "options": {
        "input_size": 128,
        "backbone": "efficientnet_lite0",
        "backbone_stages": 3,
        "frozen_stages": 3,
        "samples": 48,
        "absent": 0.8,
        "cached_views": 32,
        "steps": 60,
        "batch_size": 8,
        "checkpoint_steps": 10,
        "inverted": 8,
        "adaptation": {"steps": 6, "batch": 4},
        "mean": {"samples": 64, "glasses_samples": 64, "glasses_share": 1e-6},
        "inversion": {"steps": 4, "batch": 2, "perceptual": "lite0-features"},
        "semantic": {"copies": 2},
        "imitator": {"size": 64, "width": 0.125, "steps": 30, "checkpoint_steps": 5},
        "search": {"steps": 4, "batch": 1},
        "similarity": {"identity_weight": 1},
        "translator": {
            "faces": 16,
            "steps": 3,
            "batch": 4,
            "warm_steps": 40,
            "warm_batch": 8,
            "warm_samples": 16,
        },
        "descriptor": {"identity_weight": 0, "content_weight": 1},
        "tied": {"width": 4, "steps": 30, "batch": 4, "checkpoint_steps": 5},
    },
    "speed": {"warmup": 1, "repeats": 5},
    "metrics": ["discrete-accuracy"],
}


@pytest.fixture
def home(tmp_path) -> Path:
    for name in (EFFICIENTNET_LITE0, LIGHTCNN_V4):
        if find(name) is None:
            pytest.skip(f"weight file {name} is not at hand: avatarbench weights fetch")
    (tmp_path / "chain.yaml").write_text(yaml.safe_dump(SUITE, sort_keys=False))
    return tmp_path


def start(home: Path) -> subprocess.Popen[bytes]:
    program = "from benchmark.cli import main; main()"
    command = [sys.executable, "-c", program, "run", "chain.yaml"]
    return subprocess.Popen(
        [*command, "--no-mlflow", "--quiet"],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )


def cases(home: Path) -> dict[str, bytes]:
    found = sorted((home / "runs").glob("chain/*/trials/*/cases.parquet"))
    return {path.parent.name: path.read_bytes() for path in found}


def open_stages(home: Path, stage: str) -> list[Path]:
    """What lies on disk while a stage of that kind is built."""
    if stage == "speed":  # all speeds are measured in rounds, then stored at once
        return list(home.glob(f"runs/chain/*/{ROUNDS_FILE}"))
    return list((home / "runs" / "store" / stage).glob("*.partial"))


def kill_in(home: Path, stage: str) -> bool:
    """Start the run and kill it in a stage of that kind; False if it was too late."""
    for left in open_stages(home, stage):  # of an earlier kill
        left.unlink() if left.is_file() else shutil.rmtree(left)
    process = start(home)
    while process.poll() is None and not open_stages(home, stage):
        time.sleep(0.002)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return bool(open_stages(home, stage))


def forget(home: Path, stage: str) -> None:
    """Remove the finished stages of a kind, and all stages built from them."""
    kinds = [stage, INSIDE.get(stage, stage)]
    if STAGES.index(stage) < STAGES.index("fit"):
        kinds.append("fit")
    for place in [home / "runs" / "store" / kind for kind in kinds]:
        shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(home / "runs" / "chain", ignore_errors=True)


@pytest.mark.slow
def test_a_run_killed_in_every_stage_ends_with_the_same_bytes(home):
    assert start(home).wait() == 0
    whole = cases(home)
    assert len(whole) == len(SUITE["variants"])
    made = {path.name for path in (home / "runs" / "store").iterdir()} - {"locks"}
    assert made == set(STAGES)
    shutil.rmtree(home / "runs")

    for stage in STAGES:
        for _ in range(TRIES):
            if kill_in(home, stage):
                break
            forget(home, stage)  # the stage had finished
        else:
            pytest.fail(f"no kill met an open stage {stage}")
    assert start(home).wait() == 0
    assert cases(home) == whole
