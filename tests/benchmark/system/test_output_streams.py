"""A command finishes its work even if nobody reads what it prints."""

import subprocess
import sys

import pytest

PRINTS = """
import sys
from pathlib import Path
from benchmark.system.output_streams import prepare_output_streams
prepare_output_streams()
for number in range(2000):
    print("a line of output", number, flush=True)
    print("a line of messages", file=sys.stderr)
Path(sys.argv[1]).write_text("finished")
"""


def run(redirection, tmp_path, option="-B"):
    done = tmp_path / "done"
    command = f'"$0" {option} -c "$1" "$2" {redirection}'
    shell = ["bash", "-o", "pipefail", "-c", command, sys.executable, PRINTS, str(done)]
    ended = subprocess.run(shell, capture_output=True, text=True)
    assert done.read_text() == "finished"
    return ended


@pytest.mark.parametrize("option", ["-B", "-u"])
@pytest.mark.parametrize(
    "redirection", ["| head -1", "2>&1 | head -1", ">&-", "2>&-", ">&- 2>&- <&-"]
)
def test_no_reader_and_closed_streams_do_not_stop_the_work(
    redirection, option, tmp_path
):
    ended = run(redirection, tmp_path, option)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr


def test_what_is_read_is_complete(tmp_path):
    ended = run("", tmp_path)
    assert ended.stdout.count("\n") == ended.stderr.count("\n") == 2000


def test_the_command_line_ends_well_without_a_reader(tmp_path):
    command = '"$0" -m benchmark.cli weights list | head -1'
    shell = ["bash", "-o", "pipefail", "-c", command, sys.executable]
    ended = subprocess.run(shell, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("redirection", "name"),
    [(">/dev/full", "standard output"), ("2>/dev/full", "standard error")],
)
def test_a_full_disk_behind_a_stream_is_told_at_the_end(redirection, name, tmp_path):
    run(redirection, tmp_path)
    program = (
        "import sys\nfrom benchmark.system import output_streams as streams\n"
        "streams.prepare_output_streams()\nprint('out')\n"
        "print('error', file=sys.stderr)\nlost = streams.describe_lost_output()\n"
        "open(sys.argv[1], 'w').write(lost or '')\n"
    )
    told = tmp_path / "told"
    shell = ["bash", "-c", f'"$0" -B -c "$1" "$2" {redirection}']
    subprocess.run([*shell, sys.executable, program, str(told)], check=True)
    sentence = told.read_text()
    assert sentence.startswith(f"cannot write to {name}: No space left on device")


def test_a_command_with_a_full_output_fails_in_one_sentence():
    command = '"$0" -m benchmark.cli weights list >/dev/full'
    shell = ["bash", "-c", command, sys.executable]
    ended = subprocess.run(shell, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == (
        "avatarbench: cannot write to standard output: No space left on device; "
        "everything else is finished\n"
    )
