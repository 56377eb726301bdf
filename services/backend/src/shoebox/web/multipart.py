"""Forms with files, read as they come: file parts go straight to where they are staged.

Source: RFC 7578 (multipart/form-data), RFC 8187 (filename*). The library splits the stream;
what may stand in it, and how much, is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from typing import Final, NamedTuple, Protocol
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, MultipartSegment, PushMultipartParser, StrictParserError

from shoebox.app.upload import Incoming, Uploads
from shoebox.domain.errors import BadRequest, ShoeboxError, TooManyFiles
from shoebox.web.parts import EncodedPart, FilePart, TextPart

MAX_FIELDS: Final = 20  # text fields a form; ours have one
MAX_PART_HEADER: Final = 64 * 1024  # bytes; a name of 10,000 emoji fits, and is cut later
FORM_OVERHEAD: Final = 2 * 1024 * 1024  # bytes of a request that are not pictures

_FORM_TYPE: Final = re.compile(r"multipart/form-data(?:[ \t]*;.*)?", re.IGNORECASE)
_BOUNDARY_CHAR: Final = r"[0-9A-Za-z'()+_,\-./:=?]"  # RFC 2046 section 5.1.1
_BOUNDARY: Final = re.compile(
    rf';[ \t]*boundary=(?:"((?:{_BOUNDARY_CHAR}| ){{0,69}}{_BOUNDARY_CHAR})"|({_BOUNDARY_CHAR}{{1,70}}))'
    r"(?=[ \t]*(?:;|$))",
    re.IGNORECASE,
)
_EXTENDED_NAME: Final = re.compile(r";[ \t]*filename\*[ \t]*=[ \t]*(utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)
_HEADER_LINE: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n]*")
_SINGLE: Final = ("Content-Disposition", "Content-Type")
# How nearly every client begins a file. Without escapes there is but one way to read it.
_PLAIN_FILE: Final = re.compile(
    rb'\r\nContent-Disposition: form-data; name="[\w .\[\]-]{0,64}"; filename="([\w !#$&\'()+,.=@\[\]^`{}~-]{1,255})"'
    rb"(?:\r\nContent-Type: [\w.+-]{1,64}/[\w.+-]{1,64})?\r\n\r\n"
)
_FILE_TYPES: Final = ("image/", "application/octet-stream")


class ReceivedFile(NamedTuple):
    """One file of a form: staged, or refused while it came in (`error`).

    `discard()` gives up its place in the staging area; twice is no error.
    """

    original_name: str
    incoming: Incoming
    error: ShoeboxError | None
    discard: Callable[[], None]


class Form(NamedTuple):
    """A whole form; files in the order they were sent, `collection` as sent or None."""

    files: tuple[ReceivedFile, ...]
    collection: str | None


class Chunks(Protocol):
    """What is needed of a body."""

    def chunks(self, limit: int) -> Iterator[bytes]:
        """The bytes, `FileTooLarge` when there are more than `limit`."""


def boundary_of(content_type: str) -> str:
    """The boundary of a form's Content-Type. Raises `BadRequest` when it is no form."""
    if _FORM_TYPE.fullmatch(content_type) is None:
        raise BadRequest("Send pictures as multipart/form-data, for example: curl -F file=@photo.jpg")
    quoted_and_plain: list[tuple[str, str]] = _BOUNDARY.findall(content_type)
    if len(quoted_and_plain) != 1:
        raise BadRequest("The Content-Type of the form has no boundary that can be read.")
    return "".join(quoted_and_plain[0])


def read_form(
    body: Chunks, content_type: str, uploads: Uploads, stack: ExitStack, *, base64_field: str | None = None
) -> Form:
    """Read a form to its end; its files live until `stack` closes. A text field called
    `base64_field` is a file, too.

    Raises `BadRequest` for a broken form, `TooManyFiles`, and `FileTooLarge` for a request
    that is larger than the allowed number of files of full size.
    """
    limits = uploads.limits
    receiver = _Receiver(uploads, stack, base64_field)
    boundary = boundary_of(content_type)
    chunks = body.chunks(limits.max_files * limits.max_file_size + FORM_OVERHEAD)
    begun = [_first_boundary(chunks, boundary.encode())]
    begun.extend(islice(chunks, 1))
    if len(begun) > 1 or not _receive_only(begun[0], boundary.encode(), receiver):
        _parse(boundary, _taken(begun, chunks), receiver)
    return Form(files=tuple(receiver.files), collection=receiver.collection)


def _first_boundary(chunks: Iterator[bytes], boundary: bytes) -> bytes:
    """The first of the bytes, enough to see that the form begins with its boundary.

    RFC 2046 allows a preamble, which no client sends; the library's word on one depends on
    how the network cut it.
    """
    longest = len(b"\r\n--") + len(boundary)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= longest:
            break
    if not head.removeprefix(b"\r\n").startswith(b"--" + boundary):
        raise BadRequest("The form does not begin with its boundary.")
    return head


