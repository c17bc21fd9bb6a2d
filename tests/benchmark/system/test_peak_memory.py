import mmap
import sys

import pytest

from benchmark.system import peak_memory as module
from benchmark.system.peak_memory import peak_memory

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="measured on Linux only"
)


def filled(mib):
    """Touch new pages: an array could get memory that was freed but not returned."""
    with mmap.mmap(-1, mib * 2**20) as block:
        for page in range(0, len(block), mmap.PAGESIZE):
            block[page] = 1


@pytest.fixture
def resettable():
    with peak_memory() as probe:
        pass
    if probe.mib is None:
        pytest.skip("this system does not let a process reset its peak memory")


@pytest.mark.usefixtures("resettable")
def test_each_block_gets_its_own_peak():
    with peak_memory() as before:
        pass
    with peak_memory() as large:
        filled(200)
    with peak_memory() as after:
        pass
    assert before.mib is not None
    assert large.mib is not None
    assert after.mib is not None
    assert large.mib > before.mib + 150
    assert after.mib < large.mib - 100


@pytest.mark.usefixtures("resettable")
def test_an_inner_peak_counts_for_the_outer_block():
    with peak_memory() as outer:
        with peak_memory() as first:
            filled(200)
        with peak_memory() as second:
            pass
    assert outer.mib is not None
    assert first.mib is not None
    assert second.mib is not None
    assert outer.mib >= first.mib
    assert second.mib < first.mib - 100


@pytest.mark.usefixtures("resettable")
def test_a_peak_before_an_inner_block_is_kept():
    with peak_memory() as outer:
        filled(200)
        with peak_memory() as inner:
            pass
    assert outer.mib is not None
    assert inner.mib is not None
    assert outer.mib > inner.mib + 100


def test_a_refused_reset_leaves_the_peak_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_RESET", tmp_path / "missing" / "file")
    with peak_memory() as outer, peak_memory() as inner:
        filled(200)
    assert (outer.mib, inner.mib) == (None, None)


def test_an_ignored_reset_leaves_the_peak_unknown(tmp_path, monkeypatch):
    filled(200)  # a peak above the memory in use
    monkeypatch.setattr(module, "_RESET", tmp_path / "ignored")
    with peak_memory() as peak:
        pass
    assert peak.mib is None
