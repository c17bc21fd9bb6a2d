"""What the rating site and the designers' studio share: safe, plain, accessible web.

Every page works without JavaScript and at 320 px; every unsafe request is checked for
its origin and its token; nothing is read from or sent to another host.
"""

from reports.human_study.web.application import Setup, make_app
from reports.human_study.web.bodies import Body, Fields
from reports.human_study.web.pages import Pages, page_language
from reports.human_study.web.requests import base_address, csrf_token
from reports.human_study.web.server import WebError, serve

__all__ = [
    "Body",
    "Fields",
    "Pages",
    "Setup",
    "WebError",
    "base_address",
    "csrf_token",
    "make_app",
    "page_language",
    "serve",
]
