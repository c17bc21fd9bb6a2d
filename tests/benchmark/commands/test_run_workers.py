"""How many workers a run gets, and with which threads and GPUs."""

from dataclasses import replace

import pytest
import tiny_suite
from tiny_run import TinyRun

from benchmark.commands.run_workers import WorkerOptions, open_workers, source_of
from benchmark.execution.processes import Processes
from benchmark.execution.ray_cluster import RayCluster
from benchmark.system.console import Quiet


class Said(Quiet):
    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines.append(text)


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Opens the workers of a suite on a machine with some cores."""
    tiny_suite.register()
    tiny_suite.make_faces(tmp_path)

    def call(options, cores, threads, device="cpu"):
        place = "benchmark.commands.run_workers.usable_cores"
        monkeypatch.setattr(place, lambda: cores)
        plan = TinyRun(tmp_path, threads=threads).plan
        plan = replace(plan, resolved=replace(plan.resolved, device=device))
        said = Said()
        source = source_of("tiny.yaml", (), None)
        return open_workers(options, plan, source, said), said.lines

    return call


def test_serial_work_has_no_workers(opened):
    assert opened(WorkerOptions(), cores=8, threads=2) == (None, [])


def test_local_workers_fill_the_cores_with_the_threads_of_the_suite(opened):
    workers, said = opened(WorkerOptions("local"), cores=9, threads=2)
    assert isinstance(workers.executor, Processes)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    assert workers.executor.environments == [dict.fromkeys(names, "2")] * 4
    assert workers.label == "trials on 4 workers"
    assert said == ["4 workers with 2 threads each"]


def test_notes_say_where_workers_and_cores_do_not_match(opened):
    _, (_, warning) = opened(WorkerOptions("local", 3), cores=4, threads=2)
    assert warning == (
        "warning: 3 workers with 2 threads each need 6 cores, but this machine has 4, "
        "so they slow each other down; give --workers 2"
    )
    _, (_, note) = opened(WorkerOptions("local"), cores=2, threads=2)
    assert "--set threads=1 makes room for 2 workers" in note


def test_local_workers_get_the_visible_gpus_in_turn(opened, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    workers, _ = opened(WorkerOptions("local"), 8, 2, device="cuda")
    devices = [e["CUDA_VISIBLE_DEVICES"] for e in workers.executor.environments]
    assert devices == ["3", "5"]
    workers, _ = opened(WorkerOptions("local", 3), 8, 2, device="cuda")
    devices = [e["CUDA_VISIBLE_DEVICES"] for e in workers.executor.environments]
    assert devices == ["3", "5", "3"]


def test_ray_workers_reserve_threads_and_gpus(opened):
    options = WorkerOptions("ray", 4, "10.0.0.1:6379", 0.5)
    workers, _ = opened(options, cores=8, threads=2, device="cuda")
    cluster = workers.executor
    assert isinstance(cluster, RayCluster)
    assert (cluster.address, cluster.workers) == ("10.0.0.1:6379", 4)
    assert (cluster.cpus, cluster.gpus) == (2, 0.5)
    workers, _ = opened(WorkerOptions("ray"), 8, 2, device="cuda")
    assert workers.executor.gpus == 1
    workers, _ = opened(WorkerOptions("ray"), 8, 2)
    assert workers.executor.gpus == 0
