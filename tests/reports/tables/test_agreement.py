import numpy as np
import pytest

from evaluation.statistics import mean_interval
from reports.tables.agreement import Pair, ceiling_table

METRIC = {
    "name": "st-lpips",
    "title": "ST-LPIPS",
    "unit": "distance",
    "direction": "lower",
    "identity": {"version": "1"},
    "skipped": None,
}
NO_INTERVAL = "no interval for fewer than 5 faces"


@pytest.mark.parametrize(
    ("counts", "note"),
    [
        ((8,), "Mean with its 95% bootstrap interval over faces."),
        ((4,), f"Mean over faces; {NO_INTERVAL}."),
        (
            (8, 4),
            f"Mean with its 95% bootstrap interval over faces; {NO_INTERVAL}.",
        ),
    ],
)
def test_notes_explain_intervals_only_where_there_are_some(counts, note):
    scores = [(METRIC, mean_interval(np.linspace(0, 1, count))) for count in counts]
    pair = Pair("toy", "designer-a", "designer-b", max(counts), 64)
    assert note in ceiling_table(pair, scores).notes


def test_a_metric_without_scores_explains_no_interval():
    pair = Pair("toy", "designer-a", "designer-b", 8, 64)
    notes = " ".join(ceiling_table(pair, [(METRIC, None)]).notes)
    assert "interval" not in notes
