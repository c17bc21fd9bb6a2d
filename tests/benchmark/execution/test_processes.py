"""Worker processes: results, progress, deaths, errors, and the end of all of them."""

from contextlib import closing, contextmanager

import psutil
import pytest
from countable_work import Doubling, Undying

from benchmark.execution import WorkerLost, WorkersError
from benchmark.execution.processes import Processes
from benchmark.system.console import Quiet

TWO = Processes([{"WORK": "1"}, {"WORK": "2"}])
pytestmark = pytest.mark.slow


class Spoken(Quiet):
    """Keeps what is said and how many units each task advanced."""

    def __init__(self):
        self.said, self.units = [], {}

    def say(self, text):
        self.said.append(text)

    @contextmanager
    def task(self, label, total, done=0):
        self.label = label
        yield self
        self.units[label] = self.units.get(label, 0)

    def advance(self, count=1):
        self.units[self.label] = self.units.get(self.label, 0) + count


def workers_of(folder):
    return {int(path.name.split("-")[-2]) for path in folder.iterdir()}


def test_processes_share_the_work_and_show_their_progress(tmp_path):
    items = list(range(6))
    progress = Spoken()
    found = dict(TWO.map(Doubling(tmp_path, pause=0.3), items, progress))
    assert found == {n: 2 * n for n in items}
    assert len(workers_of(tmp_path)) == 2
    assert sum(progress.units.values()) == 12
    assert set(progress.units) == {"worker 1: double", "worker 2: double"}
    assert not any(map(psutil.pid_exists, workers_of(tmp_path)))


def test_the_work_of_a_killed_process_is_done_again_and_at_last_given_up(tmp_path):
    progress = Spoken()
    found = dict(TWO.map(Doubling(tmp_path, deaths=2), [1, -1, 2], progress))
    assert found == {0: 2, 1: -2, 2: 4}
    warning = "warning: a worker process was killed by SIGKILL; its work is done again"
    assert progress.said == [warning, warning]
    found = dict(TWO.map(Doubling(tmp_path, deaths=99), [3, -5], Quiet()))
    assert found[0] == 6
    assert isinstance(found[1], WorkerLost)
    assert "was killed by SIGKILL, 3 times in a row" in str(found[1])
    assert "fewer --workers" in str(found[1])


def test_an_error_ends_all_workers(tmp_path):
    results = TWO.map(Doubling(tmp_path), [13, 1], Quiet())
    with pytest.raises(LookupError, match="thirteen") as caught, closing(results):
        list(results)
    assert "countable_work.py" in caught.value.__notes__[0]
    assert not any(map(psutil.pid_exists, workers_of(tmp_path)))


def test_workers_that_never_get_ready_end_the_work():
    with pytest.raises(WorkersError, match="ended with exit status 7 before it was"):
        list(TWO.map(Undying(), [1, 2], Quiet()))
