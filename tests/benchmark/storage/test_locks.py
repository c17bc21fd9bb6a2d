import errno
import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import pytest

from benchmark.storage.locks import Busy, NoLocks, lock

HOLD = """
import sys, time
from pathlib import Path
from benchmark.storage.locks import lock
with lock(Path(sys.argv[1]), "thing"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_names_its_holder_and_dies_with_it(tmp_path):
    path = tmp_path / "locks" / "one"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy, match=f"thing: process {holder.pid} on"):
            lock(path, "thing").__enter__()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with lock(path, "thing"):
        pass


def test_a_released_lock_leaves_no_holder(tmp_path):
    path = tmp_path / "one"
    with lock(path, "thing"):
        assert (tmp_path / "one.holder").is_file()
    assert not (tmp_path / "one.holder").exists()


def test_a_waiting_process_is_informed_and_then_gets_the_lock(tmp_path):
    path = tmp_path / "one"
    command = [sys.executable, "-c", HOLD, str(path)]
    sentences = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        threading.Timer(0.3, holder.kill).start()
        with lock(path, "thing", sentences.append):
            assert holder.wait() != 0
    (sentence,) = sentences
    assert sentence.startswith(f"thing: process {holder.pid} on")
    assert sentence.endswith("waiting for it")


def test_a_lock_is_released_after_an_error(tmp_path):
    def fail():
        with lock(tmp_path / "one", "thing"):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail()
    with lock(tmp_path / "one", "thing"):
        pass


def _idle(ready, end):
    ready.set()
    end.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="no fork on Windows")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    context = multiprocessing.get_context("fork")
    ready, end = context.Event(), context.Event()
    with lock(tmp_path / "one", "thing"):
        child = context.Process(target=_idle, args=(ready, end))
        child.start()
        assert ready.wait(30)
    with lock(tmp_path / "one", "thing"):
        end.set()
    child.join()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named(number, tmp_path, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(NoLocks, match=r"without file locks .*--out") as caught:
        lock(tmp_path / "one", "thing").__enter__()
    assert str(tmp_path) in str(caught.value)
