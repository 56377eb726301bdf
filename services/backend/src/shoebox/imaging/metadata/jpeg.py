"""JPEG: whole segments stay or go; entropy-coded data is never touched.

Sources: ITU-T T.81, Annex B (markers, segments) and T.871 (JFIF); ICC.1:2022, B.4; EXIF 2.32,
4.7; CIPA DC-007 (MPO: what follows the first picture's EOI goes).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from shoebox.domain.errors import InvalidImage
from shoebox.imaging.metadata import exif
from shoebox.imaging.structure import Assembly, Inspection, Outline, broken

MAX_SEGMENTS: Final = 10_000  # a photograph has dozens; extended XMP of 20 MiB has 320
MAX_FILLS: Final = 10_000  # runs of fill bytes inside one scan; hardly any encoder writes them there
MAX_SCANS: Final = 100  # encoders write about 10; a small file of repeated scans cost 21 s of CPU

EOI_SIZE: Final = 2  # bytes of the end marker, with which every stripped JPEG ends
TAIL: Final = 16  # bytes before it that a decoder is given last; too few to be a whole row of coded units

_EOI, _SOS, _DRI, _COM = 0xD9, 0xDA, 0xDD, 0xFE
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_RESTARTS: Final = range(0xD0, 0xD8)
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0…SOF15 without DHT, JPG, DAC
_HUFFMAN: Final = frozenset({0xC0, 0xC1})  # sequential ones, which nearly all are
_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})  # DHT, DAC, DQT, DRI, DNL
_SKIPPED: Final = frozenset({_COM, *range(_APP0, 0xFE)})  # APPn, JPGn
_SEGMENTS: Final = _FRAMES | _TABLES | _SKIPPED | {_SOS}

_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
# Inside a scan a stuffed zero or a restart marker is data (T.81, F.1.2.3).
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]")
_FILL: Final = re.compile(rb"\xff+")

_JFIF: Final = b"JFIF\x00"
_JFIF_SIZE: Final = 14  # identifier, version, density and thumbnail size: T.871, 10.1
_ADOBE: Final = b"Adobe"
_ADOBE_SIZE: Final = 12  # identifier, version, flags and colour transform
_ICC: Final = b"ICC_PROFILE\x00"


class _Segment(NamedTuple):
    """A marker segment, with its fill bytes before and, for SOS, its scan data behind."""

    marker: int
    start: int
    body: int
    body_end: int
    end: int


def inspect(view: memoryview) -> Inspection:
    """Outline and stripped pieces. Raises `InvalidImage` for a file that is cut or broken."""
    return _inspection(view, tuple(_segments(view)))


def suppose(view: memoryview) -> Inspection | None:
    """As `inspect`, without a look at the scan's data, which are nearly all of the file: that they reach
    to its end, with no marker in between, is for the decoder to prove. None for a JPEG of another kind."""
    end = len(view) - EOI_SIZE
    if bytes(view[end:]) != b"\xff\xd9":
        return None
    segments = tuple(_segments(view, lambda _, start: max(start, end)))
    scan = next((segment for segment in segments if segment.marker == _SOS), None)
    frames = [segment for segment in segments if segment.marker in _FRAMES]
    if scan is None or len(frames) != 1 or frames[0].marker not in _HUFFMAN:
        return None
    if any(segment.marker == _DRI for segment in segments) or not _is_drawn_at_once(view, frames[0], scan):
        return None
    # A marker may begin with the last byte before the tail.
    first = _SCAN_END.search(view, max(scan.body_end, end - TAIL - 1))
    return _inspection(view, segments) if first and first.start() == end else None


def _inspection(view: memoryview, segments: tuple[_Segment, ...]) -> Inspection:
    frames = [segment for segment in segments if segment.marker in _FRAMES]
    scans = [segment for segment in segments if segment.marker == _SOS]
    if len(frames) != 1 or not scans:
        raise broken("a JPEG must hold one picture")
    width, height = _size(view, frames[0])
    outline = Outline(
        width=width,
        height=height,
        pixels=width * height,
        orientation=_orientation(view, segments),
        scans=max(len(scans), 1 if _is_drawn_at_once(view, frames[0], scans[0]) else 2),
    )
    return _assemble(view, segments, outline)


def comments(view: memoryview) -> Iterator[tuple[int, int]]:
    """Where a JPEG stream inside another file holds what says nothing of its pixels.

    Ends quietly where the stream makes no sense: that is for its decoder to say.
    """
    try:
        for segment in _segments(view):
            if segment.marker in _SKIPPED:
                payload = _kept_payload(view, segment) or b""
                yield segment.body + len(payload.rstrip(b"\x00")), segment.body_end
            elif segment.marker == _EOI:
                yield segment.end, len(view)
    except InvalidImage:
        return


_ScanEnd = Callable[[memoryview, int], int]


def _segments(view: memoryview, scan_end: _ScanEnd | None = None) -> Iterator[_Segment]:
    """Every segment from SOI to EOI. What stands between segments belongs to none of them."""
    if bytes(view[:2]) != b"\xff\xd8":
        raise broken("it does not begin as a JPEG")
    at, scans = 2, 0
    for _ in range(MAX_SEGMENTS):
        segment = _next(view, at, scan_end or _scan_end)
        if segment.marker == _SOS:
            scans += 1
            if scans > MAX_SCANS:
                raise broken(f"it has more than {MAX_SCANS} scans")
        yield segment
        if segment.marker == _EOI:
            return
        at = segment.end
    raise broken(f"it has more than {MAX_SEGMENTS:,} segments")


def _next(view: memoryview, at: int, scan_end: _ScanEnd) -> _Segment:
    found = _MARKER.search(view, at)
    if found is None:
        raise broken("the JPEG is cut off")
    marker = view[found.start() + 1]
    fill = _FILL.match(view, at)
    start = at if fill and fill.end() == found.start() + 1 else found.start()
    if marker == _EOI:
        return _Segment(marker, start, found.end(), found.end(), found.end())
    if marker not in _SEGMENTS:
        raise broken(f"marker 0x{marker:02X} has no place in it")
    if found.end() + 2 > len(view):
        raise broken("the JPEG is cut off")
    (length,) = struct.unpack_from(">H", view, found.end())
    end = found.end() + length
    if length < 2 or end > len(view):
        raise broken("a segment of the JPEG is cut off")
    return _Segment(marker, start, found.end() + 2, end, scan_end(view, end) if marker == _SOS else end)


def _scan_end(view: memoryview, at: int) -> int:
    """Where the entropy-coded data ends that begins at `at`: before the next real marker."""
    for _ in range(MAX_FILLS):
        found = _SCAN_END.search(view, at)
        run = _FILL.match(view, found.start()) if found else None
        if found is None or run is None or run.end() == len(view):
            raise broken("the JPEG is cut off")
        # Fill bytes may stand before a stuffed zero or a restart marker too (T.81, B.1.1.2).
        if view[run.end()] and view[run.end()] not in _RESTARTS:
            return found.start()
        at = run.end() + 1
    raise broken("the JPEG is made of too many pieces")


def _size(view: memoryview, frame: _Segment) -> tuple[int, int]:
    """T.81, B.2.2. A height of 0 (given later, by DNL) is one that no decoder accepts."""
    if frame.body_end - frame.body < 6:
        raise broken("its frame header is cut off")
    _, height, width, components = struct.unpack_from(">BHHB", view, frame.body)
    if not width or not height or not 1 <= components <= 4:
        raise broken("its frame header makes no sense")
    return width, height


def _is_drawn_at_once(view: memoryview, frame: _Segment, scan: _Segment) -> bool:
    """Whether the first scan is the whole picture: not progressive (SOF2, 6, 10, 14), all components in it."""
    return frame.marker & 3 != 2 and bytes(view[scan.body : scan.body + 1]) == bytes(
        view[frame.body + 5 : frame.body + 6]
    )


def _orientation(view: memoryview, segments: tuple[_Segment, ...]) -> int:
    for segment in segments:
        if segment.marker == _SOS:  # decoders have read the header by now, and look no further
            break
        if segment.marker == _APP1 and _starts(view, segment, exif.PREFIX):
            return exif.orientation(view[segment.body : segment.body_end])
    return 1


def _assemble(view: memoryview, segments: tuple[_Segment, ...], outline: Outline) -> Inspection:
    assembly = Assembly(view)
    assembly.keep(0, 2)
    profile = _profile(view, segments)
    turned = outline.orientation == 1
    for segment in segments:
        if segment.marker == _APP1 and not turned and _starts(view, segment, exif.PREFIX):
            turned = True
            payload: bytes | None = exif.PREFIX + exif.minimal(outline.orientation)
        else:
            payload = _kept_payload(view, segment)
        if segment.marker not in _SKIPPED or segment in profile:
            assembly.keep(segment.start, segment.end)
        elif payload is not None:
            header = struct.pack(">BBH", 0xFF, segment.marker, len(payload) + 2)
            assembly.keep(segment.start, segment.body - len(header))
            assembly.replace(segment.body - len(header), segment.end, header + payload)
    return assembly.inspection(outline)


def _kept_payload(view: memoryview, segment: _Segment) -> bytes | None:
    """What stays of an application segment: the fields that decoders go by."""
    size = segment.body_end - segment.body
    if segment.marker == _APP0 and size >= _JFIF_SIZE and _starts(view, segment, _JFIF):
        return bytes(view[segment.body : segment.body + _JFIF_SIZE - 2]) + b"\x00\x00"  # no thumbnail
    if segment.marker == _APP14 and size >= _ADOBE_SIZE and _starts(view, segment, _ADOBE):
        return bytes(view[segment.body : segment.body + _ADOBE_SIZE])
    return None


def _profile(view: memoryview, segments: tuple[_Segment, ...]) -> frozenset[_Segment]:
    """The segments of an ICC profile that is whole: every number from 1 to their count, once."""
    chunks = [
        segment
        for segment in segments
        if segment.marker == _APP2 and segment.body_end - segment.body > len(_ICC) + 2 and _starts(view, segment, _ICC)
    ]
    numbers = sorted(view[chunk.body + len(_ICC)] for chunk in chunks)
    counts = {view[chunk.body + len(_ICC) + 1] for chunk in chunks}
    whole = numbers == list(range(1, len(chunks) + 1)) and counts == {len(chunks)}
    return frozenset(chunks) if whole else frozenset()


def _starts(view: memoryview, segment: _Segment, prefix: bytes) -> bool:
    return view[segment.body : segment.body_end][: len(prefix)] == prefix
