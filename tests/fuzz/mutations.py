"""Changes to a file, each named by three small numbers so that a failing case can be shrunk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from shoebox.domain.image import Format
from tests.fuzz.cases import SCALE
from tests.fuzz.parts import mend, split

_NUMBERS: Final = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF)

Mutation = tuple[int, int, int]


def mutate(image_format: Format, data: bytes, other: bytes, mutation: Mutation) -> bytes:
    """The file after one change; `other` is a file of the same format to take parts from."""
    kind, place, value = mutation
    changed = _CHANGES[kind % len(_CHANGES)](image_format, data, other, place, value)
    return mend(image_format, changed) if value & 1 else changed


def _at(data: bytes, place: int) -> int:
    return len(data) * place // SCALE


def _set_byte(_format: Format, data: bytes, _other: bytes, place: int, value: int) -> bytes:
    at = _at(data, place)
    return data[:at] + bytes([value >> 1 & 0xFF]) + data[at + 1 :]


def _flip_bit(_format: Format, data: bytes, _other: bytes, place: int, value: int) -> bytes:
    at = _at(data, place)
    return data[:at] + bytes([byte ^ 1 << (value >> 1 & 7) for byte in data[at : at + 1]]) + data[at + 1 :]


def _set_number(_format: Format, data: bytes, _other: bytes, place: int, value: int) -> bytes:
    at = _at(data, place)
    number, size = _NUMBERS[value >> 1 & 15], (2, 4)[value >> 5 & 1]
    packed = (number & (1 << 8 * size) - 1).to_bytes(size, "big" if value >> 6 & 1 else "little")
    return data[:at] + packed + data[at + size :]


def _cut(_format: Format, data: bytes, _other: bytes, place: int, _value: int) -> bytes:
    return data[: _at(data, place)]


def _drop_bytes(_format: Format, data: bytes, _other: bytes, place: int, value: int) -> bytes:
    at = _at(data, place)
    return data[:at] + data[at + (value >> 1 & 15) + 1 :]


def _insert(_format: Format, data: bytes, other: bytes, place: int, value: int) -> bytes:
    at = _at(data, place)
    return data[:at] + other[value % max(1, len(other)) :][: value >> 8] + data[at:]


def _drop_part(image_format: Format, data: bytes, _other: bytes, place: int, _value: int) -> bytes:
    parts = split(image_format, data)
    del parts[len(parts) * place // SCALE]
    return b"".join(parts)


def _repeat_part(image_format: Format, data: bytes, _other: bytes, place: int, value: int) -> bytes:
    parts = split(image_format, data)
    index = len(parts) * place // SCALE
    parts[index:index] = [parts[index]] * (1 + (value >> 1 & 3))
    return b"".join(parts)


def _swap_parts(image_format: Format, data: bytes, _other: bytes, place: int, value: int) -> bytes:
    parts = split(image_format, data)
    first, second = len(parts) * place // SCALE, len(parts) * value // SCALE
    parts[first], parts[second] = parts[second], parts[first]
    return b"".join(parts)


def _borrow_part(image_format: Format, data: bytes, other: bytes, place: int, value: int) -> bytes:
    parts, strange = split(image_format, data), split(image_format, other)
    index = len(parts) * place // SCALE
    parts[index : index + (value >> 1 & 1)] = [strange[len(strange) * value // SCALE]]
    return b"".join(parts)


_CHANGES: Final[tuple[Callable[[Format, bytes, bytes, int, int], bytes], ...]] = (
    _set_byte,
    _flip_bit,
    _set_number,
    _cut,
    _drop_bytes,
    _insert,
    _drop_part,
    _repeat_part,
    _swap_parts,
    _borrow_part,
)
