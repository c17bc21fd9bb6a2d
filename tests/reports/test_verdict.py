from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.page.grid import grids
from reports.tables.scores import headline_table, main_metric
from reports.tables.standings import Standing, standings
from reports.trials import ReportedVariant, read_run
from reports.verdict import lead_sentence, verdict

LPIPS = {"title": "LPIPS", "unit": "distance", "direction": "lower"}
ACCURACY = {"title": "Accuracy", "unit": "share", "direction": "higher"}


def row(title: str, role: str = "method") -> ReportedVariant:
    name = title.lower()
    return ReportedVariant(name, title, role, {"name": name})


F2P_V2 = row("F2P v2")
SWIFT, F2P, BASE = row("SwiftAvatar"), row("F2P"), row("Baseline")
CONSTANT, RANDOM = row("Constant", "control"), row("Random", "control")
ROWS = (SWIFT, F2P, BASE, CONSTANT, RANDOM)


def standing(
    engine: str,
    order: Sequence[ReportedVariant],
    *,
    close: Sequence[ReportedVariant] = (),
    untested: Sequence[ReportedVariant] = (),
    leaders: int = 1,
    faces: int = 32,
) -> Standing:
    names = (frozenset(v.name for v in rows) for rows in (close, untested))
    return Standing(engine, tuple(order), leaders, *names, faces)


def said(*found: Standing, metric: dict[str, str] = LPIPS, engines: int = 0) -> str:
    return lead_sentence(found, metric, "held-out face", engines or len(found))


def test_one_leader_with_a_lead_that_depends_on_the_engine():
    order = (SWIFT, BASE, CONSTANT)
    assert said(standing("a", order), standing("b", order, close=[BASE])) == (
        "SwiftAvatar has the lowest distance (LPIPS) on both engines; with 32 held-out "
        "faces, its lead over Baseline is significant on a but not on b."
    )


def test_one_engine_is_named_once():
    order = (SWIFT, F2P, BASE, CONSTANT)
    assert said(standing("a", order, close=[F2P])) == (
        "SwiftAvatar has the lowest distance (LPIPS) on a; with 32 held-out faces, its "
        "lead over F2P is not significant, and its lead over Baseline is significant."
    )


def test_rivals_with_the_same_outcome_share_a_clause():
    order = (SWIFT, F2P, BASE, CONSTANT, RANDOM)
    found = said(standing("a", order, close=order[1:]))
    assert found.endswith(
        "its lead over F2P, Baseline and the controls Constant and Random is not "
        "significant."
    )


def test_every_method_that_is_level_with_the_leader_is_named():
    order = (SWIFT, CONSTANT, F2P_V2, F2P, BASE)
    found = said(standing("a", order), standing("b", order, close=order[1:]))
    assert found.endswith(
        "its lead over Baseline and the control Constant is significant on a but not "
        "on b, and its lead over F2P v2 and F2P is not significant on b."
    )


def test_every_method_that_is_level_with_a_leading_control_is_named():
    order = (CONSTANT, F2P_V2, SWIFT, F2P, BASE)
    found = said(standing("a", order, close=[F2P_V2, SWIFT, F2P]))
    assert found.endswith(
        "the best method, F2P v2, is not significantly worse, nor are SwiftAvatar and "
        "F2P."
    )
    found = said(standing("a", order, close=[F2P]))
    assert found.endswith(
        "F2P v2, is significantly worse, but F2P is not significantly worse."
    )


@pytest.mark.parametrize(
    ("engines", "phrase"),
    [
        (("a", "b"), "is not significant on either engine."),
        (("a", "b", "c"), "is not significant on any engine."),
    ],
)
def test_a_lead_that_is_significant_nowhere(engines, phrase):
    found = [standing(e, (SWIFT, BASE), close=[BASE]) for e in engines]
    assert said(*found).endswith(phrase)


def test_a_lead_that_is_significant_everywhere():
    found = [standing(engine, (SWIFT, BASE)) for engine in ("a", "b", "c")]
    assert said(*found) == (
        "SwiftAvatar has the lowest distance (LPIPS) on all 3 engines; with 32 "
        "held-out faces, its lead over Baseline is significant on all 3 engines."
    )


def test_different_leaders_get_a_sentence_each():
    found = said(standing("a", (SWIFT, BASE)), standing("b", (F2P, BASE)))
    assert found == (
        "SwiftAvatar has the lowest distance (LPIPS) on a; with 32 held-out faces, its "
        "lead over Baseline is significant. F2P has the lowest distance on b; its lead "
        "over Baseline is significant."
    )


