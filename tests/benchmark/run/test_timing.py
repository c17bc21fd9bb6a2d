"""Speeds of several methods, measured in turn with a clock that tests control."""

import json

import pytest
from simulated_kill import KillAt, SimulatedKill

from benchmark.config.schema import SpeedSection
from benchmark.run.timing import (
    EXTRA_ROUNDS,
    ROUNDS,
    Entry,
    Instruments,
    time_together,
)
from benchmark.system.progress import Silent
from evaluation.speed import Clock, Subject

SETTINGS = SpeedSection(warmup=10, repeats=20)
WARM_UP = [10, 2, 2, 2, 2]
CALLS = 4


class Machine:
    """A clock that moves when work is done, and other processes that slow it down.

    `busy` maps the number of a round to the cores that other processes use in it; they
    make every call of the round slower.
    """

    def __init__(self, busy=None, cores=2, threads=2):
        self.busy = busy or {}
        self.seconds = self.others = 0.0
        self.round = 0
        self.loads, self.calls = [], []
        self.tools = Instruments(
            Clock(lambda: self.seconds),
            lambda: self.others,
            cores - threads,
            lambda: 3.5,
            lambda: self.seconds,
        )

    def work(self, seconds):
        cores = self.busy.get(self.round, 0.0)
        took = seconds * (1 + cores)
        self.seconds += took
        self.others += cores * took

    def entry(self, name, seconds):
        def load():
            if self.loads.count(name) == self.round + 1:
                self.round += 1
            self.loads.append(name)
            return Subject(predict, lambda vector: self.work(0.001))

        def predict(face):
            self.calls.append((name, face))
            self.work(seconds)

        return Entry(name, load, lambda: ["face-1", "face-2", "face-3"])


def measure(machine, entries, folder, progress=None, **more):
    made = [machine.entry(name, seconds) for name, seconds in entries.items()]
    tools, bar = machine.tools, progress or Silent()
    return time_together(made, SETTINGS, folder / "rounds.json", tools, bar, **more)


AB = {"a": 0.010, "b": 0.020}


def test_methods_take_turns_and_each_is_loaded_anew(tmp_path):
    machine = Machine()
    measure(machine, AB, tmp_path)
    assert machine.loads == ["a", "b"] * ROUNDS
    order = [name for name, _ in machine.calls]
    counts = [CALLS + warm for warm in WARM_UP]
    assert order == [n for count in counts for n in ["a"] * count + ["b"] * count]


def test_speeds_are_medians_over_rounds(tmp_path):
    session = measure(Machine(), AB, tmp_path)
    timing = session.timing("b")
    assert timing["model_hz_median"] == pytest.approx(50)
    assert timing["end_to_end_ms_p50"] == pytest.approx(21)
    assert timing["repeats"] == CALLS * ROUNDS
    assert timing["disturbed_rounds"] == 0
    assert [r["load_average"] for r in timing["rounds"]] == [3.5] * ROUNDS
    json.dumps(timing, allow_nan=False)


def test_a_disturbed_round_is_repeated_and_does_not_count(tmp_path):
    machine = Machine(busy={1: 1.0, 3: 0.5})
    session = measure(machine, AB, tmp_path)
    assert len(session.rounds) == ROUNDS + 2
    timing = session.timing("a")
    assert timing["disturbed_rounds"] == 0
    assert timing["model_hz_q1"] == timing["model_hz_q3"] == pytest.approx(100)


def test_a_busy_machine_is_measured_a_bounded_number_of_times_and_flagged(tmp_path):
    busy = dict.fromkeys(range(20), 1.0) | {2: 0.5}
    session = measure(Machine(busy), AB, tmp_path)
    assert len(session.rounds) == ROUNDS + EXTRA_ROUNDS
    timings = [session.timing(name) for name in AB]
    assert [t["disturbed_rounds"] for t in timings] == [ROUNDS, ROUNDS]
    assert timings[0]["other_cores"] == pytest.approx(1)
    # All methods are slowed alike, so that their ratio stays.
    ratio = timings[0]["model_hz_median"] / timings[1]["model_hz_median"]
    assert ratio == pytest.approx(2)


def test_work_on_spare_cores_disturbs_nothing(tmp_path):
    busy = dict.fromkeys(range(20), 1.0)
    session = measure(Machine(busy, cores=4, threads=2), AB, tmp_path)
    assert len(session.rounds) == ROUNDS
    assert not any(round.disturbed for round in session.rounds)


def test_unknown_load_is_not_taken_for_a_busy_machine(tmp_path):
    machine = Machine()
    machine.others = float("nan")
    timing = measure(machine, AB, tmp_path).timing("a")
    assert timing["other_cores"] is None
    assert timing["disturbed_rounds"] == 0


@pytest.mark.parametrize(("kill", "kept"), [(4, 1), (5, 2), (7, 3)])
def test_a_killed_session_continues_after_its_last_round(tmp_path, kill, kept):
    with pytest.raises(SimulatedKill):
        measure(Machine(), AB, tmp_path, KillAt(kill))
    again = Machine()
    session = measure(again, AB, tmp_path)
    assert again.loads == ["a", "b"] * (ROUNDS - kept)
    assert session.timing("a")["repeats"] == CALLS * ROUNDS


def test_rounds_without_a_method_are_not_continued(tmp_path):
    with pytest.raises(SimulatedKill):
        measure(Machine(), AB, tmp_path, KillAt(5))
    with_c = Machine()
    measure(with_c, {**AB, "c": 0.030}, tmp_path)
    assert with_c.loads == ["a", "b", "c"] * ROUNDS
    # Fewer methods may be left, since the others are in the store.
    fewer = Machine()
    measure(fewer, {"b": 0.020}, tmp_path)
    assert fewer.loads == []


def test_a_method_that_fails_stops_no_other(tmp_path):
    machine = Machine()
    good, bad = machine.entry("good", 0.01), machine.entry("bad", 0.01)

    def load():
        raise RuntimeError("no weights")

    bad = Entry("bad", load, bad.faces)
    file = tmp_path / "rounds.json"
    session = time_together([bad, good], SETTINGS, file, machine.tools, Silent())
    assert session.timing("good")["model_hz_median"] == pytest.approx(100)
    assert str(session.errors["bad"]) == "no weights"
    with pytest.raises(RuntimeError, match="no weights"):
        time_together([bad], SETTINGS, file, machine.tools, Silent(), (RuntimeError,))


def test_methods_that_all_fail_measure_nothing(tmp_path):
    machine = Machine()
    bad = Entry("bad", lambda: machine.missing, list)
    file = tmp_path / "rounds.json"
    session = time_together([bad], SETTINGS, file, machine.tools, Silent())
    assert session.errors.keys() == {"bad"}
    assert not file.exists()
