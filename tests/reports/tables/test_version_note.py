"""Tables of the embedded portraits name the benchmark version."""

import json

import pytest

from reports.tables import wording
from reports.tables.scores import all_scores_table, headline_table
from reports.trials import read_run

SAME = {
    "name": "v1",
    "digest": "12345678" * 8,
    "frozen_digest": "12345678" * 8,
    "changed": [],
}
OTHER = SAME | {"digest": "87654321" * 8, "changed": ["engine.toy", "heldout"]}


@pytest.fixture
def run_on(make_run):
    """run_on(version, …): a run whose trials record that benchmark version."""

    def make(version, **shape):
        folder = make_run(seeds=(0,), **shape)
        for path in folder.glob("trials/*/trial.json"):
            record = json.loads(path.read_text()) | {"world": version}
            path.write_text(json.dumps(record))
        return read_run(folder)

    return make


def test_a_table_names_the_benchmark_version(run_on):
    run = run_on(SAME)
    for table in (
        headline_table(run),
        all_scores_table(run, "validation", "designer-a"),
    ):
        assert table.notes[:2] == (
            wording.STAND_IN,
            "Benchmark version v1 (digest 12345678).",
        )


def test_a_changed_benchmark_is_not_comparable_with_the_frozen_one(run_on):
    _, note, *_ = headline_table(run_on(OTHER)).notes
    assert note.startswith("Changed from benchmark version v1: engine.toy, heldout ")
    assert "(digest 87654321; v1 has 12345678)" in note
    assert "Do not compare these scores with scores on v1" in note


@pytest.mark.parametrize("stand_in", [True, False])
def test_other_faces_have_no_benchmark_version(run_on, stand_in):
    notes = headline_table(run_on(None, stand_in=stand_in)).notes
    assert (wording.STAND_IN in notes) is stand_in
    assert not any("version v" in note for note in notes)
