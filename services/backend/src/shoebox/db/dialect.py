"""What PostgreSQL and SQLite say differently. Everything else is said once, in `queries`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_PARAMETER: Final = re.compile(r":(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One database's words.

    `parameter` is how the driver spells a parameter, its name being `\\1`. `contains` and
    `one_of` are conditions on `name_key` and `key`; `pattern` and `several` make what they
    are given. `within` says the same as `contains` and needs no index: for what `is_indexed`
    denies, or for going along another one. `few` is how many matches of a search are looked up
    for being sorted; where there are more, the order's index is walked. `now` is seconds since
    the epoch by the database's own clock. What `time_out` and `digest_out` are given is as the
    driver hands it over, which compares equal where what the column holds is equal. `line` writes
    the columns of a row as one line of text (`rows.cells`), and `lines` the lines of a query as one text
    (`rows.lines`), where drivers are slow with many columns and rows; "" where they are not.
    """

    parameter: str
    contains: str
    pattern: Callable[[str], object]
    within: str
    is_indexed: Callable[[str], bool]
    few: int
    one_of: str
    several: Callable[[Sequence[str]], object]
    now: str
    time_in: Callable[[datetime], object]
    time_out: Callable[[Any], datetime]
    digest_out: Callable[[Any], str]
    line: str
    lines: str

    def spell(self, statement: str) -> str:
        """A statement with `:name` parameters, as the driver wants it."""
        return _PARAMETER.sub(self.parameter, statement)

    def with_numbers(self, spelled: str, numbers: Mapping[str, int]) -> str:
        """A statement of `spell` with whole numbers written into it: where no parameter is left, a driver
        does not look for any."""
        for name, number in numbers.items():
            spelled = spelled.replace(self.spell(f":{name}"), f"{number:d}")
        return spelled
