"""Rating studies in MLflow."""

import pytest

from benchmark.tracking import ReportedStudy, open_tracker, track_study

pytestmark = pytest.mark.filterwarnings("ignore::Warning")


def test_a_study_is_tracked_with_its_report(tmp_path, database):
    (tmp_path / "page.html").write_text("Table 2")
    study = ReportedStudy(
        name="tiny",
        tags={"study.digest": "ab" * 32},
        params={"rule": {"ties": "left out"}},
        figures={"toon.swift.share": 0.5},
        report=tmp_path,
    )
    shown = track_study(database, study)
    first, second = shown.run, track_study(database, study).run
    assert first != second
    assert f"/runs/{first}?" in shown.page
    client = open_tracker(database, "study-tiny")._client
    run = client.get_run(first)
    assert run.info.status == "FINISHED"
    assert run.data.tags["avatarbench.kind"] == "study"
    assert run.data.tags["avatarbench.study.digest"] == "ab" * 32
    assert run.data.params["rule.ties"] == "left out"
    assert run.data.metrics == {"toon.swift.share": 0.5}
    assert [f.path for f in client.list_artifacts(first, "reports")] == [
        "reports/page.html"
    ]
