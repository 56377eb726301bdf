"""The systems Shoebox is compared with, and the limits no system of its kind can pass.

Every application is seen through the same few words, so that one scenario fits them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

PER_PAGE: Final = 20  # pictures on the page of the list that everybody is asked for


class Running(Protocol):
    """Anything whose processor time can be told."""

    @property
    def process_ids(self) -> Callable[[], tuple[int, ...]]:
        """Of all its processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One running application. Its uploads are forms with the picture in the field `file`."""

    name: str  # "flask", "flask-full", …: as the tables say it
    base_url: str  # of the Nginx in front of it, without a slash at the end
    list_path: str  # page 1, with the query it takes in this system's spelling
    upload_path: str  # POST
    key_field: str  # the word of an upload's JSON answer that names the picture
    picture_prefix: str  # GET of this and the key is the picture
    delete_prefix: str  # DELETE of this and the key removes it
    process_ids: Callable[[], tuple[int, ...]]  # the whole application, its Nginx too, without PostgreSQL
    most_clients: int | None = None  # that upload at once; of more than these some lose their request

    def picture_path(self, answer: Mapping[str, object]) -> str:
        """Where the picture of this upload's JSON answer is."""
        return f"{self.picture_prefix}{answer[self.key_field]}"

    def delete_path(self, answer: Mapping[str, object]) -> str:
        """What to DELETE to remove it."""
        return f"{self.delete_prefix}{answer[self.key_field]}"
