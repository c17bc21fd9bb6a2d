"""A tiny adaptation of a generator, and a plug that is pulled while it runs."""

from contextlib import contextmanager

from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.swiftavatar.adaptation import adaptation_stage, adapted_generator
from methods.swiftavatar.options import AdaptationOptions

OPTIONS = {
    "batch": 4,
    "r1_every": 3,
    "path_every": 2,
    "check_every": 4,
    "steps": 6,
    "measured": 16,
}


def options(**changes):
    return AdaptationOptions(**{**OPTIONS, **changes})


class PulledPlug(Exception):
    pass


class Watch(Silent):
    """Records figures and raises after `alive` iterations."""

    def __init__(self, alive=None):
        self.alive, self.figures, self.began = alive, {}, None

    @contextmanager
    def task(self, label, total, done=0):
        self.label, self.began = label, done
        yield self

    def advance(self, count=1):
        if self.alive is not None:
            self.alive -= count
            if self.alive < 0:
                raise PulledPlug

    def log(self, metrics, step):
        self.figures.setdefault(step, {}).update(metrics)


def adapt(pair, renders, root, progress=None, seed=0, **changes):
    return adapted_generator(
        pair,
        renders,
        options(**changes),
        seed,
        Store(root),
        progress or Silent(),
        "cpu",
    )


def stage_folder(pair, renders, root, **changes):
    stage = adaptation_stage(pair, renders, options(**changes), 0, "cpu")
    return Store(root).folder(stage)
