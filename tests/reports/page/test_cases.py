from __future__ import annotations

import json
import re

import pytest
from browser import chromium, find_violations
from plain_reports import leave_out_figures

from reports.page.cases import cases_section
from reports.trials import read_run
from reports.write import write_reports


@pytest.fixture(scope="module")
def run(full_run):
    return read_run(full_run)


@pytest.fixture(scope="module")
def cases(run):
    section = cases_section(run, 8)
    assert section is not None
    return section.data


def scores_of(run, variant, engine):
    trial = run.finished_trials(variant, engine)[0]
    return trial.scores("validation", "designer-a").set_index("face")


def test_scores_belong_to_the_avatars_of_the_shown_seed(run, cases):
    for case in cases.cases:
        for row in case.rows:
            score = scores_of(run, "baseline", row.engine).at[case.face, "st-lpips"]
            assert row.avatars[0].caption == "Baseline"
            assert row.avatars[0].score == f"{score:.3f}"
            assert json.loads(row.values)[0][0] == pytest.approx(score, abs=1e-4)


def test_a_case_shows_the_face_the_ground_truth_and_every_row(cases):
    assert len(cases.cases) == 8
    case = cases.cases[0]
    assert case.portrait.caption == case.face
    assert case.part in {"shifted", "in-distribution"}
    assert [row.engine for row in case.rows] == ["toon-tiktok", "avataaars"]
    captions = [avatar.caption for avatar in case.rows[0].avatars]
    assert captions == list(cases.labels)
    assert case.rows[0].truth.caption == "Ground truth, toon-tiktok"


def test_best_typical_and_worst_cases_are_chosen_by_score(run, cases):
    for engine, methods in cases.extremes.items():
        scores = scores_of(run, "baseline", engine)["st-lpips"].sort_values()
        (baseline,) = methods  # controls and oracles are no methods
        chosen = {t: [s.face for s in strips] for t, strips in baseline.strips.items()}
        assert chosen["Best"] == list(scores.index[:2])
        assert chosen["Worst"] == list(scores.index[::-1][:2])
        distance = (scores - scores.median()).abs()
        assert set(distance[chosen["Typical"]]) == set(distance.nsmallest(2))


def test_the_best_method_of_a_face_is_marked(short_ablation_run):
    run = read_run(short_ablation_run)
    section = cases_section(run, 6)
    assert section is not None
    for case in section.data.cases:
        (row,) = case.rows
        methods = [avatar for avatar in row.avatars if avatar.ranked]
        best = min(float(avatar.score) for avatar in methods)
        for avatar in row.avatars:
            assert avatar.best == (avatar.ranked and float(avatar.score) == best)
        assert {"Random (control)", "Supervised †"} & {a.caption for a in row.avatars}


def test_a_failed_row_says_so_instead_of_a_picture(make_run):
    run = read_run(make_run(seeds=(0,), failed=("baseline",)))
    section = cases_section(run, 2)
    assert section is not None
    failed = section.data.cases[0].rows[0].avatars[0]
    assert (failed.uri, failed.alt, failed.score) == ("", "failed", "")
    assert not section.data.extremes


def test_held_out_faces_are_never_shown(make_run):
    assert cases_section(read_run(make_run(splits={"heldout": 8})), 8) is None


@pytest.mark.slow
def test_a_page_of_ten_thousand_cases_is_small(make_run, monkeypatch):
    leave_out_figures(monkeypatch)
    splits = {"heldout": 1000, "validation": 1000}  # and five rows
    folder = make_run(
        splits=splits, engines=("avataaars",), seeds=(0,), designers=("designer-a",)
    )
    text = write_reports(folder).page.read_text(encoding="utf-8")
    pictures = re.compile('data:image/[^"]+')
    assert len(pictures.sub("", text)) < 5e6


@pytest.fixture
def page_file(full_run, monkeypatch):
    leave_out_figures(monkeypatch)
    return write_reports(full_run, 8).page


@pytest.mark.slow
def test_the_browser_sorts_by_score_and_by_gap(run, page_file):
    scores = {
        name: scores_of(run, name, "avataaars")["st-lpips"]
        for name in ("baseline", "random")
    }
    with chromium() as browser:
        page = browser.new_page()
        page.goto(page_file.as_uri())

        def faces():
            bodies = page.locator("#case-list tbody")
            ids = bodies.evaluate_all("each => each.map(body => body.id)")
            return [name.removeprefix("case-") for name in ids]

        shown = faces()
        page.select_option("[name=engine]", label="avataaars")
        page.select_option("[name=order]", "worst")
        assert faces() == sorted(shown, key=lambda f: -scores["baseline"][f])
        page.select_option("[name=rival]", label="Random (control)")
        page.select_option("[name=order]", "gap")
        gap = (scores["baseline"] - scores["random"]).abs()
        assert faces() == sorted(shown, key=lambda f: -gap[f])
        assert "largest gap first" in page.inner_text("form.sorting [role=status]")
        page.select_option("[name=order]", "")
        assert faces() == shown
        page.select_option("[name=metric]", label="Accuracy ↑")
        accuracy = scores_of(run, "baseline", "toon-tiktok")["discrete-accuracy"]
        score = page.locator(f"#case-{shown[0]} .score").first
        assert score.inner_text() == f"{accuracy[shown[0]]:.3f}"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cases_and_breakdowns_are_accessible_on_a_phone(page_file, scheme):
    with chromium() as browser:
        size = {"width": 390, "height": 844}
        page = browser.new_page(viewport=size, color_scheme=scheme)
        page.goto(page_file.as_uri())
        assert find_violations(page) == []
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width == 390
        panel = page.locator(".panel")
        panel.evaluate("element => element.scrollTo(200, 0)")
        left = panel.bounding_box()["x"]
        truth = page.locator("#case-list td.truth").first.bounding_box()
        assert left < truth["x"] < left + 120
