"""GIF specimens."""

from __future__ import annotations

from tests.specimens.marks import NEEDLE, PROFILE, XMP, motif, saved


def blocks(data: bytes) -> bytes:
    """Bytes as a chain of sub-blocks."""
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\x00"


def application(name: bytes, data: bytes) -> bytes:
    """An application extension."""
    return b"\x21\xff\x0b" + name + blocks(data)


def plain() -> dict[str, bytes]:
    """Pictures as encoders write them when nobody asks for more."""
    still = saved(motif("P"), "GIF")
    film = {"save_all": True, "append_images": [motif("P", 30), motif("P", 60)]}
    body = 13 + (3 << (still[10] & 7) + 1)
    return {
        "still": still,
        "transparent": saved(motif("P"), "GIF", transparency=5),
        "animation": saved(motif("P"), "GIF", loop=0, duration=[40, 50, 60], disposal=2, **film),
        "animation played once": saved(motif("P"), "GIF", duration=70, **film),
        "profile": still[:body] + application(b"ICCRGBG1012", PROFILE) + still[body:],
    }


def loaded(_orientation: int) -> dict[str, bytes]:
    """Pictures as editors leave them; GIF knows no orientation."""
    return {name: load(data) for name, data in plain().items()}


def load(data: bytes) -> bytes:
    """Put metadata before and behind the frames, and behind the end."""
    first = 13 + (3 << (data[10] & 7) + 1)
    trailer = bytes([1, *range(255, -1, -1), 0])  # how XMP ends the chain of sub-blocks it is not
    notes = (
        b"\x21\xfe" + blocks(NEEDLE)
        + b"\x21\xff\x0bXMP DataXMP" + XMP + trailer
        + application(b"MGK8BIM0000", NEEDLE)
        + b"\x21\x01\x0c" + bytes(12) + blocks(NEEDLE)
        + b"\x21\x42" + blocks(NEEDLE)
        + b"\x00\x00"
    )  # fmt: skip
    return b"GIF89a" + data[6:first] + notes + data[first:-1] + b"\x21\xfe" + blocks(NEEDLE) + b"\x3b" + NEEDLE
