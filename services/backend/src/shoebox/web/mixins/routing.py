"""Which endpoint a request means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from shoebox.domain.errors import NotFound
from shoebox.domain.names import COLLECTION
from shoebox.web.errors import MethodNotAllowed

# Order of the Allow header; the methods a browser's scripts may be told of.
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Match(NamedTuple):
    """An endpoint's name and the values of its path parameters, in the pattern's order; `template`
    is the path with the parameters' names."""

    endpoint: str
    values: tuple[str, ...]
    allow: str
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One path with its methods. A part in braces stands for one segment that is not empty,
    `{collection}` for one that has a collection's form, `{path*}` for all that follow."""

    parts: tuple[str, ...]
    endpoints: Mapping[str, str]
    allow: str
    template: str

    def values(self, segments: tuple[str, ...]) -> tuple[str, ...] | None:
        """What the braces stand for in `segments`; None when the path is another one."""
        if self.parts[-1] == "{path*}":
            rest = len(self.parts) - 1
            if len(segments) <= rest:
                return None
            head = self._values(self.parts[:-1], segments[:rest])
            return None if head is None else (*head, "/".join(segments[rest:]))
        return self._values(self.parts, segments) if len(segments) == len(self.parts) else None

    @staticmethod
    def _values(parts: tuple[str, ...], segments: tuple[str, ...]) -> tuple[str, ...] | None:
        values: list[str] = []
        for part, segment in zip(parts, segments, strict=True):
            if part[:1] != "{":
                if part != segment:
                    return None
            elif not segment or (part == "{collection}" and COLLECTION.fullmatch(segment) is None):
                return None
            else:
                values.append(segment)
        return tuple(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """All patterns: those without braces by path, the others in the order of the table."""

    exact: Mapping[tuple[str, ...], Pattern]
    open: tuple[Pattern, ...]


def build_router(routes: Iterable[tuple[str, str, str]]) -> Router:
    """Compile rows of method, path, endpoint. HEAD comes with GET, OPTIONS with every path."""
    table: dict[tuple[str, ...], dict[str, str]] = {}
    for method, path, endpoint in routes:
        endpoints = table.setdefault(tuple(path[1:].split("/")), {})
        if method in endpoints:
            raise ValueError(f"two endpoints for {method} {path}")
        endpoints[method] = endpoint
        if method == "GET":
            endpoints["HEAD"] = endpoint
    patterns = [
        Pattern(parts=parts, endpoints=named, allow=_allow(named), template=f"/{'/'.join(parts)}")
        for parts, named in table.items()
    ]
    return Router(
        exact={pattern.parts: pattern for pattern in patterns if not _is_open(pattern)},
        open=tuple(pattern for pattern in patterns if _is_open(pattern)),
    )


def _is_open(pattern: Pattern) -> bool:
    return any(part[:1] == "{" for part in pattern.parts)


def _allow(endpoints: Mapping[str, str]) -> str:
    return ", ".join(method for method in METHODS if method in endpoints or method == "OPTIONS")


def find(router: Router, method: str, segments: tuple[str, ...]) -> Match:
    """The endpoint for a method and a path. Raises `NotFound` or `MethodNotAllowed`."""
    pattern = router.exact.get(segments)
    if pattern is not None:
        return _select(pattern, method, ())
    for pattern in router.open:
        values = pattern.values(segments)
        if values is not None:
            return _select(pattern, method, values)
    raise NotFound("There is nothing at this address.")


def _select(pattern: Pattern, method: str, values: tuple[str, ...]) -> Match:
    endpoint = "options" if method == "OPTIONS" else pattern.endpoints.get(method)
    if endpoint is None:
        raise MethodNotAllowed(pattern.allow)
    return Match(endpoint=endpoint, values=values, allow=pattern.allow, template=pattern.template)


class HasRouter(Protocol):
    """What routing needs of a handler."""

    @property
    def router(self) -> Router:
        """The compiled table."""


class RoutingMixin:
    """Finds endpoints."""

    def match(self: HasRouter, method: str, segments: tuple[str, ...]) -> Match:
        """The endpoint for a method and a path. Raises `NotFound` or `MethodNotAllowed`."""
        return find(self.router, method, segments)
