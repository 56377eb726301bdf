"""Our own addresses."""

from __future__ import annotations

from typing import Any, Final

from shoebox.web.listing import MAX_TEXT
from shoebox.web.mixins.pagination import DEFAULT_SIZE, MAX_PAGE, MAX_SIZE
from shoebox.web.openapi.operations import (
    CHANGING,
    HTML,
    JSON,
    STORING,
    TEXT,
    answer,
    form,
    leads,
    operation,
    page,
    path,
    query,
    value,
)
from shoebox.web.openapi.schemas import (
    ANY_COLLECTION,
    BYTES,
    COLLECTION_NAME,
    CONTENT_TYPE,
    CURSOR,
    DIRECTION,
    KEY_NAME,
    SEGMENT,
    SORT,
    STRING,
    WIDTH,
    WORDS,
    known,
)
from shoebox.web.tools import TOOLS

OPENMETRICS: Final = "application/openmetrics-text"
PAGES: Final = "Pages"
FILES: Final = "Files"
IMAGES: Final = "Images"
SERVICE: Final = "Service"

NAME: Final = path("name", SEGMENT, "A filename, as uploads answer it.")
PAGE: Final = query("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE}, "Counts from 1.")
LIST: Final = (
    PAGE,
    query(
        "per_page",
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE},
        "Pictures a page.",
    ),
    query("sort_param", SORT | {"default": "sort_age"}, "What the list is ordered by."),
    query("sort_value", DIRECTION | {"default": "desc"}, "Which end comes first."),
    query("cursor", CURSOR, "From `next_cursor` or `prev_cursor` of an answer, instead of `page`."),
    query("collection", ANY_COLLECTION, "Only this collection."),
    query("q", WORDS | {"maxLength": MAX_TEXT}, "Part of the original name, in any case."),
)
_SAME: Final = {"name": "$response.body#/filename"}
LINKS: Final = {
    "look": {"operationId": "getImageOrCollection", "parameters": _SAME},
    "fetch": {"operationId": "getPicture", "parameters": _SAME},
}
# Each of them ends what the others lead to.
ENDS: Final = {
    "remove": {"operationId": "deleteImage", "parameters": _SAME},
    "removeByNumber": {"operationId": "d2Delete", "parameters": {"id": "$response.body#/id"}},
    "removeByName": {"operationId": "d2ApiDelete", "parameters": {"id": "$response.body#/filename"}},
}
_PICTURE: Final = tuple((media, BYTES) for media in CONTENT_TYPE["enum"])
_STORED: Final = (
    answer(
        201,
        "Stored: on the disk and in the database. Several files are answered together.",
        (JSON, {"anyOf": [known("Image"), known("Outcome")]}),
        (TEXT, STRING),
        (HTML, STRING),
        links=LINKS,
    ),
    answer(207, "Some of several files were refused.", (JSON, known("Outcome")), (TEXT, STRING), (HTML, STRING)),
)
_UPLOAD_ABOUT: Final = (
    "The format is told by the content. `Accept: text/plain` gets one link a line, `text/html` a page. "
    "Of more than 20 files nothing is stored."
)


def _upload(name: str) -> dict[str, Any]:
    return operation(
        IMAGES,
        name,
        "Upload pictures",
        *_STORED,
        errors=STORING,
        body=form(collection=True),
        about=_UPLOAD_ABOUT,
    )


def _list(name: str) -> dict[str, Any]:
    return operation(IMAGES, name, "List pictures", value(200, "One page.", "Page"), takes=LIST)


def _page(name: str, summary: str) -> dict[str, Any]:
    return operation(PAGES, name, summary, page("The page."))


def _redirect(name: str, summary: str) -> dict[str, Any]:
    return operation(PAGES, name, summary, leads("The same with a slash."))


