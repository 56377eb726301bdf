"""An S3 of our own for tests: moto's server in a process of its own, with empty buckets to give."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shoebox.storage.s3_client import Client, connect
from shoebox.storage.stores import S3Settings

# On a port that the kernel chooses, which it prints when it listens.
PROGRAM = """
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
print(server.port, flush=True)
server.serve_forever()
"""
ACCESS_KEY = "testing-key"
SECRET_KEY = "testing-secret"
REGION = "eu-central-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """A server that runs until the block that made it ends. `client` is for whoever needs none of
    its own: a new one costs as much as many of a test's requests."""

    url: str
    client: Client

    def bucket(self) -> S3Settings:
        """A new empty bucket and the way to it."""
        settings = _settings(self.url, f"bucket-{secrets.token_hex(6)}")
        self.client.create_bucket(Bucket=settings.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        return settings


def _settings(url: str, bucket: str) -> S3Settings:
    return S3Settings(bucket=bucket, region=REGION, endpoint=url, access_key=ACCESS_KEY, secret_key=SECRET_KEY)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server on a free port of this machine, with no data."""
    argv = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, "moto's server does not start"
            url = f"http://127.0.0.1:{port}"
            yield S3Server(url=url, client=connect(_settings(url, "")))
        finally:
            process.kill()
