import math
import time

import psutil

from benchmark.system.cpu_load import (
    cpu_seconds_of_others,
    load_average,
    usable_cores,
)


class Times(tuple):
    """CPU times of a core: user and idle."""

    user = property(lambda self: self[0])
    idle = property(lambda self: self[1])


def test_own_work_is_not_work_of_others(monkeypatch):
    before = cpu_seconds_of_others()
    monkeypatch.setattr(
        psutil,
        "cpu_times",
        lambda percpu: [Times((1e6, 5.0))] * 1024,
    )
    monkeypatch.setattr(time, "process_time", lambda: 3.0)
    first = cpu_seconds_of_others()
    monkeypatch.setattr(time, "process_time", lambda: 4.5)
    assert first - cpu_seconds_of_others() == 1.5
    assert first > before


def test_the_load_is_unknown_where_the_system_does_not_tell(monkeypatch):
    def denied(percpu):
        raise PermissionError("/proc/stat")

    monkeypatch.setattr(psutil, "cpu_times", denied)
    assert math.isnan(cpu_seconds_of_others())


def test_facts_of_the_machine():
    assert usable_cores() >= 1
    assert load_average() >= 0 or math.isnan(load_average())
