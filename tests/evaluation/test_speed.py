from __future__ import annotations

import json

import pytest

from evaluation.speed import Calls, Clock, Subject, summarise, time_calls, torch_clock


class FakeTime:
    """A clock that moves only when work is done."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls = 0
        self.waits = 0

    def predict(self, face: float) -> float:
        self.calls += 1
        # The first calls are slow, as real ones are before caches are warm.
        self.seconds += 10.0 if self.calls <= 2 else face
        return face

    def render(self, vector: float) -> None:
        self.seconds += 0.01

    def wait(self) -> None:
        self.waits += 1


def run(faces, warmup=2, repeats=10):
    time = FakeTime()
    clock = Clock(lambda: time.seconds, time.wait)
    subject = Subject(time.predict, time.render)
    return summarise([time_calls(subject, faces, warmup, repeats, clock)]), time


def test_warm_up_stays_outside_the_clock():
    timing, time = run([0.04])
    assert time.calls == 12
    assert timing.model.hz_median == pytest.approx(25)
    assert timing.model.ms_p95 == pytest.approx(40)


def test_model_and_engine_are_timed_separately():
    timing, _ = run([0.04])
    assert timing.model.ms_p50 == pytest.approx(40)
    assert timing.end_to_end.ms_p50 == pytest.approx(50)
    assert timing.end_to_end.hz_median == pytest.approx(20)


def test_percentiles_show_the_spread():
    timing, _ = run([0.02, 0.02, 0.02, 0.10], warmup=4, repeats=40)
    assert timing.model.ms_p5 == pytest.approx(20)
    assert timing.model.ms_p50 == pytest.approx(20)
    assert timing.model.ms_p95 == pytest.approx(100)


def test_the_clock_synchronises_at_every_reading():
    _, time = run([0.04], repeats=7)
    assert time.waits == 3 * 7


def test_flat_form_for_files():
    timing, _ = run([0.04])
    data = json.loads(json.dumps(timing.to_json()))
    assert data["model_hz_median"] == pytest.approx(25)
    assert data["end_to_end_ms_p95"] == pytest.approx(50)
    assert data["repeats"] == 10


def test_timing_needs_faces_and_repeats():
    with pytest.raises(ValueError, match="got 0 faces"):
        run([])
    with pytest.raises(ValueError, match="0 repeats"):
        run([0.1], repeats=0)


def test_a_disturbed_round_does_not_move_the_median():
    rounds = [Calls([ms / 1000] * 3, [ms / 500] * 3) for ms in (10, 90, 10, 11, 10)]
    timing = summarise(rounds)
    assert timing.model.hz_median == pytest.approx(100)
    assert timing.model.ms_p95 > 11  # the latency of all calls shows it
    assert timing.end_to_end.hz_median == pytest.approx(50)
    assert timing.repeats == 15


def test_quartiles_over_rounds_are_the_spread():
    rounds = [Calls([1 / hertz] * 2, [1] * 2) for hertz in (10, 20, 30, 40, 50)]
    timing = summarise(rounds)
    assert (timing.model.hz_q1, timing.model.hz_q3) == pytest.approx((20, 40))


def test_rounds_continue_with_the_next_face():
    seen = []
    subject = Subject(seen.append, lambda vector: None)
    time_calls(subject, ["a", "b", "c"], warmup=0, repeats=2)
    time_calls(subject, ["a", "b", "c"], warmup=0, repeats=2, first=2)
    assert seen == ["a", "b", "c", "a"]


def test_a_cpu_needs_no_synchronisation():
    torch_clock("cpu").synchronize()
    assert torch_clock("cpu").read() <= torch_clock("cpu").read()
