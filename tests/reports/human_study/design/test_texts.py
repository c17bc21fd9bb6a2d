import pytest

from reports.human_study.design.study import StudyError
from reports.human_study.design.texts import study_texts
from reports.human_study.wording import LANGUAGES, words


def test_every_language_has_every_text():
    names = [set(words(language)) for language in LANGUAGES]
    assert all(found == names[0] for found in names)
    assert len({words(language)["consent_version"] for language in LANGUAGES}) == 1


@pytest.mark.parametrize("name", sorted(words("en")))
def test_every_language_fills_the_same_gaps(name):
    def gaps(text):
        return {part.split("}")[0] for part in text.split("{")[1:]}

    assert gaps(words("en")[name]) == gaps(words("de")[name])


def test_the_consent_contains_the_contact():
    made = study_texts(("en", "de"), contact="Zoë <zoe@example.org>")
    assert "please ask Zoë <zoe@example.org>." in made.consent.text["en"]
    assert "Zoë" in made.consent.text["de"]
    assert "{" not in made.consent.text["en"]
    unnamed = study_texts(("de",))
    assert "die Person, die Sie eingeladen hat" in unnamed.consent.text["de"]
    assert list(unnamed.texts) == ["de"]


def test_a_leaders_own_texts_replace_the_built_in_ones(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "consent_version: lab-2\n"
        "en: {consent: 'I agree {to} all', question: 'Who?'}\n"
        "de: {consent: Ja}\n"
    )
    made = study_texts(("en", "de"), own=own)
    assert made.consent.version == "lab-2"
    assert made.consent.text == {"en": "I agree {to} all", "de": "Ja"}
    assert made.texts["en"]["question"] == "Who?"
    assert made.texts["de"]["question"] == words("de")["question"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("en: {consent: A}", "changes the consent in en only"),
        (
            "en: {consent: A}\nde: {consent: B}",
            "a custom consent and a consent_version",
        ),
        ("consent_version: x", "a custom consent and a consent_version"),
        ("en: {consnt: A}", "en.consnt: "),
        ("- a", "holds no texts; expected consent_version"),
        ("", "holds no texts; expected consent_version"),
        ("en: {question: ' '}", "en.question: String should have at least 1 character"),
        ("{", "not valid YAML"),
        (
            "en: {tie: a}\nen: {tie: b}",
            "line 2: not valid YAML: key 'en' is given twice",
        ),
    ],
)
def test_a_bad_file_of_texts_is_one_sentence(tmp_path, content, problem):
    own = tmp_path / "own.yaml"
    own.write_text(content)
    with pytest.raises(StudyError) as caught:
        study_texts(("en", "de"), own=own)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(str(own))
    assert "\n" not in str(caught.value)


def test_a_language_without_texts_is_refused():
    with pytest.raises(StudyError, match="--language fr: there are no texts"):
        study_texts(("fr",))
