"""JPEG: modes, orientations, scans, and what goes wrong with them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache

from PIL import Image, ImageCms

from tests.data.case import Case, invalid, stored
from tests.data.chart import SIZE, chart, cut, exif, saved, turned

_EOI = b"\xff\xd9"


@cache
def _plain() -> bytes:
    return saved(chart(), "JPEG")


@cache
def _textured(**options: bool) -> bytes:
    """Tall enough that a missing part is more than its last rows."""
    noise = Image.effect_noise((160, 400), 40)
    return saved(Image.merge("RGB", (noise, noise, noise)), "JPEG", **options)


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _with_segment(marker: int, body: bytes) -> bytes:
    return _plain()[:2] + _segment(marker, body) + _plain()[2:]


def _patched_frame(offset: int, value: bytes) -> bytes:
    """The chart with bytes of its frame header changed (T.81, B.2.2)."""
    data = bytearray(_plain())
    start = data.index(b"\xff\xc0") + 4 + offset
    data[start : start + len(value)] = value
    return bytes(data)


def _repeated_scans() -> bytes:
    """A progressive file whose last scan comes again and again: 21 s of work in 165 kB."""
    data = saved(Image.new("RGB", (4000, 4000), (90, 90, 90)), "JPEG", progressive=True, quality=30)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    return data[:last] + scan * max(100, 165_000 // len(scan)) + _EOI


def _pictures() -> Iterator[Case]:
    for orientation in range(1, 9):
        yield stored(
            f"orientation-{orientation}.jpg",
            lambda turn=orientation: saved(turned(turn), "JPEG", exif=exif(turn)),
            SIZE,
            "jpg",
        )
    yield stored("gray.jpg", lambda: saved(chart("L"), "JPEG"), SIZE, "jpg", "gray")
    yield stored("cmyk-adobe.jpg", lambda: saved(chart("CMYK"), "JPEG"), SIZE, "jpg")
    yield stored("rgb-adobe.jpg", lambda: saved(chart(), "JPEG", keep_rgb=True), SIZE, "jpg")
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        yield stored(
            f"subsampled-{name}.jpg", lambda kind=subsampling: saved(chart(), "JPEG", subsampling=kind), SIZE, "jpg"
        )
    yield stored("progressive.jpg", lambda: saved(chart(), "JPEG", progressive=True), SIZE, "jpg")
    yield stored("restarts.jpg", lambda: saved(chart(), "JPEG", restart_marker_rows=1), SIZE, "jpg")
    yield stored("profile.jpg", lambda: saved(chart(), "JPEG", icc_profile=_srgb()), SIZE, "jpg")
    yield stored("one-pixel.jpg", lambda: saved(chart(size=(1, 1)), "JPEG"), (1, 1), "jpg", "")
    yield stored("wide.jpg", lambda: saved(chart(size=(65500, 8)), "JPEG"), (65500, 8), "jpg", "")
    yield stored("tall.jpg", lambda: saved(chart(size=(8, 65500)), "JPEG"), (8, 65500), "jpg", "")
    yield stored("larger-than-a-png-may-be.jpg", _large, (7200, 7000), "jpg", "")
    yield stored("two-pictures.mpo", _mpo, SIZE, "jpg")
    yield stored("named-as.png", _plain, SIZE, "jpg")
    yield stored("no-extension", _plain, SIZE, "jpg")


def _dressed() -> Iterator[Case]:
    """Pictures with things in and around them that are not picture."""
    yield stored("comment.jpg", lambda: saved(chart(), "JPEG", comment=b"48.858N 2.294E"), SIZE, "jpg")
    yield stored("trailing-bytes.jpg", lambda: _plain() + b"PK\x03\x04 secret" * 20, SIZE, "jpg")
    yield stored("trailing-html.jpg", lambda: _plain() + b"<script>alert(1)</script>", SIZE, "jpg")
    yield stored("fill-bytes.jpg", lambda: _plain()[:2] + b"\xff\xff\xff" + _plain()[2:], SIZE, "jpg")
    yield stored("iptc.jpg", lambda: _with_segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04junk"), SIZE, "jpg")
    yield stored("broken-exif.jpg", lambda: _with_segment(0xE1, b"Exif\x00\x00II*\x00\xff\xff\xff\xff"), SIZE, "jpg")
    yield stored("broken-profile.jpg", lambda: saved(chart(), "JPEG", icc_profile=b"no profile"), SIZE, "jpg")
    yield stored("orientation-9.jpg", lambda: saved(chart(), "JPEG", exif=exif(9)), SIZE, "jpg")


def _damaged() -> Iterator[Case]:
    for percent in (1, 10, 50, 90, 99):
        yield invalid(f"cut-at-{percent}-percent.jpg", lambda share=percent / 100: cut(_textured(), share))
        yield invalid(
            f"progressive-cut-at-{percent}-percent.jpg",
            lambda share=percent / 100: cut(_textured(progressive=True), share),
        )
    for percent in (30, 50):
        yield invalid(f"cut-at-{percent}-percent-and-ended.jpg", lambda share=percent / 100: _ended(_textured(), share))
        yield invalid(
            f"progressive-cut-at-{percent}-percent-and-ended.jpg",
            lambda share=percent / 100: _ended(_textured(progressive=True), share),
        )
    yield invalid("no-end-marker.jpg", lambda: _plain()[:-2])
    yield invalid("signature-only.jpg", lambda: b"\xff\xd8\xff")
    yield invalid("no-scan.jpg", lambda: _plain()[: _plain().index(b"\xff\xda")] + _EOI)
    yield invalid("no-tables.jpg", lambda: _plain()[:2] + _plain()[_plain().index(b"\xff\xc0") :])
    yield invalid("twelve-bits.jpg", lambda: _patched_frame(0, b"\x0c"))
    yield invalid("no-height.jpg", lambda: _patched_frame(1, b"\x00\x00"))
    yield invalid("two-components.jpg", lambda: _patched_frame(5, b"\x02"))
    yield invalid("segment-past-the-end.jpg", lambda: _plain()[:2] + b"\xff\xe1\xff\xff" + _plain()[2:])


def _bombs() -> Iterator[Case]:
    yield invalid("claims-65500-squared.jpg", lambda: _patched_frame(1, struct.pack(">HH", 65500, 65500)))
    yield invalid("claims-201-megapixels.jpg", lambda: _patched_frame(1, struct.pack(">HH", 14000, 14360)))
    yield invalid("claims-more-than-it-has.jpg", lambda: _patched_frame(1, struct.pack(">HH", 4000, 4000)))
    yield invalid("repeated-scans.jpg", _repeated_scans)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _pictures()
    yield from _dressed()
    yield from _damaged()
    yield from _bombs()


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _large() -> bytes:
    """Over the limit of the other formats: JPEG is decoded at reduced size."""
    return saved(Image.new("L", (7200, 7000), 120), "JPEG", quality=20, optimize=True)


def _mpo() -> bytes:
    return saved(chart(), "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40), "gray")])


def _ended(data: bytes, share: float) -> bytes:
    return cut(data, share).rstrip(b"\xff") + _EOI
