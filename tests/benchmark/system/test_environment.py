import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import benchmark
from benchmark.system.environment import (
    ROOT,
    environment,
    git_record,
    is_alive,
    process_identity,
)
from benchmark.system.hardware import hardware


def test_hardware_names_the_machine():
    machine = hardware("cpu", threads=2)
    assert machine["name"] == f"{machine['processor']}, 2 threads"
    assert machine["cores"] >= 1
    assert machine["memory_gib"] >= 1


def test_environment_lists_packages():
    record = environment({"name": "here"})
    assert record["hardware"] == {"name": "here"}
    assert datetime.fromisoformat(record["started"]).utcoffset() == timedelta(0)
    assert {"numpy", "torch"} <= set(record["packages"])


def test_the_default_root_holds_the_package():
    assert Path(benchmark.__file__).parent.parent == ROOT


def test_git_record_sees_changes(tmp_path):
    assert git_record(tmp_path) == {"sha": None, "dirty": None}

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "first")
    clean = git_record(tmp_path)
    assert len(clean["sha"]) == 40
    assert clean["dirty"] is False
    (tmp_path / "file").write_text("two")
    assert git_record(tmp_path) == clean | {"dirty": True}


def test_is_alive_checks_pid_start_and_host():
    mine = process_identity()
    assert is_alive(mine)
    assert not is_alive(mine | {"pid": 2**22 + 1})
    assert not is_alive(mine | {"started": mine["started"] - 1000})
    assert is_alive(mine | {"host": "another", "pid": 2**22 + 1})
