"""Ray workers: on a cluster of this machine, on two nodes, and after a node died."""

import sys
from contextlib import closing

import pytest
from countable_work import Doubling

from benchmark.execution import WorkerLost, WorkersError, ray_cluster
from benchmark.execution.ray_cluster import RayCluster, import_ray
from benchmark.system.console import Quiet

pytestmark = pytest.mark.slow


@pytest.fixture
def ray():
    return pytest.importorskip("ray", reason="the extra [ray] is not installed")


def workers_of(folder):
    return {path.name.split("-")[-2] for path in folder.iterdir()}


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WorkersError, match=r"install the extra \[ray\]"):
        import_ray()


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_is_started_here_works_and_replaces_dead_workers(ray, tmp_path):
    cluster = RayCluster(None, 2, cpus=1)
    work = Doubling(tmp_path, deaths=1, pause=0.5)
    assert dict(cluster.map(work, [1, 2, -3, 4], Quiet())) == {0: 2, 1: 4, 2: -6, 3: 8}
    assert len(workers_of(tmp_path)) >= 2
    assert not ray.is_initialized()


@pytest.mark.filterwarnings("ignore")
def test_two_nodes_share_the_work_and_one_may_die(ray, tmp_path):
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = nodes.add_node(num_cpus=1)
        cluster = RayCluster(nodes.address, None, cpus=1)
        results = cluster.map(Doubling(tmp_path, pause=1.0), [1, 2, 3, 4], Quiet())
        with closing(results):
            found = [next(results)]
            nodes.remove_node(second, allow_graceful=False)
            found += results
        assert dict(found) == {0: 2, 1: 4, 2: 6, 3: 8}
        with pytest.raises(WorkersError, match="have at most 1 CPUs and 0"):
            list(RayCluster(nodes.address, 1, 2).map(Doubling(tmp_path), [1], Quiet()))
        lost = RayCluster(nodes.address, 1, 1).map(
            Doubling(tmp_path, deaths=99), [-1], Quiet()
        )
        ((_, error),) = list(lost)
        assert isinstance(error, WorkerLost)
    finally:
        nodes.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_the_work_ends_if_the_last_node_with_room_dies(ray, tmp_path, monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setattr(ray_cluster, "IDLE_SECONDS", 0.5)
    checks = {"health_check_period_ms": 200, "health_check_failure_threshold": 2}
    nodes = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 0, "_system_config": checks},
    )
    try:
        only = nodes.add_node(num_cpus=1)
        work = Doubling(tmp_path, pause=0.5)
        results = RayCluster(nodes.address, None, 1).map(work, [1, 2], Quiet())
        with closing(results):
            assert next(results) == (0, 2)
            nodes.remove_node(only, allow_graceful=False)
            with pytest.raises(WorkersError, match="have at most 0 CPUs"):
                list(results)
    finally:
        nodes.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_an_address_without_a_cluster_is_one_sentence(ray, tmp_path):
    nowhere = RayCluster("127.0.0.1:1", 1, 1)
    with pytest.raises(
        WorkersError, match=r"no Ray cluster at 127\.0\.0\.1:1 .*start one"
    ):
        list(nowhere.map(Doubling(tmp_path), [1], Quiet()))
