"""Runs a command and kills it, with its children, as soon as the caller is gone.

Usage: guard.py FD COMMAND…, where FD is a pipe whose other end the caller holds open.
Even a caller that is killed with SIGKILL leaves no process behind, because the kernel
closes its end. The file imports the standard library only, so that it starts quickly.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading


def main() -> None:
    """Exit with the command's exit status, or with 128 + N after signal N."""
    lifeline = int(sys.argv[1])
    child = subprocess.Popen(sys.argv[2:], process_group=0)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # else they would stay open when the command ends
        os.dup2(silence, stream)

    def kill(*_: object) -> None:
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)

    def watch() -> None:
        os.read(lifeline, 1)
        kill()

    signal.signal(signal.SIGTERM, kill)
    threading.Thread(target=watch, daemon=True).start()
    status = child.wait()
    kill()  # what the command started and left running
    os._exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
