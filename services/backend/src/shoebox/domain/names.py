"""Names: the key we make, the name a client gave, and the forms names are compared in."""

from __future__ import annotations

import os
import re
import string
import unicodedata
from typing import Final

from shoebox.domain.image import Format

KEY_LENGTH: Final = 12  # letters
MAX_ORIGINAL_NAME: Final = 255  # characters, as file systems have it
NAMELESS: Final = "picture"

_ALPHABET: Final = string.ascii_letters + string.digits
# What letter a random byte becomes. Eight of the 62 come five times in 256, the others four times: the
# likeliest key is worth 12 * log2(256 / 5) = 68 bits, more than the 64 that make guessing hopeless.
_LETTERS: Final = bytes(ord(_ALPHABET[byte % len(_ALPHABET)]) for byte in range(256))
KEY: Final = re.compile(r"[A-Za-z0-9]{1,64}\.(?:jpg|png|gif|webp|bmp|tiff|avif)")
COLLECTION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
RESERVED: Final = frozenset(
    "api docs health livez readyz metrics images images-list upload delete thumbs static "
    "tools index favicon robots manifest 3".split()
)
# Cc and Cs cannot be shown or stored; Cf holds the bidi controls that make `gpj.exe` read
# as `exe.jpg`, but also the joiners (U+200C, U+200D) that emoji and Persian are spelled with.
_DROPPED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDI_CONTROLS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def new_key(image_format: Format) -> str:
    """A filename nobody can guess, with the extension of the picture's real format."""
    return f"{os.urandom(KEY_LENGTH).translate(_LETTERS).decode()}.{image_format.value}"


def is_key(text: str) -> bool:
    """Whether `text` has the form of a filename that `new_key` makes."""
    return KEY.fullmatch(text) is not None


def is_collection(text: str) -> bool:
    """Whether `text` may name a collection. Reserved words are paths of ours."""
    return COLLECTION.fullmatch(text) is not None and text not in RESERVED


def clean_original_name(text: str) -> str:
    """The client's name as it is kept and shown: no path, no control or bidi characters.

    At most 255 characters; the extension survives the cut. Never empty.
    """
    kept = text.rpartition("/")[2].rpartition("\\")[2]
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join(c for c in kept if _may_be_kept(c))
    kept = kept.strip()
    if kept in {"", ".", ".."}:
        return NAMELESS
    if len(kept) <= MAX_ORIGINAL_NAME:
        return kept
    stem, dot, extension = kept.rpartition(".")
    if not stem or len(extension) > 10:
        return kept[:MAX_ORIGINAL_NAME]
    return stem[: MAX_ORIGINAL_NAME - len(extension) - 1] + dot + extension


def _may_be_kept(character: str) -> bool:
    return unicodedata.category(character) not in _DROPPED_CATEGORIES and character not in _BIDI_CONTROLS


def fold(name: str) -> str:
    """The form names are sorted and searched in: Unicode case folding, then code points.

    Source: Unicode Standard 3.13, default caseless matching. Done here and not by a
    database, so that PostgreSQL and SQLite agree.
    """
    return name.casefold()
