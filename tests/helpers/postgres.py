"""A PostgreSQL server for one test, from the system's package."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PLACES = "/usr/lib/postgresql/*/bin/initdb", "/usr/local/pgsql/bin/initdb"
START_SECONDS = 60


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database. Skips the test if PostgreSQL is not installed.

    PostgreSQL refuses to run as root. In this case it runs as `postgres` or `nobody`.
    """
    pytest.importorskip("psycopg", reason="needs pip install 'psycopg[binary]'")
    programs = _programs()
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="avatarbench-pg-", dir="/tmp"))
    if user:
        shutil.chown(folder, user)
    port = _free_port()
    data = folder / "data"
    as_user = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
    init = [programs / "initdb", "-D", data, "-U", "rater", "-A", "trust", "-E", "UTF8"]
    subprocess.run(init, check=True, **as_user)
    command = [programs / "postgres", "-D", data, "-k", folder, "-p", str(port)]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "log_min_messages=fatal"]
    server = subprocess.Popen(command, **as_user)
    try:
        ready = ["-h", "127.0.0.1", "-p", str(port), "-t", str(START_SECONDS)]
        _wait_until(programs, ready)
        yield f"postgresql://rater@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = [path for place in PLACES for path in sorted(Path("/").glob(place[1:]))]
    if not found:
        pytest.skip("needs PostgreSQL's server (Debian: apt install postgresql)")
    return found[-1].parent


def _user() -> str | None:
    """The user of the server; None for the current user."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def _wait_until(programs: Path, ready: list[str]) -> None:
    for _ in range(START_SECONDS):
        asked = subprocess.run([programs / "pg_isready", *ready], capture_output=True)
        if asked.returncode == 0:
            return
    raise AssertionError("PostgreSQL did not start")
