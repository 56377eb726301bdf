"""What the kernel's refusals mean to the domain."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from shoebox.domain.errors import NotFound, ShoeboxError, StorageFull, Unavailable

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def fault(error: OSError) -> ShoeboxError:
    """The domain's word for `error`. Its message holds no path; the chained error does."""
    if error.errno in FULL:
        return StorageFull("The disk has no room left for this file.")
    if error.errno == errno.EROFS:
        return Unavailable("The picture storage is read-only.")
    return Unavailable("The picture storage is not available.")


@contextmanager
def faults() -> Iterator[None]:
    """Let nothing but errors of the domain out of the block."""
    try:
        yield
    except OSError as error:
        raise fault(error) from error


@contextmanager
def reading() -> Iterator[None]:
    """As `faults`, where an absent file is an answer."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("There is no such picture.") from error
    except OSError as error:
        raise fault(error) from error
