"""Tables of the embedded portraits name the world that their scores stand on."""

import json

import pytest

from reports.tables import wording
from reports.tables.scores import by_engine, headline
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
    """run_on(world, …): a run whose trials record that world."""

    def make(world, **shape):
        folder = make_run(seeds=(0,), **shape)
        for path in folder.glob("trials/*/trial.json"):
            record = json.loads(path.read_text()) | {"world": world}
            path.write_text(json.dumps(record))
        return read_run(folder)

    return make


def test_a_table_names_its_world(run_on):
    run = run_on(SAME)
    for table in (headline(run), by_engine(run, "validation", "designer-a")):
        assert table.notes[:2] == (wording.STAND_IN, "World v1 (digest 12345678).")


def test_a_changed_world_is_no_part_of_the_frozen_one(run_on):
    _, note, *_ = headline(run_on(OTHER)).notes
    assert note.startswith("Changed from world v1 (digest 87654321, v1 has 12345678)")
    assert "engine.toy, heldout" in note
    assert "do not stand beside those of v1" in note


@pytest.mark.parametrize("stand_in", [True, False])
def test_other_faces_have_no_world(run_on, stand_in):
    notes = headline(run_on(None, stand_in=stand_in)).notes
    assert (wording.STAND_IN in notes) is stand_in
    assert not any("orld v" in note for note in notes)
