"""What the kernel's refusals mean to the domain."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
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


class _Faults:
    # Not a generator: an upload passes through it half a dozen times, and each would cost six calls.
    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise fault(error) from error


_FAULTS: Final = _Faults()


def faults() -> AbstractContextManager[None]:
    """Let nothing but errors of the domain out of the block."""
    return _FAULTS


@contextmanager
def reading() -> Iterator[None]:
    """As `faults`, where an absent file is an answer."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("There is no such picture.") from error
    except OSError as error:
        raise fault(error) from error
