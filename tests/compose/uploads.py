"""Uploads that remember what was promised."""

from __future__ import annotations

import hashlib

from tests.client import Answer, Client
from tests.pictures import noise


class Uploads:
    """`one()` uploads a picture of its own; what was answered with 201 has to be there ever after."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.promised: dict[str, str] = {}  # filename: sha256

    def one(self) -> Answer:
        """Upload one more."""
        answer = self._client.upload("one.png", noise(12, 12))
        if answer.status == 201:
            self.promised[answer.json["filename"]] = answer.json["sha256"]
        return answer

    def one_and_look(self) -> Answer:
        """Upload one more and find it at once, whoever is asked. Raises OSError if it is not to be seen."""
        answer = self.one()
        if answer.status != 201:
            return answer
        image = answer.json
        for path in (
            f"/api/images/{image['filename']}",
            image["url"],
            f"/api/images/?q=one&per_page=100&cb={image['id']}",
        ):
            seen = self._client.get(path)
            if seen.status != 200:
                raise OSError(f"{path} answers {seen.status} right after the upload")
        if image["filename"] not in seen.json["files"]:
            raise OSError("what was just uploaded is not in the list")
        return answer

    def broken(self) -> list[str]:
        """Those that are not there byte for byte."""
        return [key for key, sha256 in self.promised.items() if not self._is_there(key, sha256)]

    def _is_there(self, key: str, sha256: str) -> bool:
        row, file = self._client.get(f"/api/images/{key}"), self._client.get(f"/images/{key}")
        return (row.status, file.status) == (200, 200) and hashlib.sha256(file.body).hexdigest() == sha256
