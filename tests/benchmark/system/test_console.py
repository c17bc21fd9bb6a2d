import io

import pytest

from benchmark.system import console
from benchmark.system.console import Bars, Lines, Quiet, duration, open_progress


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_duration_formats_seconds(seconds, text):
    assert duration(seconds) == text


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_open_progress_picks_by_stream():
    assert isinstance(open_progress(quiet=True, stream=Terminal()), Quiet)
    assert isinstance(open_progress(stream=Terminal()), Bars)
    assert isinstance(open_progress(stream=io.StringIO()), Lines)


def test_short_tasks_print_no_line():
    stream = io.StringIO()
    with Lines(stream).task("quick", 2) as bar:
        bar.advance(2)
    assert stream.getvalue() == ""


def test_long_tasks_print_rate_and_remaining_time(monkeypatch):
    clock = iter([0.0, 0.0, 20.0, 30.0, 40.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    with Lines(stream).task("fit", 40, done=10) as bar:
        bar.advance(10)
        bar.advance(20)
    first, last = stream.getvalue().splitlines()
    assert first == "fit: 20/40, 2.0 s each, 40 s to go"
    assert last == "fit: done in 40 s"


def test_the_rate_follows_the_last_units(monkeypatch):
    now = 0.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    stream = io.StringIO()
    with Lines(stream).task("fit", 100) as bar:
        for seconds in (100, *[20] * 10):
            now += seconds
            bar.advance()
    first, *_, last, _ = stream.getvalue().splitlines()
    assert first == "fit: 1/100, 100.0 s each, 2 h 45 min to go"
    assert last == "fit: 11/100, 20.0 s each, 29 min 40 s to go"


def test_nested_bars_show_rates_and_leave():
    stream = Terminal()
    bars = Bars(stream)
    with bars.task("trials", 2) as outer, bars.task("fit", 4) as inner:
        inner.advance(4)
        outer.advance()
        bars.say("[1/2] done")
    assert "[1/2] done" in stream.getvalue()


def test_warnings_are_printed_although_quiet(capsys):
    quiet = open_progress(quiet=True)
    quiet.say("run folder: x")
    quiet.say("warning: the code changed")
    assert capsys.readouterr() == ("", "warning: the code changed\n")
