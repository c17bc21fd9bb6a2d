"""Runs `avatarbench study serve` as a process that can be killed and restarted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = "a-token-for-tests"
ADDRESS_LINE = re.compile(r"for raters\s+http://127\.0\.0\.1:(\d+)/")


@dataclass
class Server:
    """One server at a time, always on the port of the first one."""

    study: Path
    options: tuple[str, ...] = ()
    port: int = 0
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        command = [sys.executable, "-m", "benchmark.cli", "study", "serve"]
        command += [str(self.study), "--port", str(self.port), *self.options]
        environment = {**os.environ, "AVATARBENCH_ADMIN_TOKEN": TOKEN}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.processes.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if found := ADDRESS_LINE.search(line):
                self.port = int(found[1])
            if "Ctrl-C" in line:
                return
        raise AssertionError(f"the server ended with {process.wait()}")

    def kill(self) -> None:
        """Kill the server with SIGKILL."""
        process = self.processes[-1]
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def serving(study: Path, *options: str) -> Iterator[Server]:
    server = Server(study, options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
