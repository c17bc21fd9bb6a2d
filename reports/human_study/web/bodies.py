"""Reads request bodies up to a limit and parses them strictly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException
from starlette.requests import Request

BODY_SECONDS = 20.0
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


async def read_body(request: Request, limit: int) -> bytes:
    """The body; HTTPException 413 if it is longer than `limit` bytes, 408 if too slow.

    The limit is checked while the body arrives, so a wrong or missing Content-Length
    cannot exceed it.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _stream(request, limit)
    except TimeoutError as error:
        raise HTTPException(408) from error


async def _stream(request: Request, limit: int) -> bytes:
    stated = request.headers.get("content-length", "0")
    if not stated.isascii() or not stated.isdigit() or int(stated) > limit:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413)
    return bytes(body)


def parse_body(content_type: str, body: bytes, fields: int) -> Mapping[str, Any]:
    """The form (at most `fields` fields) or JSON object; HTTPException 400 or 415."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (FORM, JSON):
        raise HTTPException(415)
    try:
        return _form(body, fields) if kind == FORM else _object(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400) from error


def _form(body: bytes, most: int) -> dict[str, str]:
    """Fields by name; ValueError for invalid UTF-8, syntax or duplicate names."""
    if not body:
        return {}
    pairs = parse_qsl(
        body.decode("ascii"),
        keep_blank_values=True,
        strict_parsing=True,
        errors="strict",
        max_num_fields=most,
    )
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("duplicate field")
    return fields


def _object(body: bytes) -> dict[str, Any]:
    content = json.loads(body.decode("utf-8"))
    if not isinstance(content, dict):
        raise ValueError("not an object")
    return content


def _posted(request: Request) -> Mapping[str, Any]:
    return request.state.posted


def _posted_fields(request: Request) -> Mapping[str, str]:
    """The fields of a form; HTTPException 415 if the body was JSON."""
    posted = request.state.posted
    if not all(isinstance(value, str) for value in posted.values()):
        raise HTTPException(415)
    return posted


Body = Annotated[Mapping[str, Any], Depends(_posted)]
"""Endpoint parameter: the posted JSON object or form, with its token checked."""

Fields = Annotated[Mapping[str, str], Depends(_posted_fields)]
"""Endpoint parameter: the fields of the posted form, with its token checked."""