def _taken(begun: list[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    """All of them, none kept once the next one is asked for."""
    while begun:
        yield begun.pop(0)
    yield from chunks


def _receive_only(form: bytes, boundary: bytes, receiver: _Receiver) -> bool:
    """Take in a whole form of a single file with a plain name, as a small picture comes; False
    for any other. The library takes half as long again."""
    begun = _PLAIN_FILE.match(form, len(b"--") + len(boundary))
    last = b"\r\n--" + boundary + b"--"
    end = len(form) - len(last) - (len(b"\r\n") if form.endswith(b"\r\n") else 0)
    if begun is None or begun.end() > end or not form.startswith(last, end):
        return False
    # Nearly always there is none, and that is seen from the back in a quarter of the time.
    if form.rfind(last[:-2], begun.end(), end + len(last) - 3) >= 0:
        return False
    receiver.take(begun[1].decode(), memoryview(form)[begun.end() : end])
    return True


def _parse(boundary: str, chunks: Iterable[bytes], receiver: _Receiver) -> None:
    parser = _Parser(boundary, max_header_size=MAX_PART_HEADER, header_charset="utf8", strict=True)
    delimiter = b"\r\n--" + boundary.encode()
    longest = len(delimiter) + len(b"--")
    ended, held = False, True
    try:
        for chunk in chunks:
            # Whether the library may keep a piece of it, that could be the beginning of a boundary.
            open_ended = len(chunk) < longest or chunk.rfind(b"\r", -longest) >= 0
            if held or open_ended or not receiver.takes_all or chunk.rfind(delimiter) >= 0:
                ended = ended or _feed(parser, chunk, receiver)
            else:  # the library would search it from the front, which takes four times as long
                receiver.write(chunk)
            held = open_ended
        parser.close()
    except MultipartError as error:
        raise BadRequest("The form is broken: it is not well-formed multipart/form-data.") from error


def _feed(parser: PushMultipartParser, chunk: bytes, receiver: _Receiver) -> bool:
    """Parse one chunk; True when the form had ended before it."""
    try:
        for event in parser.parse(chunk):
            if event is None:
                receiver.end()
            elif isinstance(event, MultipartSegment):
                receiver.begin(event)
            else:
                receiver.write(event)
    except StrictParserError:
        # After the last boundary RFC 2046 section 5.1.1 has an epilogue, to be ignored;
        # curl's is one line break. Closing raises unless that is where we are.
        parser.close()
        return True
    return False


class _Parser(PushMultipartParser):
    """Refuses header lines that it would otherwise mend: blanks around a name, half line breaks."""

    def _on_segment_headerline(self, line: bytes) -> None:
        if _HEADER_LINE.fullmatch(line) is None:
            raise BadRequest("A header of the form is malformed.")
        super()._on_segment_headerline(line)


class _Receiver:
    """Where the parts of one form go."""

    def __init__(self, uploads: Uploads, stack: ExitStack, base64_field: str | None) -> None:
        self.files: list[ReceivedFile] = []
        self.collection: str | None = None
        self._uploads = uploads
        self._stack = stack
        self._base64_field = base64_field
        self._fields = 0
        self._part: FilePart | TextPart | None = None
        self._measured = False

    def begin(self, segment: MultipartSegment) -> None:
        headers = _headers(segment)
        self._measured = "Content-Length" in headers
        name = _file_name(segment, headers)
        if name is None and self._base64_field == segment.name:
            self._part = EncodedPart("")
        elif name is None:
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise BadRequest(f"A form has at most {MAX_FIELDS} fields beside its files.")
            self._part = TextPart(str(segment.name))
        else:
            self._part = FilePart(name)

    @property
    def takes_all(self) -> bool:
        """Whether bytes without a boundary all belong to a part, whose length the library need not know."""
        return self._part is not None and not self._measured

    def take(self, name: str, data: memoryview) -> None:
        """A file that is whole."""
        part = self._part = FilePart(name)
        self._open(part)
        part.write(data)
        self.end()

    def write(self, data: bytes) -> None:
        if isinstance(self._part, FilePart) and self._part.incoming is None:
            self._open(self._part)
        if self._part is not None:
            self._part.write(data)

    def end(self) -> None:
        part = self._part
        if isinstance(part, TextPart):
            self._end_field(part)
        elif part is not None and (part.name or part.incoming is not None):
            part.end()
            # Without a name and without a byte it is a form's file field left empty.
            incoming = self._open(part)
            self.files.append(
                ReceivedFile(original_name=part.name, incoming=incoming, error=part.error, discard=part.holder.close)
            )
        self._part = None

    def _open(self, part: FilePart) -> Incoming:
        limit = self._uploads.limits.max_files
        if part.incoming is None:
            if len(self.files) >= limit:
                raise TooManyFiles(f"A request holds at most {limit} files; none of these was stored.")
            part.incoming = part.holder.enter_context(self._uploads.receive())
            self._stack.push(part.holder)
        return part.incoming

    def _end_field(self, part: TextPart) -> None:
        if part.name == "collection":
            if self.collection is not None:
                raise BadRequest("The field collection is there more than once.")
            self.collection = part.text()


def _headers(segment: MultipartSegment) -> Mapping[str, str]:
    """The headers of a part. Refuses what another reader could take for other headers than we do."""
    headers = dict(segment.headerlist)
    if len(headers) < len(segment.headerlist):
        names = [name for name, _ in segment.headerlist]
        if any(names.count(name) > 1 for name in _SINGLE):
            raise BadRequest("A part of the form has a header more than once.")
    return headers


def _file_name(segment: MultipartSegment, headers: Mapping[str, str]) -> str | None:
    """The name a file part came with, "" for none; None when the part is a text field."""
    disposition = headers.get("Content-Disposition", "")
    if "*" in disposition and (extended := _EXTENDED_NAME.search(disposition)):
        try:
            return unquote_to_bytes(extended[2]).decode(extended[1])
        except UnicodeDecodeError as error:
            raise BadRequest("The name of a file is not in the encoding it claims.") from error
    if segment.filename is None and (segment.content_type or "").startswith(_FILE_TYPES):
        return ""
    return None if segment.filename is None else str(segment.filename)