def test_a_control_in_front_is_said_after_the_methods():
    found = said(
        standing("a", (CONSTANT, F2P, BASE), close=[F2P]), standing("b", (SWIFT, BASE))
    )
    assert found.startswith("SwiftAvatar has the lowest distance (LPIPS) on b;")
    assert found.endswith(
        "On a the control Constant has the lowest distance, and the best method, F2P, "
        "is not significantly worse."
    )


def test_a_control_in_front_everywhere():
    order = (CONSTANT, SWIFT, BASE)
    assert said(standing("a", order), standing("b", order)) == (
        "On both engines the control Constant has the lowest distance (LPIPS); with 32 "
        "held-out faces, the best method, SwiftAvatar, is significantly worse."
    )


def test_rows_that_are_printed_alike_share_the_lead():
    found = said(standing("a", (SWIFT, F2P, BASE), leaders=2, close=[BASE]))
    assert found == (
        "SwiftAvatar and F2P share the lowest distance (LPIPS) on a; with 32 held-out "
        "faces, their lead over Baseline is not significant."
    )


def test_a_method_and_a_control_share_the_lead():
    found = said(standing("a", (CONSTANT, SWIFT, BASE), leaders=2))
    assert found.startswith("SwiftAvatar and the control Constant share the lowest")


def test_untested_leads_are_neither_significant_nor_not():
    found = said(standing("a", (SWIFT, F2P, BASE), untested=[F2P, BASE], faces=3))
    assert found == (
        "SwiftAvatar has the lowest distance (LPIPS) on a; with 3 held-out faces, its "
        "lead over F2P and Baseline cannot be tested."
    )


def test_all_outcomes_of_one_rival():
    found = said(
        standing("a", (SWIFT, BASE)),
        standing("b", (SWIFT, BASE), close=[BASE]),
        standing("c", (SWIFT, BASE), untested=[BASE]),
    )
    assert found.endswith(
        "is significant on a but not on b, and cannot be tested on c."
    )


def test_a_row_alone():
    assert said(standing("a", (SWIFT,), faces=1)) == (
        "SwiftAvatar has the lowest distance (LPIPS) on a; with 1 held-out face, it is "
        "the only row that can be ranked there."
    )
    assert said(standing("a", (CONSTANT, RANDOM))) == (
        "On a the control Constant has the lowest distance (LPIPS); with 32 held-out "
        "faces, no method can be ranked there."
    )


def test_without_a_score_there_is_no_verdict():
    assert said() == "No method and no control has a score yet."


def test_metrics_where_higher_is_better_have_no_distance():
    found = said(standing("a", (SWIFT, BASE)), metric=ACCURACY)
    assert found.startswith("SwiftAvatar has the highest Accuracy on a;")


def test_engines_without_a_score_are_not_among_all_engines():
    found = [standing(engine, (SWIFT, BASE)) for engine in ("a", "b")]
    assert "on a and b;" in said(*found, engines=3)


def test_numbers_of_faces_that_differ_are_a_range():
    found = [standing("a", (SWIFT,), faces=1200), standing("b", (SWIFT,), faces=9)]
    assert "with 9 to 1,200 held-out faces" in said(*found)


@st.composite
def any_standing(draw: st.DrawFn) -> Standing:
    order = draw(st.permutations(ROWS))[: draw(st.integers(1, len(ROWS)))]
    leaders = draw(st.integers(1, len(order)))
    behind = [variant.name for variant in order[leaders:]]
    subset = st.frozensets(st.sampled_from(behind)) if behind else st.just(frozenset())
    engine = draw(st.sampled_from(["e1", "e2", "e3", "e4"]))
    faces = draw(st.integers(1, 9999))
    return Standing(engine, tuple(order), leaders, draw(subset), draw(subset), faces)


@given(st.lists(any_standing(), min_size=1, unique_by=lambda s: s.engine))
def test_every_verdict_names_its_leaders_engines_and_faces(found):
    text = said(*found)
    assert text.endswith(".")
    assert not re.search(r"  | ,|;,|,,| \.|\.\.", text)
    assert all(sentence[0].isupper() for sentence in text.split(". "))
    assert str(text.count("held-out face")) == "1"
    for one in found:
        everywhere = re.search(r"both engines|all \d engines", text)
        assert one.engine in text or everywhere
        assert all(variant.title in text for variant in one.ahead)
        assert all(variant.title in text for variant in one.rivals)
    statuses = {s.status(v.name) for s in found for v in s.rivals}
    assert ("significant" in text) == bool(statuses & {"clear", "close"})


