"""Notes on how speed was measured."""

import json

import pytest

from reports.tables.timing import speed_note
from reports.trials import read_run

ROUNDS = {
    "model_hz_q1": 41.0,
    "model_hz_q3": 42.0,
    "end_to_end_hz_q1": 33.0,
    "end_to_end_hz_q3": 36.5,
    "repeats": 50,
    "session": "2026-01-01 12:00:00",
    "rounds": [{}] * 5,
    "disturbed_rounds": 0,
    "other_cores": 0.04,
}


@pytest.fixture
def note(make_run):
    """The note of a run with changed timings, by part of the trial's name."""

    def made(changes):
        folder = make_run(engines=("avataaars",))
        for path in folder.glob("trials/*/timing.json"):
            data = json.loads(path.read_text())
            for part, more in changes.items():
                if path.parent.name.startswith(part):
                    data |= more
            path.write_text(json.dumps(data))
        return speed_note(read_run(folder))[0]

    return made


def test_old_timings_say_how_they_were_made(note):
    assert note({}).startswith(
        "Speed: median Hz of 50 one-face calls after warm-up, with the 5th"
    )


def test_rounds_and_their_spread_are_named(note):
    text = note({"": ROUNDS})
    assert "over 5 rounds, in which the methods take turns with 10 one-face" in text
    assert "over rounds: at most 10% of its median." in text
    assert "busy" not in text
    assert "session" not in text


def test_a_busy_machine_is_named_with_numbers(note):
    busy = {"disturbed_rounds": 4, "other_cores": 1.26}
    text = note({"": ROUNDS, "baseline": busy})
    assert "busy: in 4 of 5 rounds, other processes used up to 1.3 of 2 cores" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"": ROUNDS, "baseline": {"session": "2026-01-02 08:00:00"}},
        {"baseline": ROUNDS},  # the others were measured by an earlier version
    ],
)
def test_speeds_of_several_sessions_are_named(note, changes):
    assert "Not all methods were measured in one session" in note(changes)
