"""What a test puts into a store before it asks in another system's words."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.client import Client
from tests.pictures import picture
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

INSERT = "INSERT INTO aliases (old_name, key) VALUES ({0}, {0})"


def filled(client: Client, count: int, *, collection: str = "") -> list[str]:
    """Upload pictures; their filenames, newest first."""
    keys = [
        client.upload(f"{n}.png", picture(), fields={"collection": collection}).json["filename"] for n in range(count)
    ]
    return keys[::-1]


def add_alias(topology: Embedded | Stack, old_name: str, key: str) -> None:
    """What an import writes down about a picture's old name."""
    if isinstance(topology, Stack):
        with closing(topology.postgres.login.connect()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(INSERT.format("%s"), (old_name, key))
        return
    path = topology.layout.work / "workers" / "shoebox.db"
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        connection.execute(INSERT.format("?"), (old_name, key))