@given(any_standing())
def test_no_lead_is_called_significant_that_table_one_would_print_bold(one):
    text = said(one)
    if "is significant" in text or "is significantly" in text:
        assert {v.name for v in one.rivals} - one.close - one.untested


def test_the_verdict_agrees_with_the_bold_cells_of_table_one(full_run):
    run = read_run(full_run)
    table = headline_table(run)
    for index, found in enumerate(standings(run, main_metric(run))):
        column = 2 * index + 1  # LPIPS is skipped; ST-LPIPS is the second column
        bold = {
            r.label for s in table.sections for r in s.rows if r.cells[column].strong
        }
        labels = {v.label for v in found.order if v.name in found.close}
        assert bold == labels | {v.label for v in found.ahead}


def test_a_run_says_its_faces_and_limits(full_run):
    found = verdict(read_run(full_run))
    assert found.sentence == (
        "Baseline has the lowest distance (ST-LPIPS) on both engines; with 24 held-out "
        "stand-in faces, its lead over the control Constant is significant on both "
        "engines."
    )
    assert found.notes == (
        "Few faces: a lead that is not significant here may be with more faces.",
    )
    assert found.text == f"{found.sentence} {found.notes[0]}"


def test_few_photographs_are_not_tested_and_not_called_stand_ins(make_run):
    folder = make_run(splits={"validation": 3}, seeds=(0,), stand_in=False, skipped=())
    found = verdict(read_run(folder))
    assert "with 3 validation faces" in found.sentence
    assert "cannot be tested" in found.sentence
    assert "Fewer than 5 faces: no intervals, no tests." in found.notes


def test_generated_photographs_are_no_stand_in_faces_of_a_designer(make_run):
    run = read_run(make_run(face_set="photos"))
    assert "with 24 held-out generated photographs, its" in verdict(run).sentence
    assert "distance to the labeller's avatar" in headline_table(run).title
    (grid, *_) = grids(run)
    assert grid.heads[1] == "Labeller's avatar"


def test_failed_and_missing_rows_are_named(make_run):
    failed = ("baseline", "random", "constant")
    folder = make_run(failed=failed, seeds=(0,), engines=("avataaars",))
    found = verdict(read_run(folder))
    assert found.sentence == "No method and no control has a score yet."
    assert found.notes == (
        "Baseline failed on avataaars, Random failed on avataaars and Constant failed "
        "on avataaars.",
    )


def test_a_run_of_controls_says_so(make_run):
    folder = make_run(failed=("baseline",), seeds=(0,), engines=("avataaars",))
    found = verdict(read_run(folder))
    assert "no method can be ranked there" in found.sentence
    assert "Only controls were scored." in found.notes


def scores_changed(folder: Path, variant: str, metric: str, value: float) -> None:
    """Set one metric of all cases of a variant."""
    for path in (folder / "trials").glob(f"{variant}__*/cases.parquet"):
        cases = pd.read_parquet(path)
        cases[metric] = value
        cases.to_parquet(path)


def test_another_metric_that_names_another_leader_is_said(make_run):
    folder = make_run(seeds=(0,), skipped=())
    assert "ST-LPIPS agrees on who leads." in verdict(read_run(folder)).notes
    scores_changed(folder, "random", "st-lpips", 0.01)
    notes = verdict(read_run(folder)).notes
    assert "ST-LPIPS differs: lowest for the control Random on both engines." in notes


def test_a_metric_without_tests_claims_nothing(make_run):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    for path in (folder / "trials").glob("*/trial.json"):
        record = json.loads(path.read_text())
        record["metrics"] = [
            m | {"level": "set", "name": "spread", "title": "Spread", "unit": "share"}
            for m in record["metrics"]
            if m["name"] == "lpips"
        ]
        record["metrics"][0]["skipped"] = None
        for scores in record["set_scores"].values():
            scores["spread"] = {"baseline": 0.1}.get(record["variant"], 0.2)
        path.write_text(json.dumps(record))
    sentence = verdict(read_run(folder)).sentence
    assert sentence.startswith("Baseline has the lowest Spread on avataaars;")
    assert "cannot be tested" in sentence
