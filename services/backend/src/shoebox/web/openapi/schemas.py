"""The values of the API as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Any, Final

from shoebox.domain.image import THUMBNAIL_WIDTHS, Format
from shoebox.domain.listing import Direction, SortField
from shoebox.domain.names import COLLECTION, KEY, MAX_ORIGINAL_NAME, RESERVED
from shoebox.web.cursors import MAX_CURSOR

Schema = dict[str, Any]

STRING: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer", "minimum": 0}
POSITIVE: Final[Schema] = {"type": "integer", "minimum": 1}
TRUTH: Final[Schema] = {"type": "boolean"}
URI: Final[Schema] = {"type": "string", "format": "uri"}
PATH: Final[Schema] = {"type": "string", "format": "uri-reference"}
TIME: Final[Schema] = {"type": "string", "format": "date-time", "examples": ["2026-11-20T10:30:00.123456Z"]}
KEY_NAME: Final[Schema] = {"type": "string", "pattern": f"^{KEY.pattern}$", "examples": ["k3J9xQ2mVb7c.jpg"]}
_COLLECTION: Final = f"(?!(?:{'|'.join(sorted(RESERVED))})$){COLLECTION.pattern}"
COLLECTION_NAME: Final[Schema] = {"type": "string", "pattern": f"^{_COLLECTION}$", "examples": ["Summer-2026"]}
# An empty field or parameter counts as an absent one.
ANY_COLLECTION: Final[Schema] = {"type": "string", "pattern": f"^(?:{_COLLECTION})?$", "examples": ["Summer-2026"]}
# No parameter and no segment of a path holds a NUL.
WORDS: Final[Schema] = {"type": "string", "pattern": r"^[^\x00]*$"}
SEGMENT: Final[Schema] = {"type": "string", "pattern": r"^[^\x00]+$"}
CURSOR: Final[Schema] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]*$",
    "maxLength": MAX_CURSOR,
    "format": "cursor",
}
ORIGINAL_NAME: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": MAX_ORIGINAL_NAME}
CONTENT_TYPE: Final[Schema] = {"type": "string", "enum": [known.content_type for known in Format]}
BYTES: Final[Schema] = {"type": "string", "format": "binary"}
WIDTH: Final[Schema] = {"type": "integer", "enum": list(THUMBNAIL_WIDTHS)}
SORT: Final[Schema] = {"type": "string", "enum": [field.value for field in SortField]}
DIRECTION: Final[Schema] = {"type": "string", "enum": [direction.value for direction in Direction]}


def record(**properties: Schema) -> Schema:
    """An object with exactly these keys."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def several(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def known(name: str) -> Schema:
    """A schema of `SCHEMAS` by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """The value, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


_IMAGE: Final = {
    "id": POSITIVE,
    "filename": KEY_NAME,
    "original_name": ORIGINAL_NAME,
    "url": PATH,
    "absolute_url": URI,
    "thumbnail_url": PATH,
    "size": POSITIVE,
    "width": POSITIVE,
    "height": POSITIVE,
    "file_type": {"enum": [each.value for each in Format]},
    "content_type": CONTENT_TYPE,
    "upload_time": TIME,
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "color": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
    "collection": or_null({"type": "string"}),
}
_DATE: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"}
_D2_IMAGE: Final = record(
    id=POSITIVE,
    filename=KEY_NAME,
    original_name=ORIGINAL_NAME,
    size_kb=POSITIVE,
    upload_time=TIME,
    file_type={"enum": [each.value for each in Format]},
    url=PATH,
)
_D4_IMAGE: Final = record(
    success={"const": True},
    image_id=STRING,
    s3_url=URI,
    original_filename=ORIGINAL_NAME,
    file_size=POSITIVE,
    content_type=CONTENT_TYPE,
    uploaded_at=TIME,
)

SCHEMAS: Final[dict[str, Schema]] = {
    "Image": record(**_IMAGE),
    "ListedImage": record(**_IMAGE, upload_date=_DATE),
    "Page": record(
        files=several(KEY_NAME),
        total_pages=NUMBER,
        images=several(known("ListedImage")),
        page=POSITIVE,
        per_page=POSITIVE,
        total_items=NUMBER,
        sort_param=SORT,
        sort_value=DIRECTION,
        next_cursor=or_null(STRING),
        prev_cursor=or_null(STRING),
        last_page=TRUTH,
    ),
    "Outcome": record(
        images=several(known("Image")),
        errors=several(
            record(original_name=ORIGINAL_NAME, index=NUMBER, status={"type": "integer"}, code=STRING, detail=STRING)
        ),
    ),
    "Message": record(message=STRING),
    "Problem": record(type=PATH, title=STRING, status={"type": "integer"}, detail=STRING, code=STRING),
    "Health": record(
        status={"enum": ["healthy", "unhealthy"]}, timestamp=TIME, environment=STRING, version=STRING, storage=STRING
    ),
    "State": record(status={"enum": ["alive", "ready", "draining", "unavailable"]}),
    "Limits": record(
        max_file_size=POSITIVE,
        max_files=POSITIVE,
        max_pixels=POSITIVE,
        formats=several(record(name=STRING, extension=STRING, content_type=CONTENT_TYPE)),
        version=STRING,
        public_url=or_null(URI),
    ),
    "D1Page": record(
        items=several(known("Image")),
        pagination=record(
            page=POSITIVE, per_page=POSITIVE, total=NUMBER, pages=NUMBER, has_next=TRUTH, has_previous=TRUTH
        ),
    ),
    "D2Stored": record(status={"const": "success"}, url=URI),
    "D2Deleted": record(status={"const": "success"}, message=STRING),
    "D2Error": record(status={"const": "error"}, message=STRING),
    "D2Page": record(
        status={"const": "success"},
        page=POSITIVE,
        pagination=record(
            total_pages=NUMBER,
            total_items=NUMBER,
            current_page=POSITIVE,
            per_page=POSITIVE,
            total=NUMBER,
            has_prev=TRUTH,
            has_next=TRUTH,
        ),
        data=several(_D2_IMAGE),
        images=several(_D2_IMAGE),
    ),
    "D4Stored": record(
        success={"const": True},
        message=STRING,
        image_id=STRING,
        s3_url=URI,
        image_url=URI,
        delete_url=URI,
        uploaded_at=TIME,
    ),
    "D4Image": _D4_IMAGE,
    "D4Images": record(success={"const": True}, count=POSITIVE, images=several(_D4_IMAGE)),
    "D4Error": {
        "type": "object",
        "properties": {"error": STRING, "image_id": STRING},
        "required": ["error"],
        "additionalProperties": False,
    },
    "ImgurImage": {
        "type": "object",
        "properties": {
            "data": {
                "type": "object",
                "properties": {"id": STRING, "deletehash": KEY_NAME, "link": URI, "type": CONTENT_TYPE},
                "required": ["id", "deletehash", "link", "type", "width", "height", "size", "datetime"],
            },
            "success": {"const": True},
            "status": {"const": 200},
        },
        "required": ["data", "success", "status"],
    },
    "ImgurDone": record(data={"const": True}, success={"const": True}, status={"const": 200}),
    "ImgurError": record(
        data=record(error=STRING, request=STRING, method=STRING),
        success={"const": False},
        status={"type": "integer"},
    ),
}
