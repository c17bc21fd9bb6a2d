"""Renders pages from Jinja templates in one of the app's languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.loaders import ChoiceLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse

from reports.human_study.web.requests import csrf_token

LANGUAGE = "language"
"""Session key of the chosen language."""


class Pages:
    """Renders the templates in the folder `templates` of `package`.

    `name` is shown at the top of every page; `names` overrides it per language.
    `shared` maps prefixes to other packages whose templates can be included.
    Templates extend "web/frame.html.jinja". All values are escaped, and undefined ones
    raise an error. Every template gets `request`, `lang`, `csrf` (the token), `name`
    and `frame` (the texts of the frame).
    """

    def __init__(
        self,
        package: str,
        name: str,
        languages: Sequence[str] = ("en",),
        names: Mapping[str, str] | None = None,
        shared: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.names = names or {}
        self.languages = tuple(languages)
        prefixed = {"web": "reports.human_study.web", **(shared or {})}
        loaders = {prefix: PackageLoader(p) for prefix, p in prefixed.items()}
        self.environment = Environment(
            loader=ChoiceLoader([PackageLoader(package), PrefixLoader(loaders)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """The page as a response; `values` are passed to the template."""
        language = page_language(request, self.languages)
        content = self.environment.get_template(template).render(
            request=request,
            lang=language,
            csrf=csrf_token(request),
            name=self.names.get(language, self.name),
            frame=words("reports.human_study.web", language),
            **values,
        )
        return HTMLResponse(content, status, {"Content-Language": language})


def page_language(request: Request, languages: Sequence[str]) -> str:
    """The chosen language, else the browser's preferred one, else the first."""
    chosen = request.session.get(LANGUAGE)
    if isinstance(chosen, str) and chosen in languages:
        return chosen
    wanted = request.headers.get("accept-language", "")
    for part in wanted.split(","):
        code = part.partition(";")[0].strip().lower().partition("-")[0]
        if code in languages:
            return code
    return languages[0]


@cache
def words(package: str, language: str) -> Mapping[str, Any]:
    """The texts in `wording/LANGUAGE.yaml` of a package, or the English ones.

    A study's language may lack texts here, because studies may bring their own.
    """
    folder = files(package).joinpath("wording")
    source = folder.joinpath(f"{language}.yaml")
    if not source.is_file():
        source = folder.joinpath("en.yaml")
    return yaml.safe_load(source.read_text(encoding="utf-8"))
