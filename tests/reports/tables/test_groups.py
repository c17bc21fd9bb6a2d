from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.faces.faceset import embedded_portraits
from reports.people import people_attributes
from reports.tables.estimates import ScoreKey, estimate
from reports.tables.groups import GROUPINGS, group_scores, groups_table
from reports.tables.scores import main_metric
from reports.trials import read_run

QUICK = Path(__file__).parents[3] / "docs" / "results" / "quick"


@pytest.fixture(scope="module")
def run():
    """The published run, whose faces are the embedded portraits."""
    return read_run(QUICK)


@pytest.fixture(scope="module")
def groups(run):
    return group_scores(run, "avataaars")


def test_every_face_is_in_one_group_of_each_grouping(groups):
    assert {group.grouping for group in groups} == set(GROUPINGS)
    for grouping in GROUPINGS:
        assert sum(g.faces for g in groups if g.grouping == grouping) == 32


def test_the_mean_of_the_groups_is_the_score_of_the_tables(run, groups):
    key = ScoreKey("avataaars", "heldout", "designer-a")
    score = estimate(run, "swiftavatar", main_metric(run), key)
    assert score is not None
    for grouping in GROUPINGS:
        found = [g.scores["swiftavatar"] for g in groups if g.grouping == grouping]
        means, sizes = zip(*((s.group.mean, s.group.n) for s in found), strict=True)
        assert np.average(means, weights=sizes) == pytest.approx(score.interval.mean)


def test_two_groups_differ_from_each_other_by_the_same_amount(groups):
    female, male = (g.scores["baseline"] for g in groups if g.grouping == "Sex")
    difference = female.group.mean - male.group.mean
    assert female.rest.mean == pytest.approx(difference)
    assert male.rest.mean == pytest.approx(-difference)
    assert female.rest.low <= difference <= female.rest.high
    assert male.rest.low == pytest.approx(-female.rest.high)


def test_members_of_a_group_have_the_attribute(run, groups):
    people = embedded_portraits().split("heldout").attributes()
    assert people is not None
    cases = run.finished_trials("baseline", "avataaars")[0].scores(
        "heldout", "designer-a"
    )
    scores = cases.set_index("face")[main_metric(run)["name"]]
    chosen = people.loc[scores.index, "glasses"] != "none"
    (glasses,) = (g for g in groups if g.title == "glasses")
    assert glasses.faces == chosen.sum()
    assert glasses.scores["baseline"].group.mean == pytest.approx(scores[chosen].mean())


def test_groups_of_few_faces_have_no_interval_and_are_small(groups):
    for group in groups:
        low = group.scores["baseline"].group.low
        assert np.isnan(low) == (group.faces < 5)
        assert group.small == (group.faces < 10)


def test_the_table_has_a_row_for_each_group(run, groups):
    table = groups_table(run)
    assert table is not None
    assert [section.title for section in table.sections] == list(run.engines)
    assert len(table.sections[-1].rows) == len(groups)


def test_faces_of_another_set_have_no_groups(full_run):
    run = read_run(full_run)
    assert group_scores(run, "avataaars") == []
    assert groups_table(run) is None


def test_attributes_need_the_very_faces_that_were_scored(run):
    done = run.finished_trials("baseline", "avataaars")[0]
    faces = list(done.scores("heldout", "designer-a")["face"])
    found = people_attributes(run, "heldout", faces)
    assert found is not None
    assert list(found.index) == faces
    assert people_attributes(run, "heldout", faces[1:]) is None
    assert people_attributes(run, "validation", faces) is None
