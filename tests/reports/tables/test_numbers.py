import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.tables import published as paper
from reports.tables.formats import to_markdown
from reports.tables.numbers import latency_range, significant
from reports.tables.table import published
from reports.tables.timing import speed_cell
from reports.trials import read_run


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (22.0, 31.5, "22–31.5 ms"),
        (631.0, 2020.4, "0.631–2.02 s"),
        (1450.0, 2030.0, "1.45–2.03 s"),
        (0.731, 1.14, "0.731–1.14 ms"),
        (0.02, 0.03, "20–30 µs"),
        (95_000.0, 100_000.0, "95–100 s"),
        (60_000.0, 240_000.0, "1–4 min"),
    ],
)
def test_latencies_are_in_a_unit_that_suits_them(low, high, text):
    assert latency_range(low, high) == text


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_numbers_have_three_digits_and_never_an_exponent(value):
    text = significant(value)
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)
    assert float(text) == pytest.approx(value, rel=0.006)


def test_a_number_that_is_not_finite_is_a_dash():
    assert significant(float("nan")) == "—"


def test_a_slow_method_is_timed_in_seconds(full_run):
    trial = read_run(full_run).trials[0]
    slow = {"model_hz_median": 0.00061, "model_ms_p5": 1.63e6, "model_ms_p95": 1.66e6}
    assert trial.timing is not None
    trial.timing.update(slow)  # type: ignore[attr-defined]
    cell = speed_cell([trial], "model")
    assert (cell.text, cell.detail) == ("0.00061", "27.2–27.7 min")


def test_each_published_table_says_how_it_was_measured():
    speed, rating, ablation = (to_markdown(published(t)) for t in paper.TABLES)
    assert "Speeds are for an NVIDIA V100." in speed
    assert "50 volunteers saw 50 faces" in rating
    for other in (rating, ablation):
        assert "V100" not in other
    assert "volunteers" not in speed + ablation
