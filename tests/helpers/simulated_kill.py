"""A progress that simulates a kill, for tests that resume."""

from benchmark.system.progress import Silent


class SimulatedKill(BaseException):
    """Simulates a signal that ends the process."""


class KillAt(Silent):
    """Raises SimulatedKill at the n-th unit of work; never for 0."""

    def __init__(self, units=0):
        self.left = units

    def task(self, label, total, done=0):
        self.done = done
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def advance(self, count=1):
        self.left -= 1
        if not self.left:
            raise SimulatedKill
