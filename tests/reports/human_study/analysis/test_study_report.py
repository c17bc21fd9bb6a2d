from __future__ import annotations

import io
import re
from dataclasses import replace

import pandas as pd
import pytest
from rated import PLANTED, Raters, rate
from rich.console import Console
from tiny_study import METHODS, make_study

from reports.human_study.analysis.answers import Answers, read_answers
from reports.human_study.analysis.figures import draw_metric, draw_study
from reports.human_study.analysis.findings import findings
from reports.human_study.analysis.numbers import study_numbers
from reports.human_study.analysis.tables import shares_table, study_tables, table_two
from reports.human_study.analysis.wording import study_notes
from reports.human_study.analysis.write import StudyFiles, write_study_report
from reports.tables import published as paper
from reports.tables.table import Table
from reports.tables.terminal import print_table
from reports.trials import ReportError
from reports.write import write_reports


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """24 raters, two of them excluded, on 20 faces and two engines."""
    folder = tmp_path_factory.mktemp("rating") / "study"
    study = make_study(folder, faces=20, catches=3, repeats=4)
    rate(study, Raters(24, careless=(5,), leaving=(9,), ties=0.03))
    return read_answers(folder)


@pytest.fixture(scope="module")
def found(answers: Answers):
    return findings(answers)


@pytest.fixture(scope="module")
def written(answers: Answers, found) -> StudyFiles:
    return write_study_report(answers, found, "f" * 40)


@pytest.fixture(scope="module")
def page(written: StudyFiles) -> str:
    return written.page.read_text(encoding="utf-8")


def by_key(answers: Answers, found) -> dict[str, Table]:
    return {table.key: table for table in study_tables(answers, found)}


def test_planted_preferences_come_out_within_their_intervals(found):
    assert [each.engine for each in found] == ["toon", "dice"]
    for each in found:
        for share, planted in zip(each.shares, PLANTED[each.engine], strict=True):
            assert share.share.low < planted < share.share.high
        order = sorted(range(4), key=lambda k: each.shares[k].share.mean)
        assert order[-1] == max(range(4), key=lambda k: PLANTED[each.engine][k])


def test_table_two_has_the_shape_of_the_publication(answers, found):
    table = table_two(answers, found)
    assert [column.title for column in table.columns] == ["toon", "dice"]
    (section,) = table.sections
    assert [row.label for row in section.rows] == list(METHODS.values())[:4]
    swift = section.rows[3].cells[0]
    assert swift.strong
    assert re.fullmatch(r"\d\d\.\d %", swift.text)
    assert re.fullmatch(r"\d\d\.\d–\d\d\.\d %", swift.detail)
    notes = " ".join(table.notes)
    assert "Stand-in faces" in notes
    assert "20 held-out faces of made-up faces" in notes
    assert "22 raters, 2 more excluded" in notes
    assert "left out" in notes


def test_shares_come_with_both_intervals_tests_and_strengths(answers, found):
    table = by_key(answers, found)["study-shares"]
    swift = table.sections[0].rows[3]
    assert len(swift.cells) == 6
    assert swift.cells[3].text == "<0.001"
    assert float(swift.cells[4].text) < 0.01
    total = sum(float(row.cells[0].text) for row in table.sections[0].rows)
    assert total == found[0].picks.total


def test_picks_are_compared_with_the_metric(answers, found):
    """LPIPS of the tiny study is best for the method listed last, on every face."""
    agreed = found[0].metrics["lpips"]
    assert agreed.favourite.mean == found[0].shares[3].share.mean
    assert agreed.faces == 20
    assert found[1].metrics["lpips"].tau.mean < agreed.tau.mean
    assert "designer-a" in " ".join(by_key(answers, found)["study-metrics"].notes)


def test_the_metric_of_table_1_comes_first_and_is_drawn(answers, found):
    assert list(answers.key.metrics) == ["accuracy", "lpips"]
    table = by_key(answers, found)["study-metrics"]
    rows = [[row.label for row in section.rows] for section in table.sections]
    assert rows == [["LPIPS", "Accuracy"], ["LPIPS"]]
    drawn = draw_study(answers, found)
    assert [drawing.name for drawing in drawn] == ["study-shares", "study-lpips"]


def test_an_engine_without_scores_has_no_empty_panel(answers, found):
    drawing = draw_metric(answers, found, "accuracy")
    assert [axes.get_title(loc="left") for axes in drawing.figure.axes] == ["toon"]


def test_slots_are_balanced_over_methods(found):
    for each in found:
        exposure = each.slots.exposure
        assert exposure.max() - exposure.min() <= exposure.mean() / 10


def test_excluded_raters_are_counted_and_listed(answers, found):
    table = by_key(answers, found)["study-raters"]
    assert table.title == "Excluded raters: 2 of 24"
    assert [row.label for row in table.sections[0].rows] == ["rater005", "rater009"]


def test_an_engine_without_ratings_is_named(tmp_path):
    study = make_study(tmp_path / "study", faces=12)
    one = {"toon": PLANTED["toon"]}
    rate(study, Raters(6, planted=one))
    answers = read_answers(study.folder)
    table = table_two(answers, findings(answers))
    assert [column.title for column in table.columns] == ["toon"]
    assert "No included rating on dice." in table.notes


