"""One file of the corpus and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

STORED: Final = 201
EMPTY: Final = 400
TOO_LARGE: Final = 413
UNSUPPORTED: Final = 415
INVALID: Final = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file and the answer to its upload.

    `width`, `height` (as displayed) and `file_type` are what a 201 says. `shows` tells how
    its thumbnail must look: `chart` has red, green, blue and yellow corners (`chart.py`),
    `gray` the same in brightness, empty means nothing is known.
    """

    name: str
    make: Callable[[], bytes]
    status: int
    width: int = 0
    height: int = 0
    file_type: str = ""
    shows: str = ""


def stored(name: str, make: Callable[[], bytes], size: tuple[int, int], file_type: str, shows: str = "chart") -> Case:
    """A picture that is accepted."""
    return Case(name=name, make=make, status=STORED, width=size[0], height=size[1], file_type=file_type, shows=shows)


def invalid(name: str, make: Callable[[], bytes]) -> Case:
    """A file of an accepted format that is damaged, cut off or too much."""
    return Case(name=name, make=make, status=INVALID)


def unsupported(name: str, make: Callable[[], bytes]) -> Case:
    """A file of no accepted format, whatever its name says."""
    return Case(name=name, make=make, status=UNSUPPORTED)
