"""Fixtures and settings that every test folder shares."""

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# Threads that spin while they wait make torch many times slower on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Side by side, each process of the tests has one core.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")
"""The same examples everywhere, however busy the machine is."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without collecting garbage.

    Modules and tests live as long as the process, so that the garbage collector need
    not look at them again and again: neither now nor while tests run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
