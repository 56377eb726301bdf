"""What an AV1 bitstream claims its size to be: a decoder believes it, not the file around it.

Source: AV1 Bitstream & Decoding Process Specification, 5.3 (OBU header), 5.5 (sequence header).
"""

from __future__ import annotations

from typing import Final

MAX_OBUS: Final = 20  # looked at in one item or sample; encoders put the sequence header first or second

_SEQUENCE_HEADER: Final = 1
_HEADER_BYTES: Final = 512  # a sequence header is at most this long up to its frame size
_UVLC_LIMIT: Final = 32


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("the bits are used up")
        return self._value >> self._left & (1 << count) - 1


def largest(view: memoryview) -> tuple[int, int]:
    """The largest raster that a sequence header in these OBUs asks for; (0, 0) if none is found."""
    best, at = (0, 0), 0
    for _ in range(MAX_OBUS):
        if at + 2 > len(view):
            break
        kind, extended, sized = view[at] >> 3 & 15, view[at] >> 2 & 1, view[at] >> 1 & 1
        body = at + 1 + extended
        size, body = _leb128(view, body) if sized else (len(view) - body, body)
        if kind == _SEQUENCE_HEADER:
            found = _frame_size(bytes(view[body : body + min(size, _HEADER_BYTES)]))
            best = max(best, found, key=lambda raster: raster[0] * raster[1])
        at = body + size
    return best


def _leb128(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(view[at : at + 8]):
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, at + index + 1
    return len(view), at


def _frame_size(data: bytes) -> tuple[int, int]:
    bits = _Bits(data)
    try:
        bits.read(4)  # seq_profile, still_picture
        if bits.read(1):  # reduced_still_picture_header
            bits.read(5)
        else:
            _skip_operating_points(bits)
        width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
        return bits.read(width_bits) + 1, bits.read(height_bits) + 1
    except ValueError:
        return 0, 0


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    if bits.read(1):  # timing_info_present_flag
        bits.read(64)
        if bits.read(1):  # equal_picture_interval, then num_ticks_per_picture_minus_1 as uvlc
            zeros = 0
            while not bits.read(1):
                zeros += 1
            bits.read(zeros if zeros < _UVLC_LIMIT else 0)
        if bits.read(1):  # decoder_model_info_present_flag
            delay_bits = bits.read(5) + 1
            bits.read(42)
    display_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:  # seq_level_idx, which seq_tier follows when it is high
            bits.read(1)
        if delay_bits and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if display_delay and bits.read(1):
            bits.read(4)
