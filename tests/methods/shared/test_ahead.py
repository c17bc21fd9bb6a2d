"""Steps prepared in threads: the same results, in order, and never a step too many."""

import threading

import pytest

from methods.shared.ahead import prepared_ahead


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_steps_are_those_of_prepare_and_none_is_too_many(threads):
    prepared = []

    def prepare(step):
        prepared.append(step)
        return step * step

    with prepared_ahead(prepare, 6, threads) as take:
        assert [take(step) for step in range(2, 6)] == [4, 9, 16, 25]
    assert sorted(prepared) == [2, 3, 4, 5]


def test_later_steps_are_prepared_while_a_step_is_taken():
    started = threading.Event()

    def prepare(step):
        if step == 1:
            started.set()
        return step

    with prepared_ahead(prepare, 2, 1) as take:
        assert take(0) == 0
        assert started.wait(10)


def test_an_error_reaches_the_step_that_needs_the_result():
    def prepare(step):
        if step == 1:
            raise FloatingPointError("step 1")
        return step

    with prepared_ahead(prepare, 9, 2) as take:
        assert take(0) == 0
        with pytest.raises(FloatingPointError, match="step 1"):
            take(1)
