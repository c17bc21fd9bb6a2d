"""The built-in texts for raters, in every supported language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

LANGUAGES = ("en", "de")
STUDY_TEXTS = ("title", "instructions", "question", "tie")
"""Texts that are frozen into a study, besides its consent. All others may change."""


@cache
def words(language: str) -> Mapping[str, str]:
    """All texts of a language by name. Placeholders `{…}` are for `str.format`.

    Raises KeyError for a language that is not in LANGUAGES.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    text = files(__name__).joinpath(f"{language}.yaml").read_text(encoding="utf-8")
    return MappingProxyType({k: v.strip() for k, v in yaml.safe_load(text).items()})
