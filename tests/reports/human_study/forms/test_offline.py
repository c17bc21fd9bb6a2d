import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
import tiny_study

from reports.human_study.design.study import StudyError
from reports.human_study.forms.handouts import describe, write_forms, write_preview
from reports.human_study.forms.offline import offline_form
from reports.human_study.forms.printable import printable_form


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag, **wanted):
        return [a for t, a in self.found if t == tag and wanted.items() <= a.items()]


@pytest.fixture
def study(tmp_path):
    return tiny_study.make_study(tmp_path / "study")


def test_a_form_shows_the_assignment_in_its_order(study):
    page = Elements(offline_form(study, 3, "en"))
    images = [a["src"] for a in page.of("img")]
    shown = study.assignment(3).shown
    expected = [
        picture
        for s in shown
        for picture in (study.by_face[s.trial.face].picture, *s.order)
    ]
    contents = [base64.b64decode(src.split(",", 1)[1]) for src in images]
    assert contents == [study.pictures[name].read_bytes() for name in expected]
    assert [a["data-position"] for a in page.of("section") if "data-position" in a] == [
        str(n) for n in range(1, len(shown) + 1)
    ]
    for position in range(1, len(shown) + 1):
        group = page.of("input", type="radio", name=f"face-{position}")
        assert [a["value"] for a in group] == ["A", "B", "C", "D", "tie"]


def test_a_form_says_how_long_it_takes_and_has_a_practice_question(study):
    text = offline_form(study, 0, "en")
    assert "answer 16 questions about 6 faces. This takes about 2 minutes" in text
    page = Elements(text)
    practice = page.of("input", type="radio", name="practice")
    assert [a["value"] for a in practice] == ["A", "B", "C", "D"]
    assert "zur Übung" in offline_form(study, 0, "de")


def test_a_form_needs_no_network(study):
    text = offline_form(study, 0, "en")
    page = Elements(text)
    for _, attributes in page.found:
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            assert attributes.get(name, "data:").startswith("data:")
    assert "http:" not in text
    assert "https:" not in text
    (policy,) = (a["content"] for a in page.of("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("script", "style"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_form_reveals_methods_kinds_or_ids(study, language):
    secrets = [*tiny_study.METHODS, *tiny_study.METHODS.values(), "toon", "dice"]
    secrets += [*study.by_trial, *study.by_face, *study.pictures, "catch", "repeat"]
    page = offline_form(study, 0, language)
    # Without the style sheet, the encoded pictures and the digests of the policy, in
    # which random letters may spell a short name.
    encoded = r"(base64,|sha256-)[A-Za-z0-9+/=]+|<style>.*?</style>"
    page = re.sub(encoded, "", page, flags=re.S)
    words = page.replace("catch {", "").replace("catch(", "")
    assert [s for s in secrets if s in words] == []


def test_a_form_speaks_the_language_that_is_asked_for(study):
    page = offline_form(study, 0, "de")
    assert '<html lang="de">' in page
    assert "Welcher Avatar passt am besten zum Gesicht?" in page
    assert "Ich stimme zu." in page


def test_a_forms_settings_show(tmp_path):
    strict = tiny_study.make_study(tmp_path / "strict", tie=False, back="no")
    page = Elements(offline_form(strict, 0, "en"))
    assert page.of("input", value="tie") == []
    assert [a for a in page.of("button") if a.get("class") == "back"] == []


def test_custom_texts_are_escaped(tmp_path, monkeypatch):
    monkeypatch.setitem(tiny_study.TEXTS["en"], "question", "<script>alert(1)</script>")
    study = tiny_study.make_study(tmp_path / "study")
    assert "<script>alert" not in offline_form(study, 0, "en")


def test_a_preview_says_so_and_saves_nothing(study, tmp_path):
    write_preview(study, tmp_path / "preview.html", 2, "en")
    page = (tmp_path / "preview.html").read_text()
    assert "Preview: this is what raters see." in page
    assert Elements(page).of("button", id="save") == []


@pytest.mark.parametrize(("methods", "a_page"), [(2, 4), (4, 4), (6, 2)])
def test_a_printed_assignment_holds_every_picture(tmp_path, methods, a_page):
    study = tiny_study.make_study(tmp_path / "study", methods=methods)
    pdf = printable_form(study, 1, "en")
    assert pdf == printable_form(study, 1, "en")
    assert pdf != printable_form(study, 2, "en")
    assert pdf.startswith(b"%PDF-")
    # The file contains the pictures of a repeat, and the face among the options of the
    # practice question, only once.
    assert pdf.count(b"/Subtype /Image") == methods + len(
        {p for t in study.trials for p in t.options} | {f.picture for f in study.faces}
    )
    (pages,) = re.findall(rb"/Count (\d+)", pdf)
    assert int(pages) == 1 + -(-len(study.trials) // a_page)


def test_one_file_per_assignment_and_format(study, tmp_path):
    assignments, formats = range(2, 4), ("html", "pdf", "csv")
    paths = write_forms(study, tmp_path / "out", assignments, formats, "de")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(path.name for path in paths)
    assert names[0] == "tiny-assignment-002-de.csv"
    assert len(names) == 6


def test_a_language_that_the_study_lacks_is_refused(study, tmp_path):
    with pytest.raises(StudyError, match="--language fr: the study does not have this"):
        write_forms(study, tmp_path / "out", language="fr")
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="cannot write to"):
        write_forms(study, tmp_path / "file")


def test_a_description_says_what_is_asked_and_names_no_method(study):
    text = "\n".join(describe(study))
    assert "6 faces on toon, dice" in text
    assert "12 ratings, 2 catch trials, 2 repeats" in text
    assert "max_failed_catches: 1" in text
    assert "identical avatars within a question: in 0 of 12 ratings" in text
    assert "swift" not in text.lower()
