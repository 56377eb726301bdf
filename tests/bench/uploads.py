"""Pictures into and out of a contestant, by wrk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.bench import wrk
from tests.bench.contestants import Contestant
from tests.bench.pictures import Pool, pool
from tests.bench.sample import Failed, Sample

CLIENTS: Final = 16
MAX_SECONDS: Final = 120  # that a counted run may take
_FILES: Final = {"50k": 64, "200k": 1, "500k": 12, "4m": 3}  # a pool; times its salts that is what a run uploads
_BOUNDARY: Final = "cut-3f1c2a9b"

Answers = Sequence[Mapping[str, Any]]


class Uploader:
    """Uploads to one contestant. It never sends the same picture twice, so that none is
    recognised: `folder` holds the ready requests."""

    def __init__(self, contestant: Contestant, folder: Path) -> None:
        self.contestant: Final = contestant
        self._folder = folder / contestant.name
        self._pictures = folder / "pictures"
        self._sent = dict.fromkeys(_FILES, 0)
        self._runs = count()

    def upload(self, kind: str, *, clients: int, seconds: float, number: int | None = None) -> tuple[Sample, Answers]:
        """As many as go into `seconds`, or `number`; what was answered to each. Raises `Failed` for
        an answer that is neither an error nor a success."""
        seconds, words = (seconds, {}) if number is None else (MAX_SECONDS, {"COUNT": str(number)})
        sample, answers = self._run(kind, clients, seconds, words)
        if not sample.errors and len(answers) != sample.requests:
            raise Failed(f"{len(answers)} of {sample.requests} uploads were answered with success")
        return sample, answers

    def store(self, kind: str, number: int, *, clients: int = CLIENTS) -> Answers:
        """Exactly `number` pictures. Raises `Failed` if one of them does not arrive."""
        sample, answers = self.upload(kind, clients=clients, seconds=MAX_SECONDS, number=number)
        if sample.errors or len(answers) != number:
            raise Failed(f"{self.contestant.name}: {len(answers)} of {number} uploads ({sample.errors})")
        return answers

    def words(self, kind: str) -> dict[str, str]:
        """What lua/pictures.lua wants to know."""
        return {**self._files(kind), "FIRST": str(self._sent[kind])}

    def uploaded(self, kind: str, number: int) -> None:
        """So many were sent by a script that used `words`."""
        self._sent[kind] += number

    def delete(self, answers: Answers, *, clients: int = CLIENTS) -> Sample:
        """Delete the pictures of these answers; how fast that went."""
        if not answers:
            return Sample(values={})
        path = self._file("deletes")
        host = urlsplit(self.contestant.base_url).netloc
        heads = (
            f"\x1eDELETE {self.contestant.delete_path(answer)} HTTP/1.1\r\nHost: {host}\r\n\r\n" for answer in answers
        )
        path.write_text("".join(heads))
        words = {"REQUESTS": str(path), "COUNT": str(len(answers))}
        return wrk.run(
            self.contestant.base_url, clients=clients, seconds=MAX_SECONDS, script="delete", words=words, threads=1
        )

    def _run(self, kind: str, clients: int, seconds: float, words: Mapping[str, str]) -> tuple[Sample, Answers]:
        answers = self._file("answers")
        words = {**self.words(kind), **words, "ANSWERS": str(answers)}
        sample = wrk.run(
            self.contestant.base_url, clients=clients, seconds=seconds, script="upload", words=words, threads=1
        )
        self.uploaded(kind, sample.requests + clients)  # those too whose answers nobody waited for
        told = [json.loads(text) for text in answers.read_text().split("\x1e")[1:]]
        answers.unlink()
        return sample, told

    def _file(self, what: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{what}-{next(self._runs)}"

    def _files(self, kind: str) -> dict[str, str]:
        made = self._folder / f"{kind}.requests"
        salts = self._folder / f"{kind}.salts"
        pictures = pool(self._pictures, kind, _FILES[kind])
        if not made.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            salts.write_bytes(b"".join(pictures.salts))
            made.write_text("".join(self._template(pictures, number) for number in range(len(pictures.files))))
        return {"REQUESTS": str(made), "SALTS": str(salts), "SALT": str(len(pictures.salts[0]))}

    def _template(self, pictures: Pool, number: int) -> str:
        """Write a whole request that uploads a picture; its line for lua/pictures.lua."""
        source = pictures.files[number]
        head, tail = _form(source)
        data = source.read_bytes()
        length = len(head) + len(data) + len(tail)
        start = (
            f"POST {self.contestant.upload_path} HTTP/1.1\r\nHost: {urlsplit(self.contestant.base_url).netloc}\r\n"
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nContent-Length: {length}\r\n"
            "Accept: application/json\r\n\r\n"
        ).encode()
        path = self._folder / f"{source.name}.request"
        path.write_bytes(start + head + data + tail)
        return f"{path} {len(start) + len(head) + pictures.offset}\n"


def _form(source: Path) -> tuple[bytes, bytes]:
    kind = "image/png" if source.suffix == ".png" else "image/jpeg"
    disposition = f'form-data; name="file"; filename="{source.name}"'
    head = f"--{_BOUNDARY}\r\nContent-Disposition: {disposition}\r\nContent-Type: {kind}\r\n\r\n"
    return head.encode(), f"\r\n--{_BOUNDARY}--\r\n".encode()
