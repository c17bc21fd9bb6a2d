"""Faults from outside: two starts at once, and an engine that does not answer."""

import math
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import engine_programs
import pytest
import tiny_suite
import torch
from places import HELPERS
from safetensors.torch import load_file
from tiny_run import TinyRun

from benchmark.registry import METHODS
from benchmark.storage.entries import entries, leftovers, verify
from benchmark.storage.store import Stage
from methods.estimator.training import Recipe, train

LONG = [{"name": "long", "method": "tiny", "options": {"steps": 40, "pause": 0.1}}]


@contextmanager
def started(home):
    """`avatarbench run` of the tiny suite in a process of its own."""
    command = [sys.executable, str(HELPERS / "tiny_suite.py")]
    process = subprocess.Popen(
        [*command, "run", "tiny.yaml", "--no-mlflow"],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(HELPERS), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()  # also if it is stopped


def wait_for_steps(home, process):
    """Wait until the training has a checkpoint."""
    while not list(home.glob("runs/store/tiny-walk/*.scratch/state.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.mark.slow
def test_a_second_start_names_the_first_and_ends(tmp_path):
    tiny_suite.make_suite(tmp_path, variants=LONG)
    with started(tmp_path) as first:
        wait_for_steps(tmp_path, first)
        first.send_signal(signal.SIGSTOP)  # or it could end before the second starts
        with started(tmp_path) as second:
            _, text = second.communicate()
        first.send_signal(signal.SIGCONT)
        assert second.returncode == 2
        assert f"process {first.pid} on" in text.splitlines()[-1]
        assert "run folder runs/tiny/" in text.splitlines()[-1]
        assert "1 trial (0 cached, 0 failed)" in first.communicate()[0]


@pytest.mark.slow
def test_a_run_killed_in_a_stage_goes_on_from_its_checkpoint(tmp_path):
    tiny_suite.make_suite(tmp_path, variants=LONG)
    with started(tmp_path) as process:
        wait_for_steps(tmp_path, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    store = tmp_path / "runs" / "store"
    assert all(verify(entry) is None for entry in entries(store))
    open_stages = {path.parent.name for path in leftovers(store)}
    assert open_stages == {"fit", "tiny-walk"}
    (state,) = store.glob("tiny-walk/*.scratch/state.json")
    before = state.read_text().rstrip("]")
    with started(tmp_path) as process:
        assert "1 trial (0 cached, 0 failed)" in process.communicate()[0]
    assert list(leftovers(store)) == []
    (walk,) = store.glob("tiny-walk/*/walk.json")
    assert walk.read_text().startswith(before)


class Diverging(tiny_suite.TinyMethod):
    """Its training diverges at step 3, after a checkpoint."""

    meta = replace(tiny_suite.TinyMethod.meta, name="diverging", title="Diverging")

    def fit(self, context):
        def build(folder, scratch):
            network = torch.nn.Linear(1, 1)

            def loss_at(step):
                loss = network(torch.ones(1, 1)).sum()
                return loss * math.nan if step == 3 else loss

            recipe = Recipe(steps=9, learning_rate=0.1, checkpoint_steps=2)
            train(network, loss_at, recipe, scratch, context.progress, "network")

        context.store.get_or_build(Stage("diverging", "1"), build)


def test_a_training_that_diverges_fails_its_trial_and_no_others(tmp_path, monkeypatch):
    tiny_suite.register()
    tiny_suite.make_faces(tmp_path)
    monkeypatch.setitem(METHODS._targets, "diverging", f"{__name__}:Diverging")
    rows = [{"name": name, "method": name} for name in ("diverging", "tiny")]
    run = TinyRun(tmp_path, variants=rows)
    errors = {outcome.name: outcome.error for outcome in run.run()}
    assert errors == {
        "diverging__tiny__s0": "TrainingDiverged: network: the loss of step 3 is not "
        "finite; lower the learning rate (the checkpoint after 2 steps is kept)",
        "tiny__tiny__s0": None,
    }
    assert not list(run.trial("diverging").glob("cases.parquet"))
    (checkpoint,) = run.store.root.glob("diverging/*.scratch/*.safetensors")
    assert all(bool(v.isfinite().all()) for v in load_file(checkpoint).values())


def write_blocks(home):
    """The engine `blocks`, which hangs while a file `hang` exists, and its truth."""
    hang = "    while os.path.exists('hang'): time.sleep(0.01)"
    engine_programs.write_engine(home, each=hang, timeout=1)
    lines = ["face,shade,hat", *(f"face{n:02d},0.5,cap" for n in range(12))]
    for designer in ("designer-a", "designer-b"):
        (home / f"blocks-{designer}.csv").write_text("\n".join(lines) + "\n")


def test_an_engine_that_hangs_fails_its_trials_and_no_others(tmp_path, monkeypatch):
    tiny_suite.register()
    tiny_suite.make_faces(tmp_path)
    write_blocks(tmp_path)
    monkeypatch.chdir(tmp_path)
    data = tiny_suite.suite_data()
    truth = data["faces"]["truth"] | {
        "blocks": {d: f"blocks-{d}.csv" for d in ("designer-a", "designer-b")}
    }
    run = TinyRun(
        tmp_path,
        faces=data["faces"] | {"truth": truth},
        engines=["blocks", "tiny"],
        variants=[{"name": "random", "method": "random"}],
        metrics=["discrete-accuracy"],
    )
    (tmp_path / "hang").touch()
    errors = {outcome.name: outcome.error for outcome in run.run()}
    assert errors["random__tiny__s0"] is None
    assert "did not answer within 1 s and was stopped" in errors["random__blocks__s0"]
    (tmp_path / "hang").unlink()
    assert [outcome.error for outcome in run.run()] == [None, None]
