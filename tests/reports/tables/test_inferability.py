from __future__ import annotations

import pytest

from reports.tables.inferability import inferability, inferability_table
from reports.trials import read_run


def test_a_parameter_that_pictures_do_not_show_is_not_inferable(full_run):
    found = {i.parameter: i for i in inferability(read_run(full_run), "toon-tiktok")}
    assert found["skin"].verdict == "inferable"
    assert found["head_width"].verdict == "inferable"
    assert found["eye_size"].verdict == "not inferable"


def test_losses_and_intervals_agree(full_run):
    (skin,) = [
        i
        for i in inferability(read_run(full_run), "toon-tiktok")
        if i.parameter == "skin"
    ]
    assert skin.kind == "colour"
    assert skin.over_constant.mean == pytest.approx(skin.constant - skin.supervised)
    assert skin.over_shuffled.low < skin.over_shuffled.mean < skin.over_shuffled.high


def test_inactive_faces_do_not_count(full_run):
    found = {i.parameter: i for i in inferability(read_run(full_run), "avataaars")}
    assert found["beard_colour"].n < found["beard"].n == 20


def test_table_explains_the_verdict(full_run):
    table = inferability_table(read_run(full_run))
    assert table is not None
    assert len(table.sections) == 2
    assert any("shuffled ground truth" in note for note in table.notes)
    assert any("20 validation faces" in note for note in table.notes)


def test_without_the_oracle_there_is_no_table(make_run):
    folder = make_run(failed=("supervised",), seeds=(0,), engines=("avataaars",))
    assert inferability_table(read_run(folder)) is None


def test_held_out_faces_are_not_used(make_run):
    folder = make_run(splits={"heldout": 12}, seeds=(0,), engines=("avataaars",))
    assert inferability(read_run(folder), "avataaars") == []


def test_few_faces_give_no_verdict(make_run):
    folder = make_run(splits={"validation": 4}, seeds=(0,), engines=("avataaars",))
    found = inferability(read_run(folder), "avataaars")
    assert {i.verdict for i in found} <= {"too few faces", "never active"}
    table = inferability_table(read_run(folder))
    assert table is not None
    text = " ".join(table.notes)
    assert "no verdict for fewer than 5 faces" in text
    assert "95 %" not in text
