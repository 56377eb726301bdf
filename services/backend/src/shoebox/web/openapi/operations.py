"""The pieces an operation is described with."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from shoebox.web.openapi.schemas import ANY_COLLECTION, BYTES, STRING, Schema, known

Operation = dict[str, Any]

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
HTML: Final = "text/html"
TEXT: Final = "text/plain"
FORM: Final = "multipart/form-data"
URLENCODED: Final = "application/x-www-form-urlencoded"

READING: Final = (400, 404, 429, 503)
CHANGING: Final = (400, 403, 404, 429, 503, 507)
STORING: Final = (400, 403, 413, 415, 422, 429, 503, 507)

_FILE_NOTE: Final = "The part may have any name."


def operation(
    tag: str,
    name: str,
    summary: str,
    *answers: dict[str, Any],
    errors: tuple[int, ...] = READING,
    error: str = "Problem",
    takes: tuple[dict[str, Any], ...] = (),
    body: dict[str, Any] | None = None,
    about: str = "",
) -> Operation:
    """One operation. `errors` are told as `error`, and as problems where Nginx tells them."""
    told: Operation = {"tags": [tag], "operationId": name, "summary": summary}
    if about:
        told["description"] = about
    if takes:
        told["parameters"] = list(takes)
    if body:
        told["requestBody"] = {"required": True, "content": body}
    told["responses"] = {status: answer for each in answers for status, answer in each.items()}
    told["responses"] |= {
        str(status): _refusal(status, error) for status in errors if str(status) not in told["responses"]
    }
    return told


def answer(
    status: int, words: str, *contents: tuple[str, Schema], links: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A success: what it means and what it holds, by media type."""
    told: dict[str, Any] = {"description": words}
    if contents:
        told["content"] = {media: {"schema": schema} for media, schema in contents}
    if links:
        told["links"] = links
    return {str(status): told}


def value(status: int, words: str, name: str, links: dict[str, Any] | None = None) -> dict[str, Any]:
    """A success that is one of our values, as JSON."""
    return answer(status, words, (JSON, known(name)), links=links)


def page(words: str) -> dict[str, Any]:
    """A page for people."""
    return answer(200, words, (HTML, STRING))


def leads(words: str) -> dict[str, Any]:
    """A permanent redirect within this host."""
    told = {"description": words, "headers": {"Location": {"schema": {"type": "string"}, "required": True}}}
    return {"308": told}


def path(name: str, schema: Schema, words: str) -> dict[str, Any]:
    """A parameter in the path."""
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": words}


def query(name: str, schema: Schema, words: str) -> dict[str, Any]:
    """An optional parameter after the question mark; an empty one counts as absent."""
    return {"name": name, "in": "query", "schema": schema, "description": words, "allowEmptyValue": True}


def form(*, field: str = "file", collection: bool = False) -> dict[str, Any]:
    """A form with a picture in it."""
    properties: dict[str, Schema] = {field: BYTES | {"description": _FILE_NOTE}}
    if collection:
        properties["collection"] = ANY_COLLECTION
    return {FORM: {"schema": {"type": "object", "properties": properties, "required": [field]}}}


def _refusal(status: int, error: str) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    contents = {PROBLEM: {"schema": known("Problem")}, HTML: {"schema": STRING}, TEXT: {"schema": STRING}}
    if error != "Problem":
        contents[JSON] = {"schema": known(error)}
    told["content"] = contents
    if status in {429, 503}:
        told["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "required": True}}
    return told
