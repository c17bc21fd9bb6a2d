"""Runs with worker processes: the same bytes, lost workers, and the end of a driver."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from pathlib import Path

import plugins
import psutil
import pytest
import tiny_suite
import tiny_workers

from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.execution import Executor, WorkersError
from benchmark.execution.processes import Processes
from benchmark.execution.ray_cluster import RayCluster
from benchmark.run.plan import make_plan
from benchmark.run.runner import run
from benchmark.run.trial_worker import SuiteSource, Workers, spread, trial_work
from benchmark.storage.store import Store
from benchmark.storage.trial_folder import read_record
from benchmark.system.console import Quiet

CONTROLS = [{"name": name, "method": name} for name in ("random", "constant")]
SLOW_ROWS = [
    {"name": f"v{steps}", "method": "tiny", "options": {"steps": steps, "pause": 0.2}}
    for steps in (10, 11, 12)
]


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A folder for a suite, in which workers find the tiny entries."""
    monkeypatch.syspath_prepend(tiny_workers.install(tmp_path))
    plugins.forget(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_tiny(home: Path, out: str, workers: int | Executor = 0, listeners=()):
    """Run the suite in `home`, with so many workers or in this process."""
    plan = make_plan(resolve(load_suite("tiny.yaml")))
    team = None
    if isinstance(workers, int) and workers:
        workers = Processes([{"OMP_NUM_THREADS": "1"}] * workers)
    if workers:
        team = Workers(workers, SuiteSource("tiny.yaml", (), None, home), Quiet())
    store = Store(Path(out) / "store")
    return run(plan, store, Path(out), Quiet(), listeners, workers=team)


def test_two_workers_write_the_same_bytes_as_one_process(home):
    tiny_suite.make_suite(home, variants=CONTROLS, threads=1)
    one = run_tiny(home, "one")
    two = run_tiny(home, "two", workers=2)
    assert [outcome.name for outcome in two] == [outcome.name for outcome in one]
    assert not any(outcome.error for outcome in (*one, *two))
    before = tiny_workers.results(home / "one")
    assert len(before) > 20
    assert tiny_workers.results(home / "two") == before


def test_finished_trials_start_no_worker(home, monkeypatch):
    tiny_suite.make_suite(home, variants=CONTROLS, threads=1)
    run_tiny(home, "out")
    monkeypatch.delattr(Processes, "map")
    assert all(outcome.cached for outcome in run_tiny(home, "out", workers=2))


def test_a_worker_refuses_another_configuration_than_the_drivers(home):
    tiny_suite.make_suite(home, threads=1)
    plan = make_plan(resolve(load_suite("tiny.yaml")))
    store = Store(home / "store")
    store.prepare()
    other = SuiteSource("tiny.yaml", ("render_size=65",), None, home)
    with pytest.raises(WorkersError, match="has other render_size than for the driver"):
        trial_work(plan, store, home, other)(Quiet())
    elsewhere = SuiteSource("tiny.yaml", (), None, home / "gone")
    with pytest.raises(WorkersError, match=r"does not see .*gone: put the current"):
        trial_work(plan, store, home, elsewhere)(Quiet())


def test_neighbouring_trials_have_different_seeds(home):
    tiny_suite.make_suite(home, variants=CONTROLS, seeds=[0, 1])
    trials = spread(make_plan(resolve(load_suite("tiny.yaml"))).trials)
    assert [trial.name for trial in trials] == [
        "random__tiny__s0",
        "random__tiny__s1",
        "constant__tiny__s0",
        "constant__tiny__s1",
    ]


@pytest.mark.slow
def test_a_trial_that_kills_its_workers_fails_alone_and_is_tried_again(home):
    rows = [{"name": "mortal", "method": "mortal"}, *CONTROLS]
    tiny_suite.make_suite(home, variants=rows, threads=1)
    deadly = home / "out" / "deadly"
    deadly.parent.mkdir()
    deadly.touch()
    mortal, *others = run_tiny(home, "out", workers=2)
    assert not any(outcome.error for outcome in others)
    assert "was killed by SIGKILL, 3 times in a row" in mortal.error
    assert read_record(mortal.folder)["status"] == "failed"
    deadly.unlink()
    assert [o.error for o in run_tiny(home, "out", workers=2)] == [None] * 3


def workers_of(driver: int) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for child in psutil.Process(driver).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a short-lived helper
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def wait_for_work(process, home: Path) -> tuple[psutil.Process, list[psutil.Process]]:
    """Wait until a worker is in the middle of a stage; returns it and all workers."""
    while process.poll() is None:
        workers = workers_of(process.pid)
        for path in (home / "runs" / "store" / "locks").glob("tiny-walk-*.holder"):
            with contextlib.suppress(OSError, ValueError):
                holder = json.loads(path.read_text())["pid"]
                for worker in workers:
                    if worker.pid == holder:
                        return worker, workers
        time.sleep(0.02)
    raise AssertionError(process.stderr.read())


@pytest.mark.slow
def test_kills_and_ctrl_c_leave_no_workers_and_the_command_resumes(home):
    tiny_suite.make_suite(home, variants=SLOW_ROWS, threads=1)
    options = ("--executor", "local", "--workers", "2")
    whole = tiny_workers.start(home)
    whole.communicate()
    assert whole.returncode == 0
    expected = tiny_workers.results(home / "runs")
    shutil.rmtree(home / "runs")

    killed = tiny_workers.start(home, *options)
    _, workers = wait_for_work(killed, home)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []

    stopped = tiny_workers.start(home, *options)
    _, workers = wait_for_work(stopped, home)
    os.killpg(stopped.pid, signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert "repeat the command to continue" in said
    assert "Traceback" not in said
    assert not any(worker.is_running() for worker in workers)

    resumed = tiny_workers.start(home, *options)
    worker, _ = wait_for_work(resumed, home)
    worker.kill()
    _, said = resumed.communicate()
    assert resumed.returncode == 0, said
    assert "was killed by SIGKILL; its work is done again" in said
    assert tiny_workers.results(home / "runs") == expected


class KillsNode:
    """A listener that ends a node of a Ray cluster when the first trial is finished."""

    def __init__(self, nodes, node):
        self.nodes, self.node = nodes, node

    def started(self, run):
        pass

    def finished_trial(self, outcome, model):
        if self.node is not None:
            self.nodes.remove_node(self.node, allow_graceful=False)
            self.node = None

    def timed_trial(self, outcome):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_two_ray_nodes_of_which_one_dies_write_the_same_bytes(home):
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    from ray.cluster_utils import Cluster

    tiny_suite.make_suite(home, variants=SLOW_ROWS, threads=1)
    one = run_tiny(home, "one")
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        killer = KillsNode(nodes, nodes.add_node(num_cpus=1))
        cluster = RayCluster(nodes.address, None, cpus=1)
        two = run_tiny(home, "two", cluster, [killer])
    finally:
        nodes.shutdown()
    assert killer.node is None
    assert not any(outcome.error for outcome in (*one, *two))
    before = tiny_workers.results(home / "one")
    assert len(before) > 20
    assert tiny_workers.results(home / "two") == before
