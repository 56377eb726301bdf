"""D3, an older system. It shares the addresses of our own API and reads one key more in lists."""

from __future__ import annotations

from datetime import datetime


def upload_date(moment: datetime) -> str:
    """`YYYY-MM-DD HH:MM:SS`, in UTC."""
    return moment.isoformat(" ", "seconds").removesuffix("+00:00")