def test_few_raters_give_shares_without_intervals(tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(3))
    answers = read_answers(study.folder)
    table = table_two(answers, findings(answers))
    assert all(not cell.detail for row in table.sections[0].rows for cell in row.cells)
    notes = " ".join(table.notes)
    assert "Fewer than 5 raters or faces: no intervals" in notes
    assert "Bold: the most picks." in notes
    assert "95 % intervals" not in notes
    assert "significantly" not in notes
    details = " ".join(shares_table(answers, findings(answers)).notes)
    assert "95 % intervals" not in details
    assert "prefer the bootstrap" not in details


def test_notes_of_a_study_with_few_faces_explain_no_interval(tmp_path):
    study = make_study(tmp_path / "study", faces=4, repeats=0)
    rate(study, Raters(6))
    answers = read_answers(study.folder)
    tables = by_key(answers, findings(answers))
    for key in ("study-agreement", "study-metrics"):
        assert "interval by the bootstrap over faces" not in " ".join(tables[key].notes)
    assert "Wilson" not in " ".join(tables["study-agreement"].notes)


def test_every_file_is_there(written):
    names = {path.name for path in written.folder.iterdir()}
    assert {"page.html", "table-2.md", "table-2.tex", "tables.md"} <= names
    assert {"ratings.csv", "study-agreement.md", "published-2.md"} <= names
    drawn = {path.name for path in (written.folder / "figures").iterdir()}
    kinds = ("pdf", "png", "csv")
    both = ("study-shares", "study-lpips")
    assert drawn == {f"{name}.{kind}" for name in both for kind in kinds}


@pytest.mark.slow
def test_writing_again_gives_the_same_bytes(answers, found, written):
    files = [path for path in written.folder.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    write_study_report(answers, found, "f" * 40)
    assert [p.name for p, content in before.items() if p.read_bytes() != content] == []


def test_tidy_ratings_name_methods_and_mark_excluded_raters(answers, written):
    rows = pd.read_csv(written.ratings)
    assert len(rows) == len(answers.rows)
    rated = rows.loc[(rows["kind"] == "rating") & rows["counts"]]
    wins = rated.loc[rated["engine"] == "toon", "chosen"].value_counts()
    assert wins["swift"] == answers.picks("toon").counts[3]
    text = written.ratings.read_text(encoding="utf-8")
    assert not any(picture in text for picture in answers.key.pictures)


def test_published_numbers_are_in_a_separate_block(page, written):
    before, block = page.split('<aside class="published"')
    block, after = block.split("</aside>")
    assert "59.11 %" in block
    assert paper.SOURCE in block
    assert "59.11" not in before + after
    measured, printed = (written.folder / "tables.md").read_text().split("# Published")
    assert "59.11" not in measured
    assert "59.11" in printed


def test_page_loads_nothing_and_links_work(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    refs = re.findall(r'\b(?:src|href)="([^"]+)"', page)
    assert all(ref.startswith(("data:", "#")) for ref in refs)
    assert {ref[1:] for ref in refs if ref.startswith("#")} <= set(ids)
    assert "<script" not in page
    assert page.count("<h1>") == 1
    assert len(re.findall(r'<img [^>]*alt="[^"]', page)) == page.count("<img ")


def test_page_describes_the_protocol(page, answers):
    assert "I agree." in page
    assert '<div lang="de">' in page
    assert "47 questions" in page
    assert "3 catch trials" in page
    assert "20 faces on toon and on dice" in page
    assert "pick one of 4 avatars, or say that they cannot tell; they may" in page
    assert answers.study.digest in page
    assert "Stand-in faces" in page


def test_the_terminal_shows_table_two(answers, found):
    console = Console(file=io.StringIO(), width=90)
    print_table(table_two(answers, found), console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Table 2: human rating" in text
    assert "SwiftAvatar" in text


def test_statistics_for_mlflow_are_finite_and_named(answers, found):
    numbers = study_numbers(answers, found)
    assert numbers["toon.swift.share"] == found[0].shares[3].share.mean
    assert numbers["raters"] == 22
    assert numbers["raters.excluded"] == 2
    assert {"dice.alpha", "dice.kappa", "toon.lpips.tau_low"} <= set(numbers)
    assert all(value == value for value in numbers.values())


@pytest.mark.slow
def test_only_its_own_study_gives_a_run_table_two(make_run, answers):
    run = make_run()
    files = write_reports(run, answers=answers)
    page = files.page.read_text(encoding="utf-8")
    assert "Table 2 appears once" not in page
    assert page.count("59.11 %") == 1
    assert page.index('id="table-2"') < page.index("59.11 %")
    assert "Published Table 3" in page
    assert {"table-2.md", "study-slots.tex"} <= {path.name for path in files.tables}
    assert "study-shares.csv" in {path.name for path in files.figures}
    without = write_reports(run).page.read_text(encoding="utf-8")
    assert "Table 2 appears once" in without
    assert 'id="table-2"' not in without


def test_a_study_of_another_run_is_refused(make_run, answers):
    run = make_run()
    other = run.rename(run.with_name("fedcba987654"))
    with pytest.raises(ReportError, match=r"of run 0123456789ab, not of fedcba987654"):
        write_reports(other, answers=answers)
    assert not (other / "report").exists()


def test_notes_say_what_the_faces_are(answers):
    def notes(face_set):
        key = answers.key.model_copy(update={"face_set": face_set, "stand_in": True})
        return " ".join(study_notes(replace(answers, key=key)))

    assert "synthetic portraits stand in" in notes("portraits 1")
    assert "synthetic portraits stand in" not in notes("photos 1")
    assert "Stable Diffusion 3 made these photographs" in notes("photos 1")
