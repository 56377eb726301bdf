"""What is no picture of ours, however it is named."""

from __future__ import annotations

import gzip
import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO

from tests.data.case import EMPTY, TOO_LARGE, Case, unsupported
from tests.data.chart import chart, saved

_MAX_FILE_SIZE = 20 * 1024**2  # the setting's default

_TEXTS = {
    "eps.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n10 10 moveto showpage\n",
    "svg.png": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "svg-with-declaration.jpg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "html.png": b"<!doctype html><script>alert(1)</script>",
    "pdf.png": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n",
    "script.gif": b"#!/bin/sh\necho hello\n",
    "php.jpg": b"<?php echo 1; ?>",
    "text.bmp": b"BM is how this text begins, and it goes on for a while like that.",
    "text.txt": b"hello",
    "one-byte.png": b"\x89",
    "zeros.png": bytes(1000),
    "portable-pixmap.png": b"P6\n2 2\n255\n" + bytes(12),
    "xpm.gif": b'/* XPM */\nstatic char *x[] = {"1 1 1 1", "a c #000", "a"};\n',
    "fits.png": b"SIMPLE  =                    T".ljust(80)
    + b"BITPIX  =                    8".ljust(80)
    + b"END".ljust(2720),
    "photoshop.png": b"8BPS\x00\x01" + bytes(6) + struct.pack(">HIIHH", 3, 10, 10, 8, 3) + bytes(400),
    "jpeg-2000.jpg": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(100),
    "jpeg-xl.jpg": b"\xff\x0a" + bytes(100),
    "wave.webp": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(28),
    "program.png": b"\x7fELF\x02\x01\x01" + bytes(200),
    "windows-program.bmp": b"MZ\x90\x00" + bytes(200),
    "gif-signature-in-lower-case.gif": b"gif89a" + bytes(100),
    "png-after-a-line.png": b"\n\x89PNG\r\n\x1a\n" + bytes(100),
    "png-sent-as-text.png": b"\x89PNG\n\x1a\n" + bytes(100),
}


def cases() -> Iterator[Case]:
    """All of them."""
    yield Case(name="empty.png", make=bytes, status=EMPTY)
    yield Case(
        name="too-large.png", make=lambda: b"\x89PNG\r\n\x1a\n".ljust(_MAX_FILE_SIZE + 1, b"\x00"), status=TOO_LARGE
    )
    for name, content in _TEXTS.items():
        yield unsupported(name, lambda content=content: content)
    yield unsupported("targa.png", lambda: saved(chart(), "TGA"))
    yield unsupported("icon.png", lambda: saved(chart(), "ICO"))
    yield unsupported("zip.png", _zip)
    yield unsupported("gzip.png", lambda: gzip.compress(saved(chart(), "PNG"), mtime=0))


def _zip() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("cat.png"), saved(chart(), "PNG"))
    return out.getvalue()