PATHS: Final[dict[str, dict[str, Any]]] = {
    "/": {
        "get": _page("getWelcomePage", "The welcome page"),
        "post": operation(
            IMAGES,
            "uploadAsText",
            "Upload from a shell",
            answer(201, "One absolute link a line.", (TEXT, STRING)),
            answer(207, "Links, and a line for each file that was refused.", (TEXT, STRING)),
            errors=STORING,
            body=form(collection=True),
            about="`curl -F file=@photo.jpg http://host/`",
        ),
    },
    "/upload": {"get": _redirect("getUpload", "Leads to /upload/")},
    "/upload/": {
        "get": _page("getUploadPage", "The upload page"),
        "post": operation(
            PAGES,
            "uploadFromPage",
            "Upload from a form without script",
            answer(201, "A page with the pictures and their links.", (HTML, STRING)),
            answer(207, "The same, with what was refused.", (HTML, STRING)),
            errors=STORING,
            body=form(collection=True),
        ),
    },
    "/images": {"get": _redirect("getImages", "Leads to /images/")},
    "/images/": {"get": _page("getGalleryPage", "The gallery; its address holds what it shows")},
    "/docs/": {"get": _page("getDocsPage", "This description, to read and to try")},
    "/tools/": {"get": _page("getToolsPage", "What other programs need to upload here")},
    "/tools/{name}": {
        "get": operation(
            PAGES,
            "getTool",
            "A tool's file, made for this host",
            answer(200, "The file.", (JSON, {}), (TEXT, STRING)),
            takes=(path("name", {"type": "string", "enum": list(TOOLS)}, "As /tools/ links it."),),
        )
    },
    "/images/{name}": {
        "get": operation(
            FILES,
            "getPicture",
            "A picture's bytes",
            answer(200, "The file; it never changes under its name.", *_PICTURE),
            takes=(NAME, query("download", WORDS, "1: to be saved under its original name.")),
        )
    },
    "/thumbs/{width}/{key}": {
        "get": operation(
            FILES,
            "getThumbnail",
            "A picture, made small",
            answer(200, "A WebP no wider than asked, and never larger than the picture.", ("image/webp", BYTES)),
            takes=(path("width", WIDTH, "In pixels."), path("key", KEY_NAME, "A filename.")),
            errors=(400, 404, 422, 429, 503, 507),
        )
    },
    "/static/{path}": {
        "get": operation(
            FILES,
            "getStaticFile",
            "What the pages are made of",
            answer(200, "The file.", ("*/*", {})),
            takes=(path("path", SEGMENT, "May hold slashes."),),
            errors=(400, 404, 405, 429, 503),
        )
    },
    "/favicon.ico": {
        "get": operation(FILES, "getFavicon", "The icon", answer(200, "The icon.", ("image/x-icon", BYTES)))
    },
    "/health": {
        "get": operation(
            SERVICE,
            "getHealth",
            "Whether database and storage answer",
            value(200, "They do.", "Health"),
            value(503, "One is away; the same keys.", "Health"),
        )
    },
    "/livez": {
        "get": operation(
            SERVICE, "getLiveness", "Whether a worker answers at all", value(200, "One does.", "State"), errors=(503,)
        )
    },
    "/readyz": {
        "get": operation(
            SERVICE,
            "getReadiness",
            "Whether to send requests here",
            value(200, "Database and storage answer, and the worker is to stay.", "State"),
            value(503, "One is away, or the worker is about to end.", "State"),
        )
    },
    "/metrics": {
        "get": operation(
            SERVICE,
            "getMetrics",
            "Numbers for Prometheus, of all workers of the host",
            answer(200, "Text in Prometheus's format, or OpenMetrics.", (TEXT, STRING), (OPENMETRICS, STRING)),
            errors=(403, 503),
            about="For private networks, and not through a proxy, unless METRICS_ALLOW says otherwise.",
        )
    },
    "/api/openapi.json": {
        "get": operation(SERVICE, "getDescription", "This description", answer(200, "OpenAPI 3.1.", (JSON, {})))
    },
    "/api/limits": {
        "get": operation(SERVICE, "getLimits", "What is accepted", value(200, "Formats and sizes.", "Limits"))
    },
    "/api/upload": {"post": _upload("uploadWithoutSlash")},
    "/api/upload/": {"post": _upload("upload")},
    "/api/upload/{name}": {
        "put": operation(
            IMAGES,
            "uploadRaw",
            "Upload raw bytes",
            answer(
                201,
                "Stored: on the disk and in the database.",
                (JSON, known("Image")),
                (TEXT, STRING),
                links=LINKS | ENDS,
            ),
            errors=STORING,
            takes=(
                path("name", SEGMENT, "The original name."),
                query("collection", ANY_COLLECTION, "The collection to put it into."),
            ),
            body={"application/octet-stream": {"schema": BYTES}},
            about="`curl -T photo.jpg http://host/api/upload/`",
        )
    },
    "/api/images": {"get": _list("listImagesWithoutSlash")},
    "/api/images/": {"get": _list("listImages")},
    "/api/images/{name}": {
        "get": operation(
            IMAGES,
            "getImageOrCollection",
            "Look at one picture, or at a collection (a name without a dot)",
            answer(
                200,
                "The picture; of a collection, its newest pictures in D4's words, at most 1,000.",
                (JSON, {"anyOf": [known("Image"), known("D4Images")]}),
            ),
            takes=(NAME,),
            error="D4Error",
        ),
        "delete": operation(
            IMAGES,
            "deleteImage",
            "Delete a picture",
            value(200, "Gone for good, with its thumbnails.", "Message"),
            takes=(NAME,),
            errors=CHANGING,
        ),
    },
    "/{collection}": {
        "get": operation(
            PAGES,
            "getCollectionPage",
            "The upload page of a collection",
            page("The page."),
            takes=(path("collection", COLLECTION_NAME, "Its name."),),
        )
    },
}
