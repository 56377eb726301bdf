"""D3, an older system. It shares the addresses of our own API and reads one key more in lists."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from shoebox.domain.image import Format

_DOUBLED: Final = re.compile(rf"([A-Za-z0-9]+\.({'|'.join(known.value for known in Format)}))\2")


def upload_date(moment: datetime) -> str:
    """`YYYY-MM-DD HH:MM:SS`, in UTC."""
    return moment.isoformat(" ", "seconds").removesuffix("+00:00")


def filename_of(name: str) -> str:
    """The filename meant: its page puts `file_type` behind each, where ours ends with it already."""
    doubled = _DOUBLED.fullmatch(name)
    return name if doubled is None else doubled[1]
