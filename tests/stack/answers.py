"""What a test says of an answer that came through the front door."""

from __future__ import annotations

from pathlib import Path

from tests.client import Answer
from tests.stack.conftest import Front


def put_picture(front: Front, key: str, data: bytes, folder: str = "images") -> Path:
    path = front.images / folder / key[:2] / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def reached_worker(answer: Answer) -> bool:
    return answer.status == 200 and answer.type == "application/json" and "worker" in answer.json


def is_problem(answer: Answer, status: int, code: str) -> bool:
    wanted = (status, "application/problem+json", status, code)
    return (answer.status, answer.type, answer.json["status"], answer.json["code"]) == wanted
