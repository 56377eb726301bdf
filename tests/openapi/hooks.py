"""What Schemathesis cannot know: how a picture looks, and what OpenAPI has no words for.

Nothing that it generates is left out. Pictures and other values of our own formats are given to it,
and where one value depends on another or on what is stored, a request that is meant to be right is
made so before it goes out: a cursor is one that the list gave, a checksum is that of the piece.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import secrets
import zlib
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from PIL import Image
from schemathesis.transport.requests import REQUESTS_TRANSPORT, multipart_serializer
from schemathesis.transport.serialization import Binary

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
BMP_HEAD = 54  # bytes before the pixels
DIGESTS = ("sha1", "sha256", "md5")
TIMEOUT = 60  # seconds
# Which parameter of which address names a picture that is stored, and by what.
OF_STORED = {
    "/images/{name}": ("name", "filename"),
    "/thumbs/{width}/{key}": ("key", "filename"),
    "/api/images/{name}": ("name", "filename"),
    "/api/upload/{name}": ("name", "filename"),
    "/api/url/{collection}": ("collection", "collection"),
    "/delete/{id}": ("id", "id"),
    "/api/delete/{id}": ("id", "filename"),
    "/3/image/{deletehash}": ("deletehash", "filename"),
}

# A picture is told in words until it goes out, so that the checks can still read the body it is part of: the library
# that they validate with refuses bytes ("Unsupported type: 'Binary'", schemathesis/schemathesis#3547 and #4268), and
# the check of refused data then takes a form that is right as sent for one that is not.
_PICTURE = re.compile(r"(?:(PNG|JPEG|GIF|WEBP|BMP|TIFF) (\d+)x(\d+) (\d+)|(\d+) bytes) from (\d+) to (\d+|end)")
PICTURES = st.builds(
    "{} {}x{} {} from 0 to end".format,
    *(st.sampled_from(FORMATS), st.integers(1, 64), st.integers(1, 64), st.integers(0, 2**24 - 1)),
)


def picture_of(words: object) -> bytes | None:
    """The picture, or the piece of one, that is told; None for anything else."""
    told = _PICTURE.fullmatch(words) if isinstance(words, str) else None
    if told is None:
        return None
    form, width, height, color, size, start, end = told.groups()
    if form is None:
        form, width, height, color = "BMP", (int(size) - BMP_HEAD) // 3, 1, 255
    file = io.BytesIO()
    Image.new("RGB", (int(width), int(height)), (int(color) >> 16, int(color) >> 8 & 255, int(color) & 255)).save(
        file, form
    )
    return file.getvalue()[int(start) : None if end == "end" else int(end)]


def size_like(number: int) -> int:
    """The size of a picture that there is: BMP has rows of whole four bytes."""
    return BMP_HEAD + 4 * (1 + number % 1000)


def _sent(value: Any) -> bytes:
    if isinstance(value, Binary):
        return value.data
    data = picture_of(value)
    return (value if isinstance(value, str) else str(value)).encode() if data is None else data


@schemathesis.serializer("application/octet-stream", "application/offset+octet-stream")
def send_bytes(_context: Any, value: Any) -> bytes:
    """A body that is nothing but a file."""
    return _sent(value)


@REQUESTS_TRANSPORT.serializer("multipart/form-data")
def send_form(context: Any, value: Any) -> dict[str, Any]:
    """A form, its pictures drawn."""
    if isinstance(value, dict):
        value = {name: item if picture_of(item) is None else Binary(_sent(item)) for name, item in value.items()}
    return multipart_serializer(context, value)


def _base64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def _metadata(name: str | None, collection: str | None) -> str:
    told = {"filename": name, "collection": collection}
    return ",".join(f"{key} {_base64(value)}" for key, value in told.items() if value is not None)


NAMES = st.text(st.characters(codec="utf-8"), max_size=40)
COLLECTIONS = st.from_regex(r"[A-Za-z0-9_-]{20}", fullmatch=True)
schemathesis.openapi.format("binary", PICTURES)
schemathesis.openapi.format("base64-picture", PICTURES.map(lambda words: _base64(_sent(words))))
schemathesis.openapi.format("cursor", st.just("one"))
schemathesis.openapi.format("upload-length", st.integers(0, 999).map(lambda n: str(size_like(n))))
schemathesis.openapi.format("upload-metadata", st.builds(_metadata, st.none() | NAMES, st.none() | COLLECTIONS))
schemathesis.openapi.format(
    "upload-checksum",
    st.builds(
        lambda name, data: f"{name} {_base64(hashlib.new(name, data).digest())}", st.sampled_from(DIGESTS), st.binary()
    ),
)


@schemathesis.hook
def before_call(_context: Any, case: schemathesis.Case, _kwargs: dict[str, Any]) -> None:
    """Make values fit each other, and what is stored, where a request is meant to be right."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.query.get("cursor"):
        take_cursor(case)
    if case.path in OF_STORED and case.meta.phase.name.value != "stateful" and _every_second(case):
        name_stored(case, *OF_STORED[case.path])
    if case.path == "/api/tus/{upload}" and _every_second(case):
        name_upload(case)
    if case.path == "/api/tus/":
        announce(case)
    if case.path == "/api/tus/{upload}" and case.method in {"PATCH", "POST"}:
        go_on(case)


