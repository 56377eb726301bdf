"""A connection to S3 or a store that speaks its protocol, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shoebox.domain.errors import NotFound, ShoeboxError, StorageFull, Unavailable
from shoebox.storage.stores import S3Settings

CONNECT_TIMEOUT: Final = 3.0  # seconds; a store in reach takes milliseconds
READ_TIMEOUT: Final = 20.0  # seconds without a byte; a healthy store begins within one
ATTEMPTS: Final = 4  # with botocore's own back-off: together a few seconds
ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})
# A key that is taken, and the second of two writers who come at once.
TAKEN: Final = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
FULL: Final = frozenset({"507", "QuotaExceeded", "XMinioStorageFull", "XAmzStorageFull"})

# boto3 makes its clients' methods at run time from a description, so they have no types.
Client = Any


def connect(settings: S3Settings) -> Client:
    """A client for all threads of one process; connections are opened when needed."""
    config = Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=settings.connections,
        # Compatible stores seldom have a host name for each bucket.
        s3={"addressing_style": "path" if settings.endpoint else "auto"},
        # We send a SHA-256 with every picture; botocore's own CRC is not known everywhere.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_supported",
    )
    return boto3.session.Session().client(
        "s3",
        region_name=settings.region,
        endpoint_url=settings.endpoint,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=config,
    )


def code_of(error: ClientError) -> str:
    """The store's word for what went wrong; for an answer without a body its status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def fault(error: Exception) -> ShoeboxError:
    """The domain's word for `error`. Its message names no host; the chained error does."""
    if isinstance(error, ClientError) and code_of(error) in FULL:
        return StorageFull("The picture storage has no room left for this file.")
    return Unavailable("The picture storage is not available.")


@contextmanager
def faults() -> Iterator[None]:
    """Let nothing but errors of the domain out of the block."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise fault(error) from error


@contextmanager
def reading() -> Iterator[None]:
    """As `faults`, where an absent object is an answer."""
    try:
        yield
    except ClientError as error:
        if code_of(error) in ABSENT:
            raise NotFound("There is no such picture.") from error
        raise fault(error) from error
    except BotoCoreError as error:
        raise fault(error) from error
