"""Pages made on the server: for browsers without script, and for errors people meet.

A value that is not `Markup` is escaped, wherever it stands; only this file makes `Markup`.
"""

from __future__ import annotations

import html
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Final

from shoebox.domain.image import Image
from shoebox.domain.listing import Direction, Listing, SortField
from shoebox.web.errors import detail_of
from shoebox.web.listing import plain_query
from shoebox.web.presenters import image_json
from shoebox.web.response import Response
from shoebox.web.static import PAGE
from shoebox.web.target import Query
from shoebox.web.uploading import Outcome

NEIGHBOURS: Final = 2  # page links on each side of the current one
SIZES: Final = (4, 8, 12, 24, 48)  # pictures a page, as the gallery with script offers

_SORTS: Final = {SortField.AGE: "Upload time", SortField.SIZE: "Size", SortField.NAME: "Name"}
_DIRECTIONS: Final = {Direction.DESCENDING: "Descending", Direction.ASCENDING: "Ascending"}
_TEMPLATES: Final = ("layout", "message", "uploaded", "gallery", "tools")
_FRAGMENTS: Final = ("card", "link", "failure", "option", "page")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


class Pages:
    """The templates of a folder, read once. Raises `OSError` when one is missing."""

    def __init__(self, folder: Path) -> None:
        names = (*_TEMPLATES, *(f"fragments/{name}" for name in _FRAGMENTS))
        self._templates = {name: Template((folder / f"{name}.html").read_text("utf-8").rstrip("\n")) for name in names}

    def message(self, status: HTTPStatus, detail: str) -> Response:
        """An error, for people."""
        return self._page(status, status.phrase, self._fill("message", detail=detail))

    def uploaded(self, status: int, outcome: Outcome, base_url: str) -> Response:
        """What became of a form's files: pictures with their links, and refusals."""
        items = [self._link(image, base_url) for image in outcome.images]
        items += [
            self._fill("fragments/failure", original_name=failure.original_name, detail=detail_of(failure.error))
            for failure in outcome.failures
        ]
        title = "Uploaded" if outcome.images else "Nothing was uploaded"
        return self._page(status, title, self._fill("uploaded", items=_lines(items)))

    def tools(self, base_url: str) -> Response:
        """What other programs need to upload here."""
        return self._page(HTTPStatus.OK, "Tools", self._fill("tools", base_url=base_url))

    def gallery(self, listing: Listing, query: Query) -> Response:
        """One page of the gallery with links and forms that need no script."""
        order = listing.query.sort
        content = self._fill(
            "gallery",
            collection=query.get("collection") or "",
            q=query.get("q") or "",
            sort_options=self._options({f.value: label for f, label in _SORTS.items()}, order.field.value),
            direction_options=self._options(
                {d.value: label for d, label in _DIRECTIONS.items()}, order.direction.value
            ),
            size_options=self._options(
                {str(n): str(n) for n in sorted({*SIZES, listing.query.size})}, str(listing.query.size)
            ),
            count="Nothing here yet." if listing.total == 0 else f"Pictures: {listing.total}",
            cards=_lines([self._card(image, query) for image in listing.images]),
            pages=_lines(self._page_links(listing, query)),
        )
        return self._page(HTTPStatus.OK, "Images", content)

    def _page(self, status: int, title: str, content: Markup) -> Response:
        body = self._fill("layout", title=title, content=content)
        return Response(status=status, headers=PAGE, body=body.encode("utf-8", "replace"))

    def _fill(self, template: str, **values: object) -> Markup:
        safe = {name: value if isinstance(value, Markup) else html.escape(str(value)) for name, value in values.items()}
        return Markup(self._templates[template].substitute(safe))

    def _link(self, image: Image, base_url: str) -> Markup:
        fields = image_json(image, base_url)
        url = f"{base_url}/images/{image.key}"
        name = image.original_name
        return self._fill(
            "fragments/link",
            **fields,
            markdown=f"![{_plain(name)}]({url})",
            html=f'<img src="{url}" alt="{html.escape(name)}">',
            bbcode=f"[img]{url}[/img]",
        )

    def _card(self, image: Image, query: Query) -> Markup:
        fields = image_json(image, "") | {"size": _size(image.facts.size)}
        return self._fill(
            "fragments/card",
            **fields,
            date=f"{image.uploaded_at:%Y-%m-%d %H:%M} UTC",
            delete_url=f"/delete/{image.key}?{plain_query(query)}",
        )

    def _options(self, labels: dict[str, str], chosen: str) -> Markup:
        marks = {True: Markup(" selected"), False: Markup("")}
        options = (
            self._fill("fragments/option", value=value, label=label, selected=marks[value == chosen])
            for value, label in labels.items()
        )
        return Markup("".join(options))

    def _page_links(self, listing: Listing, query: Query) -> list[Markup]:
        marks = {True: Markup(' aria-current="page"'), False: Markup("")}
        return [
            self._fill(
                "fragments/page",
                href=f"/images/?{plain_query(query, page=str(number))}",
                label=number,
                current=marks[number == listing.number],
            )
            for number in _shown_pages(listing.number, listing.pages)
        ]


def _shown_pages(current: int, last: int) -> list[int]:
    """The first, the last and those around the current one."""
    near = range(current - NEIGHBOURS, current + NEIGHBOURS + 1)
    return sorted({number for number in (1, *near, last) if 1 <= number <= last})


def _lines(items: list[Markup]) -> Markup:
    return Markup("\n".join(items))


def _plain(name: str) -> str:
    return "".join(c for c in name if c not in "[]\\`*_<>!")


def _size(size: int) -> str:
    """In the words of the gallery's script (lib/format.js), which counts as the limit is stated."""
    value, unit = (size / 1024, "kB") if size < 1024**2 else (size / 1024**2, "MB")
    digits = 1 if value < (1 if unit == "kB" else 10) else 0
    return f"{round(value, digits):g} {unit}"