def take_cursor(case: schemathesis.Case) -> None:
    """A cursor that this list gave for this sort and this selection, or for all pictures where it is empty; it
    stands instead of a page."""
    asked = {name: value for name, value in case.query.items() if name not in {"cursor", "page"}}
    for query in asked, {name: value for name, value in asked.items() if name not in {"collection", "q"}}:
        page = requests.get(f"{_base(case)}/api/images/", params=query, timeout=TIMEOUT).json()
        found = page.get("next_cursor") or page.get("prev_cursor")
        case.query = query | ({"cursor": found} if found else {})
        if found:
            break


def name_stored(case: schemathesis.Case, parameter: str, key: str) -> None:
    """A picture that there is, or the collection that it is in."""
    url = f"{_base(case)}/api/upload/stored.png?collection=Stored-{secrets.token_hex(4)}"
    stored = requests.put(url, data=_sent("PNG 3x2 255 from 0 to end"), timeout=TIMEOUT).json()
    case.path_parameters[parameter] = str(stored[key])


def name_upload(case: schemathesis.Case) -> None:
    """An upload that was announced, unless the generated one is."""
    url = f"{_base(case)}/api/tus/"
    if requests.get(f"{_base(case)}{case.formatted_path}", timeout=TIMEOUT).status_code != 200:
        told = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size_like(len(case.path_parameters["upload"])))}
        announced = requests.post(url, headers=told, timeout=TIMEOUT)
        case.path_parameters["upload"] = announced.headers["Location"].rpartition("/")[2]


def announce(case: schemathesis.Case) -> None:
    """As long as a picture is, and with as much of it as there is in the body."""
    size = size_like(int(case.headers["Upload-Length"]))
    case.headers["Upload-Length"] = str(size)
    _fill(case, size, 0)


def go_on(case: schemathesis.Case) -> None:
    """The next bytes of the upload, if there is one under this name."""
    if case.method == "POST" and case.headers["X-HTTP-Method-Override"] == "DELETE":
        return
    case.headers.setdefault("Upload-Offset", "0")  # OpenAPI cannot ask for it beside one value of another field only
    answer = requests.get(f"{_base(case)}{case.formatted_path}", timeout=TIMEOUT)
    state = answer.json() if answer.status_code == 200 else {"offset": 0, "length": 0}
    case.headers["Upload-Offset"] = str(state["offset"])
    _fill(case, state["length"], state["offset"])


def _base(case: schemathesis.Case) -> str:
    return str(case.operation.base_url).rstrip("/")


def _every_second(case: schemathesis.Case) -> bool:
    """Whether to name something that is there: what is generated names nothing."""
    return zlib.crc32(repr(case.path_parameters).encode()) % 2 == 0


def _fill(case: schemathesis.Case, size: int, offset: int) -> None:
    if size and isinstance(case.body, str):
        end = size if len(case.body) % 2 else (offset + size + 1) // 2
        case.body = f"{size} bytes from {offset} to {end}"
    name = case.headers.get("Upload-Checksum", "").partition(" ")[0]
    if name:
        data = _sent(case.body) if isinstance(case.body, str) else b""
        case.headers["Upload-Checksum"] = f"{name} {_base64(hashlib.new(name, data).digest())}"
