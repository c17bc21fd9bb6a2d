"""Processes and machines that share a store."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from benchmark.storage.store import Stage, Store

pytestmark = pytest.mark.slow

STAGE = Stage("work", "1", seed=0)

BUILD = """
import sys, time
from pathlib import Path
from benchmark.storage.store import Stage, Store

def build(folder, scratch):
    (scratch / "checkpoint").write_text("half")
    (folder / "result").write_text("half of it")
    print("building", flush=True)
    sys.stdin.readline()
    (folder / "result").write_text("by the first")

Store(Path(sys.argv[1])).get_or_build(Stage("work", "1", seed=0), build)
"""

OTHER_MACHINE = """
hostname other-machine
exec "$@"
"""


def another_machine():
    """A command prefix that runs a program with its own network and host name."""
    command = ["unshare", "--net", "--uts"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    command += ["sh", "-c", OTHER_MACHINE, "sh"]
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            [*command, "true"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("namespaces are not allowed here")
    return command


@pytest.fixture(params=["process", "machine"])
def first(request, tmp_path):
    """Another process, or another machine, that builds the stage."""
    prefix = another_machine() if request.param == "machine" else []
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", BUILD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.on = "other-machine" if prefix else os.uname().nodename
    with process:
        try:
            assert process.stdout.readline() == "building\n"
            yield process
        finally:
            process.kill()


def build(folder, scratch):
    """Continue from the checkpoint of a build that was killed."""
    begun = (scratch / "checkpoint").read_text()
    (folder / "result").write_text(f"by the second, after {begun}")


def test_the_second_waits_and_takes_the_result_of_the_first(tmp_path, first):
    said = []

    def wait(sentence):
        said.append(sentence)
        first.communicate("\n")

    folder = Store(tmp_path, wait).get_or_build(STAGE, build)
    assert (folder / "result").read_text() == "by the first"
    (sentence,) = said
    assert f"stage work in {tmp_path}: process {first.pid} on {first.on}" in sentence
    assert sentence.endswith("waiting for it")


def test_the_second_goes_on_where_the_first_was_killed(tmp_path, first):
    folder = Store(tmp_path, lambda _: first.send_signal(signal.SIGKILL)).get_or_build(
        STAGE, build
    )
    assert (folder / "result").read_text() == "by the second, after half"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert first.wait() == -signal.SIGKILL
