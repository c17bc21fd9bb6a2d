"""Error pages in the reader's language, or JSON for scripts."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reports.human_study.web.headers import add_safe_headers
from reports.human_study.web.pages import Pages, page_language, words


def add_error_pages(app: FastAPI, pages: Pages, https: bool) -> None:
    """Answer every error with an error page. Internal details are never sent."""

    def answer(request: Request, status: int, headers: dict[str, str]) -> Response:
        language = page_language(request, pages.languages)
        errors = words("reports.human_study.web", language)["errors"]
        message = errors.get(status, errors["default"])
        if _wants_json(request):
            content = {"error": f"{message['title']}. {message['text']}"}
            return JSONResponse(content, status, headers)
        page = pages.render(request, "web/error.html.jinja", status, message=message)
        page.headers.update(headers)
        return page

    @app.exception_handler(HTTPException)
    def answer_http_error(request: Request, error: HTTPException) -> Response:
        if error.status_code < 400:  # a redirect from a dependency
            return Response(status_code=error.status_code, headers=error.headers)
        return answer(request, error.status_code, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def answer_invalid_request(
        request: Request, error: RequestValidationError
    ) -> Response:
        return answer(request, 422, {})

    @app.exception_handler(Exception)
    def answer_internal_error(request: Request, error: Exception) -> Response:
        # This runs outside of all middleware, so the headers are added here.
        response = answer(request, 500, {})
        add_safe_headers(response.headers, https)
        return response


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted
