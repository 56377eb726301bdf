"""The addresses of the older systems and of Imgur's clients."""

from __future__ import annotations

from typing import Any, Final

from shoebox.web.dialects import d1
from shoebox.web.mixins.pagination import MAX_PAGE
from shoebox.web.openapi.operations import (
    CHANGING,
    STORING,
    URLENCODED,
    form,
    leads,
    operation,
    path,
    query,
    value,
)
from shoebox.web.openapi.paths import NAME, PAGE
from shoebox.web.openapi.schemas import COLLECTION_NAME, DIRECTION, SEGMENT, WORDS

D1: Final = "Older clients: D1"
D2: Final = "Older clients: D2 and D3"
D4: Final = "Older clients: D4"
IMGUR: Final = "Imgur's clients"

_ID: Final = path("id", SEGMENT, "A picture's number or filename.")
_COLLECTION: Final = path("collection", COLLECTION_NAME, "The collection, which D4 calls image_id.")


def _d1_list(name: str) -> dict[str, Any]:
    return operation(
        D1,
        name,
        "List pictures",
        value(200, "One page; an empty one is 404.", "D1Page"),
        takes=(
            PAGE,
            query(
                "per_page",
                {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": d1.SIZE},
                "More than 100 mean 100.",
            ),
            query("order", DIRECTION | {"default": "desc"}, "By time of upload."),
        ),
    )


def _delete(name: str, **more: Any) -> dict[str, Any]:
    return operation(
        D2,
        name,
        "Delete a picture",
        value(200, "Gone for good.", "D2Deleted"),
        takes=(_ID,),
        errors=CHANGING,
        error="D2Error",
        **more,
    )


def _health(name: str) -> dict[str, Any]:
    return operation(
        D1,
        name,
        "Whether database and storage answer",
        value(200, "They do.", "Health"),
        value(503, "One is away.", "Health"),
    )


def _bookmark(name: str, summary: str, *takes: dict[str, Any]) -> dict[str, Any]:
    return operation(D1, name, summary, leads("The page meant."), takes=takes)


PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/upload": {"get": _d1_list("listUploadsWithoutSlash")},
    "/api/upload/": {"get": _d1_list("listUploads")},
    "/api/upload/{name}": {
        "get": operation(D1, "getUploaded", "Look at one picture", value(200, "The picture.", "Image"), takes=(NAME,)),
        "delete": operation(
            D1, "deleteUpload", "Delete a picture", value(200, "Gone.", "Message"), takes=(NAME,), errors=CHANGING
        ),
    },
    "/api/health": {"get": _health("getApiHealth")},
    "/api/ready": {"get": _health("getApiReady")},
    "/index.html": {"get": _bookmark("getIndexHtml", "Leads to the welcome page")},
    "/upload.html": {
        "get": _bookmark(
            "getUploadHtml", "Leads to the upload page or the gallery", query("tab", WORDS, "images: the gallery.")
        )
    },
    "/image_detail.html": {
        "get": _bookmark(
            "getImageDetailHtml", "Leads to the picture in the gallery", query("filename", WORDS, "The picture.")
        )
    },
    "/upload": {
        "post": operation(
            D2,
            "d2Upload",
            "Upload one picture",
            value(201, "Stored.", "D2Stored"),
            errors=STORING,
            error="D2Error",
            body=form(collection=True),
        )
    },
    "/images-list": {
        "get": operation(
            D2, "d2List", "List pictures, ten a page", value(200, "One page.", "D2Page"), takes=(PAGE,), error="D2Error"
        )
    },
    "/delete/{id}": {
        "delete": _delete("d2Delete"),
        "post": _delete("d2DeleteFromPage", about="For forms: a browser is led back to the gallery (303)."),
    },
    "/api/delete/{id}": {"delete": _delete("d2ApiDelete")},
    "/upload/{image_id}": {
        "post": operation(
            D4,
            "d4Upload",
            "Upload one picture into a collection",
            value(201, "Stored.", "D4Stored"),
            errors=(*STORING, 404),
            error="D4Error",
            takes=(_COLLECTION | {"name": "image_id"},),
            body=form(),
        )
    },
    "/api/url/{collection}": {
        "get": operation(
            D4,
            "d4Latest",
            "The latest of a collection",
            value(200, "The picture.", "D4Image"),
            takes=(_COLLECTION,),
            error="D4Error",
        )
    },
    "/3/image": {
        "post": operation(
            IMGUR,
            "imgurUpload",
            "Upload one picture: a file, or base64",
            value(
                200,
                "Stored.",
                "ImgurImage",
                {
                    "remove": {
                        "operationId": "imgurDelete",
                        "parameters": {"deletehash": "$response.body#/data/deletehash"},
                    }
                },
            ),
            errors=STORING,
            error="ImgurError",
            body=form(field="image")
            | {
                URLENCODED: {
                    "schema": {
                        "type": "object",
                        "properties": {"image": {"type": "string", "format": "base64-picture"}},
                        "required": ["image"],
                    }
                }
            },
        )
    },
    "/3/image/{deletehash}": {
        "delete": operation(
            IMGUR,
            "imgurDelete",
            "Delete a picture",
            value(200, "Gone for good.", "ImgurDone"),
            takes=(path("deletehash", SEGMENT, "As the upload answered it."),),
            errors=CHANGING,
            error="ImgurError",
        )
    },
}
