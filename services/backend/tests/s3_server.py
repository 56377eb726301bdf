"""An S3 of our own for tests: moto's server in a process of its own, with empty buckets to give."""

from __future__ import annotations

import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shoebox.storage.s3_client import connect
from shoebox.storage.stores import S3Settings
from tests.stack.ports import LOOPBACK, free_port
from tests.stack.process import wait_until

START_PATIENCE = 60.0  # seconds; it imports a great deal
ACCESS_KEY = "testing-key"
SECRET_KEY = "testing-secret"
REGION = "eu-central-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """A server that runs until the block that made it ends."""

    url: str

    def bucket(self) -> S3Settings:
        """A new empty bucket and the way to it."""
        settings = S3Settings(
            bucket=f"bucket-{secrets.token_hex(6)}",
            region=REGION,
            endpoint=self.url,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
        )
        connect(settings).create_bucket(
            Bucket=settings.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        return settings


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server on a free port of this machine, with no data."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    argv = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _answers(url, process), patience=START_PATIENCE, what="moto's server answers")
            yield S3Server(url=url)
        finally:
            process.kill()


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError("moto's server does not start")
    try:
        with urllib.request.urlopen(f"{url}/moto-api/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
