"""Errors as answers: problem+json for programs, a line for shells, a page for people."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus

from shoebox.domain.errors import BadRequest
from shoebox.web.accept import prefers_html, prefers_text
from shoebox.web.dialects.refusals import error_json
from shoebox.web.errors import code_of, detail_of, headers_of, status_of
from shoebox.web.framing import Head
from shoebox.web.pages import Pages
from shoebox.web.response import Response, header_lines, json_bytes, text_response

log = logging.getLogger(__name__)


def refusal(error: Exception, head: Head, pages: Pages) -> Response:
    """The answer to an error, in the form the client can best use."""
    status = status_of(error)
    _record(error, status)
    extra = headers_of(error)
    accept = head.fields.get("accept", "*/*")
    path = head.target.partition("?")[0]
    if (path == "/" and head.method == "POST") or prefers_text(accept):
        return text_response(status, detail_of(error)).adding(extra)
    told = error_json(error, head.method, path)
    if told is not None and not (prefers_html(accept) and path.startswith("/delete/")):
        return Response(status=status, headers=_TOLD, body=json_bytes(told)).adding(extra)
    if prefers_html(accept) and not path.startswith("/api/"):
        return pages.message(status, detail_of(error)).adding(extra)
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail_of(error),
        "code": code_of(error),
    }
    return Response(status=status, headers=_PROBLEM, body=json_bytes(problem)).adding(extra)


_TOLD = header_lines({"Content-Type": "application/json", "Cache-Control": "no-store"})
_PROBLEM = header_lines({"Content-Type": "application/problem+json", "Cache-Control": "no-store"})


def _record(error: Exception, status: HTTPStatus) -> None:
    """Say once what a person who runs the host must know; what clients do wrong is theirs."""
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", exc_info=error)
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, BadRequest):
        log.warning("request refused", extra={"code": code_of(error), "reason": _reason(error)})


def _reason(error: Exception) -> str:
    cause = error.__cause__
    return str(error) if cause is None else f"{error} ({type(cause).__name__}: {cause})"


def wait_of(seconds: float) -> int:
    """Whole seconds for Retry-After, at least one."""
    return max(1, math.ceil(seconds))
