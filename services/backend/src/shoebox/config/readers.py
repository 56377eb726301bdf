"""How the text of a setting is read. Every reader takes text and raises `ValueError`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def text(value: str) -> str:
    """Any text."""
    return value


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", value) or not low <= int(value) <= high:
            raise ValueError(value)
        return int(value)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """A reader of one of these words, in any case."""

    def read(value: str) -> str:
        for word in words:
            if value.lower() == word.lower():
                return word
        raise ValueError(value)

    return read


def truth(value: str) -> bool:
    """Yes or no, in the usual spellings."""
    spelled = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if value.lower() not in spelled:
        raise ValueError(value)
    return spelled[value.lower()]


def path(value: str) -> Path:
    """A path, relative ones to the working directory."""
    if "\0" in value:
        raise ValueError(value)
    return Path(value).expanduser().absolute()


def networks(value: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas."""
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())


def origin(value: str) -> str:
    """A scheme and a host, without a path."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:_]+/?", value):
        raise ValueError(value)
    return value.rstrip("/")


def address(value: str) -> str:
    """A scheme, a host and perhaps a path, without a slash at the end."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:_]+(/[A-Za-z0-9._~\-/]*)?", value):
        raise ValueError(value)
    return value.rstrip("/")


def origins(value: str) -> tuple[str, ...]:
    """Origins separated by commas, or `*` for any."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    return tuple(part if part == "*" else origin(part) for part in parts)


def addresses(value: str) -> tuple[str, ...]:
    """Up to eight http(s) addresses separated by commas, each once."""
    parts = dict.fromkeys(part.strip() for part in value.split(",") if part.strip())
    if len(parts) > 8:
        raise ValueError(value)
    for part in parts:
        address = urlsplit(part)
        if not re.fullmatch(r"https?://[!-~]+", part) or not address.hostname or address.fragment:
            raise ValueError(value)
        _ = address.port  # raises ValueError where it is none
    return tuple(parts)


def schedule(value: str) -> time | timedelta:
    """A time of day as HH:MM, or an interval as a number of s(econds), m(inutes) or h(ours)."""
    if match := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value):
        return time(int(match[1]), int(match[2]))
    if match := re.fullmatch(r"([1-9]\d{0,5})([smh])", value):
        return timedelta(seconds=int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]])
    raise ValueError(value)


def name(value: str) -> str:
    """A short word of letters, digits, `_`, `.` and `-`."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value):
        raise ValueError(value)
    return value


def host(value: str) -> str:
    """A host name, an address, or the folder of a Unix socket."""
    if not re.fullmatch(r"[A-Za-z0-9._:/\-]{1,255}", value):
        raise ValueError(value)
    return value
