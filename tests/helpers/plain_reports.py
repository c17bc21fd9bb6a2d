"""Reports without figures, whose drawing takes most of a report's time."""

import pytest


def leave_out_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reports of runs draw no figures, in tests with another subject."""
    monkeypatch.setattr("reports.figures.scores.draw_scores", lambda run: [])
    monkeypatch.setattr("reports.figures.overview.draw_overview", lambda run: [])
    monkeypatch.setattr("reports.figures.sweeps.draw_sweeps", lambda run: [])
