import sys

import numpy as np
import pytest

from benchmark.system.peak_memory import peak_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells it")


def filled(mib):
    return np.ones(mib * 2**17)  # eight bytes each, all of them touched


def test_a_piece_is_told_its_own_height():
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


def test_what_is_inside_counts_for_the_piece_around_it():
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


def test_a_height_before_a_piece_inside_is_not_forgotten():
    with peak_memory() as outer:
        filled(200)
        with peak_memory() as inner:
            pass
    assert outer.mib is not None
    assert inner.mib is not None
    assert outer.mib > inner.mib + 100
