"""What raters read, in every language that forms and sites speak."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

LANGUAGES = ("en", "de")
STUDY_TEXTS = ("title", "instructions", "question", "tie")
"""Texts that a study is frozen with, beside its consent; all others may change."""


@cache
def words(language: str) -> Mapping[str, str]:
    """All texts of a language by name; those with `{…}` take `str.format`.

    Raises KeyError for a language that is not one of LANGUAGES.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    text = files(__name__).joinpath(f"{language}.yaml").read_text(encoding="utf-8")
    return MappingProxyType({k: v.strip() for k, v in yaml.safe_load(text).items()})
