"""The texts that are frozen into a study: built-in or custom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import StringConstraints, ValidationError

from benchmark.avatars.spec import did_you_mean
from benchmark.storage.yaml_files import load_yaml, yaml_problem
from reports.human_study.design.study import Consent, FrozenModel, StudyError
from reports.human_study.wording import LANGUAGES, STUDY_TEXTS, words

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class OwnTexts(FrozenModel):
    """Custom texts in one language. Missing ones keep the built-in text."""

    consent: Text | None = None
    title: Text | None = None
    instructions: Text | None = None
    question: Text | None = None
    tie: Text | None = None


class OwnWording(FrozenModel):
    """A file of custom texts: the consent version, and texts by language."""

    consent_version: Text | None = None
    en: OwnTexts = OwnTexts()
    de: OwnTexts = OwnTexts()


@dataclass(frozen=True)
class StudyTexts:
    """What raters read. `texts` holds STUDY_TEXTS and `contact` by language."""

    consent: Consent
    texts: Mapping[str, Mapping[str, str]]


def study_texts(
    languages: Sequence[str], contact: str | None = None, own: Path | None = None
) -> StudyTexts:
    """The texts of a study.

    `contact` says who answers raters' questions. `own` is a YAML file of custom texts.
    Raises StudyError for an unknown language, and if the file cannot be read or changes
    the consent without a version or not in every language.
    """
    for language in languages:
        if language not in LANGUAGES:
            raise StudyError(
                f"--language {language}: there are no texts in this language"
                f"{did_you_mean(language, LANGUAGES)}; there are {', '.join(LANGUAGES)}"
            )
    changed = OwnWording() if own is None else _read(own, languages)
    consent, texts = {}, {}
    for language in languages:
        built_in = dict(words(language))
        mine = getattr(changed, language).model_dump(exclude_none=True)
        person = contact or built_in["contact"]
        if "consent" not in mine:
            built_in["consent"] = built_in["consent"].format(contact=person)
        merged = {name: text.strip() for name, text in (built_in | mine).items()}
        consent[language] = merged["consent"]
        texts[language] = {name: merged[name] for name in STUDY_TEXTS}
        texts[language]["contact"] = person
    version = changed.consent_version or words(languages[0])["consent_version"]
    return StudyTexts(Consent(version=version, text=consent), texts)


def _read(path: Path, languages: Sequence[str]) -> OwnWording:
    expected = (
        "expected consent_version, and under en and de any of consent, "
        f"{', '.join(STUDY_TEXTS)}"
    )
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise StudyError(f"{path} holds no texts; {expected}")
        own = OwnWording.model_validate(data)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: {yaml_problem(error)}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StudyError(f"{path}: {where}: {first['msg']}; {expected}") from None
    given = [lang for lang in languages if getattr(own, lang).consent is not None]
    if given and len(given) < len(languages):
        raise StudyError(
            f"{path} changes the consent in {', '.join(given)} only; give it in every "
            f"language of the study ({', '.join(languages)})"
        )
    if bool(given) != (own.consent_version is not None):
        raise StudyError(
            f"{path}: give a custom consent and a consent_version together"
        )
    return own
