"""Work for tests of executors: it can wait, fail and kill its own process."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Doubling:
    """Makes a worker that doubles numbers and notes its process in a folder.

    A negative number kills the process as often as `deaths` says. 13 raises an error.
    """

    folder: Path
    deaths: int = 0
    pause: float = 0.0

    def __call__(self, progress):
        def double(number: int) -> int:
            notes = len(list(self.folder.glob(f"{number}-*")))
            (self.folder / f"{number}-{os.getpid()}-{notes}").touch()
            if number < 0 and notes < self.deaths:
                os.kill(os.getpid(), signal.SIGKILL)
            if number == 13:
                raise LookupError("thirteen")
            with progress.task("double", 2) as task:
                time.sleep(self.pause)
                task.advance(2)
            return 2 * number

        return double


class Undying:
    """Makes no worker: its process ends."""

    def __call__(self, progress):
        os._exit(7)
