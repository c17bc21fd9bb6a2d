"""An adaptation killed with SIGKILL resumes and ends with the same bytes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from places import HELPERS, ROOT
from tiny_pair import make_pair, make_renders

from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.swiftavatar import adaptation_training
from methods.swiftavatar.adaptation import adaptation_stage, adapted_generator
from methods.swiftavatar.options import AdaptationOptions

OPTIONS = AdaptationOptions(steps=60, batch=4, r1_every=3, path_every=2, check_every=20)


def adapt(root, pause=0.0):
    """Adapt with a checkpoint after every iteration; return the stage's folder."""
    adaptation_training.CHECKPOINT_SECONDS = -1
    save = adaptation_training.AdaptationTraining.save

    def slowly(self):
        save(self)
        time.sleep(pause)

    adaptation_training.AdaptationTraining.save = slowly
    try:
        with tempfile.TemporaryDirectory() as weights:
            pair, renders = make_pair(Path(weights) / "tiny"), make_renders()
        store = Store(root)
        adapted_generator(pair, renders, OPTIONS, 0, store, Silent(), "cpu")
        return store.folder(adaptation_stage(pair, renders, OPTIONS, 0, "cpu"))
    finally:
        adaptation_training.CHECKPOINT_SECONDS = 600
        adaptation_training.AdaptationTraining.save = save


@pytest.mark.slow
def test_a_killed_adaptation_ends_with_the_same_bytes(tmp_path):
    pieces = tmp_path / "pieces"
    for _ in range(2):
        before = written(pieces)
        child = start(pieces)
        wait_for_another(pieces, before, child)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert written(pieces)
    found, expected = adapt(pieces), adapt(tmp_path / "whole")
    for name in ("generator.safetensors", "measures.json", "curves.jsonl"):
        assert (found / name).read_bytes() == (expected / name).read_bytes(), name


def written(root):
    """Modification time of the checkpoint; 0 if there is none."""
    files = list(root.glob("adaptation/*.scratch/checkpoint.safetensors"))
    return files[0].stat().st_mtime_ns if files else 0


def start(root):
    program = (
        f"import sys; sys.path[:0] = {[str(Path(__file__).parent), str(HELPERS)]!r};"
        "import pathlib, torch, test_adaptation_kill;"
        "torch.set_num_threads(1);"
        f"test_adaptation_kill.adapt(pathlib.Path({str(root)!r}), pause=0.1)"
    )
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)


def wait_for_another(root, before, child, seconds=300):
    end = time.monotonic() + seconds
    while written(root) == before:
        assert child.poll() is None, "the child ended before it could be killed"
        assert time.monotonic() < end, "no checkpoint was written"
        time.sleep(0.02)
