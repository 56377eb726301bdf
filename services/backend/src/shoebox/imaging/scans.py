"""Whether the scans of a JPEG add up to a picture.

What is cut off a progressive file is its last scans: the decoder shows what came, blurred,
and finds nothing wrong. The scan headers tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from shoebox.imaging.structure import broken

_SOS: Final = b"\xff\xda"
_COEFFICIENTS: Final = 64  # of a block: T.81, A.3.3
_UNSENT: Final = -1


def prove_complete(data: bytes, components: int) -> None:
    """Raise `InvalidImage` unless every coefficient of every component was sent to its last bit.

    `data` is a JPEG without metadata. T.81 allows less (G.1.1.1.1) but no encoder does so,
    and a file that lost its last scans looks just like that.
    """
    lowest_bit: defaultdict[int, list[int]] = defaultdict(lambda: [_UNSENT] * _COEFFICIENTS)
    for selectors, first, last, bit in _scan_headers(data):
        for component in selectors:
            lowest_bit[component][first : last + 1] = [bit] * (last + 1 - first)
    if len(lowest_bit) < components or any(any(bits) for bits in lowest_bit.values()):
        raise broken("the JPEG is cut off: its last scans are missing")


def _scan_headers(data: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """Component selectors, first and last coefficient, lowest bit of each scan: T.81, B.2.3."""
    at = data.find(_SOS)
    while 0 <= at < len(data) - 4:
        count = data[at + 4]
        length = 6 + 2 * count
        header = data[at + 2 : at + 2 + length]
        # A colour profile may hold the two bytes of the marker, but hardly a header after them.
        if len(header) == length and int.from_bytes(header[:2], "big") == length and 1 <= count <= 4:
            first, last, bits = header[-3:]
            yield header[3:-3:2], first, min(last, _COEFFICIENTS - 1), bits & 15
        at = data.find(_SOS, at + 2)
