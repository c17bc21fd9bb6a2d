"""The web framework that the rating site and the studio share.

Every page works without JavaScript and at a width of 320 px. Every request that changes
something is checked for its origin and token. Pages load nothing from other hosts.
"""

from reports.human_study.web.address import (
    THIS_MACHINE,
    Address,
    AddressError,
    parse_address,
)
from reports.human_study.web.application import (
    PageRoute,
    Setup,
    check_prefix,
    make_app,
)
from reports.human_study.web.bodies import Body, Fields
from reports.human_study.web.pages import Pages, page_language
from reports.human_study.web.requests import base_address, csrf_token
from reports.human_study.web.server import WebError, serve

__all__ = [
    "THIS_MACHINE",
    "Address",
    "AddressError",
    "Body",
    "Fields",
    "PageRoute",
    "Pages",
    "Setup",
    "WebError",
    "base_address",
    "check_prefix",
    "csrf_token",
    "make_app",
    "page_language",
    "parse_address",
    "serve",
]
