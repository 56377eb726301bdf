"""Uploads in pieces, by the tus protocol."""

from __future__ import annotations

from typing import Any, Final

from shoebox.app.resumable import DIGESTS
from shoebox.web.openapi.operations import JSON, PROBLEM, TEXT, answer, operation, path
from shoebox.web.openapi.schemas import BYTES, NUMBER, POSITIVE, SEGMENT, STRING, TIME, Schema, known, or_null, record
from shoebox.web.tus import BYTES as PIECE
from shoebox.web.tus import MAX_DIGITS, MAX_METADATA, MISMATCH, VERSION

TUS: Final = "Uploads in pieces"

_PIECE: Final = {PIECE: {"schema": BYTES}}
_UPLOAD: Final = path("upload", SEGMENT, "As `Location` of the announcement named it.")
_STATE: Final = record(offset=NUMBER, length=POSITIVE, expires_at=TIME, image=or_null(known("Image")))
_STORING: Final = (400, 403, 404, 409, 412, 413, 415, 422, 429, 503, 507)
_MISMATCH: Final = answer(
    MISMATCH,
    "The piece is not what its checksum says; it does not count.",
    (PROBLEM, known("Problem")),
    (JSON, {}),
    (TEXT, STRING),
)


def _header(name: str, schema: Schema, words: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": words}


def _digest(algorithm: str, size: int) -> str:
    """The form of a checksum: RFC 4648 section 4 gives a digest of `size` bytes this many signs."""
    missing = -size % 3
    return f"{algorithm} [A-Za-z0-9+/]{{{(size + 2) // 3 * 4 - missing}}}{'=' * missing}"


# Fields of a head are text: what a number looks like is told by a pattern.
_OFFSET_FORM: Final[Schema] = {"type": "string", "pattern": f"^[0-9]{{1,{MAX_DIGITS}}}$", "examples": ["0"]}
_LENGTH_FORM: Final[Schema] = {
    "type": "string",
    "pattern": f"^(?=[0-9]{{1,{MAX_DIGITS}}}$)0*[1-9]",
    "format": "upload-length",
    "examples": ["245113"],
}
_BASE64: Final = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_PAIR: Final = f"[\\x21-\\x2b\\x2d-\\x7e]+(?: {_BASE64})?"
_METADATA_FORM: Final[Schema] = {
    "type": "string",
    "pattern": f"^(?:{_PAIR}(?:[ \\t]*,[ \\t]*{_PAIR})*)?$",
    "maxLength": MAX_METADATA,
    "format": "upload-metadata",
    "examples": ["filename cGhvdG8uanBn,collection U3VtbWVyLTIwMjY="],
}
_CHECKSUM_FORM: Final[Schema] = {
    "type": "string",
    "pattern": f"^(?:{'|'.join(_digest(*each) for each in DIGESTS.items())})$",
    "format": "upload-checksum",
}
_VERSION: Final = _header("Tus-Resumable", {"type": "string", "const": VERSION}, "The protocol.", required=True)
_CHECKSUM: Final = _header(
    "Upload-Checksum", _CHECKSUM_FORM, "An algorithm, a space, and the piece's digest in base64."
)
_OFFSET: Final = _header("Upload-Offset", _OFFSET_FORM, "Where the piece belongs: how much there is.", required=True)

PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/tus/": {
        "post": operation(
            TUS,
            "beginUpload",
            "Announce an upload, with its first piece or without",
            answer(201, "`Location` is where the pieces go."),
            _MISMATCH,
            errors=_STORING,
            takes=(
                _VERSION,
                _header("Upload-Length", _LENGTH_FORM, "Bytes of the whole file.", required=True),
                _header(
                    "Upload-Metadata",
                    _METADATA_FORM,
                    "`filename` and `collection`, each once, its value in UTF-8 and then in base64.",
                ),
                _CHECKSUM,
            ),
            about="tus 1.0.0 with creation, creation-with-upload, termination, expiration and checksum. "
            "A length over the limit (`/api/limits`) is 413.",
        )
        | {"requestBody": {"required": False, "content": _PIECE}}
    },
    "/api/tus/{upload}": {
        "get": operation(
            TUS,
            "getUploadInPieces",
            "How far an upload is, and the picture that it became",
            answer(200, "The state.", (JSON, _STATE)),
            errors=(400, 404, 412, 415, 422, 429, 503, 507),
            takes=(_UPLOAD,),
        ),
        "patch": operation(
            TUS,
            "continueUpload",
            "Send a piece",
            answer(204, "It is on the disk. After the last one, `Upload-Image` names the picture."),
            _MISMATCH,
            errors=_STORING,
            takes=(_UPLOAD, _VERSION, _OFFSET, _CHECKSUM),
            body=_PIECE,
        ),
        "delete": operation(
            TUS,
            "giveUploadUp",
            "Give an upload up",
            answer(204, "It is gone; a picture that was made of it stays."),
            errors=(400, 403, 404, 412, 429, 503, 507),
            takes=(_UPLOAD, _VERSION),
        ),
        "post": operation(
            TUS,
            "continueUploadByPost",
            "PATCH or DELETE for clients that can only POST",
            answer(204, "As PATCH or DELETE says."),
            _MISMATCH,
            errors=_STORING,
            takes=(
                _UPLOAD,
                _VERSION,
                _header(
                    "X-HTTP-Method-Override", {"type": "string", "enum": ["PATCH", "DELETE"]}, "Which.", required=True
                ),
                _header("Upload-Offset", _OFFSET_FORM, "Where the piece belongs: PATCH asks for it, DELETE does not."),
                _CHECKSUM,
            ),
            body=_PIECE,
        ),
    },
}
