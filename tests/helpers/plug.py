"""A progress that ends the process: what a kill leaves behind must go on."""

from benchmark.system.progress import Silent


class Pulled(BaseException):
    """Stands for a signal that ends the process."""


class Plug(Silent):
    """Pulls the plug at the n-th unit of work; 0 never does."""

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
            raise Pulled
