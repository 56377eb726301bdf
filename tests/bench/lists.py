"""How a list behaves as the store grows: first and last page at 100 rows and at many.

Through Nginx, one client, one kept-alive connection; medians, and their ratio to page 1 of
the small store in the same run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.client import Client
from tests.stack.stack import Stack

SMALL: Final = 100  # rows
REQUESTS: Final = 300  # a page; enough for a steady median
_FILL: Final = """
INSERT INTO images (key, original_name, name_key, size, width, height, format, uploaded_at, sha256, color)
SELECT 'bench' || n || '.jpg', 'Picture ' || n || '.jpg', 'picture ' || n || '.jpg', 1000 + n * 7919 %% 5000000,
       4000, 3000, 'jpg', timestamptz '2020-01-01' + n * interval '1 minute', decode(repeat('ab', 32), 'hex'), '#808080'
FROM generate_series(%(first)s, %(last)s) AS n
"""


def run(rows: int) -> str:
    """Measure with `rows` rows; returns a table in Markdown."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        with Stack(state=Path(folder), workers=4) as stack:
            client = Client(stack.url)
            fill(stack, 1, SMALL)
            base = median(client, "page=1")
            lines = [row(f"page 1 of {SMALL} rows", base, base)]
            fill(stack, SMALL + 1, rows)
            last = client.list().json["total_pages"]
            for sort in ("sort_age", "sort_size", "sort_name"):
                for number in (1, last):
                    took = median(client, f"sort_param={sort}&page={number}")
                    lines.append(row(f"page {number} of {rows} rows by {sort}", took, base))
    return "\n".join(["| list | median ms | ratio |", "| --- | --: | --: |", *lines])


def fill(stack: Stack, first: int, last: int) -> None:
    """Add rows without files, as many as a bulk import would, and let the database settle."""
    with closing(stack.postgres.login.connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(_FILL, {"first": first, "last": last})
            cursor.execute("VACUUM ANALYZE images")


def median(client: Client, query: str) -> float:
    """Seconds a request takes, the list cache of no use: each asks for the page anew."""
    times = []
    with client.keep_alive() as session:
        for _ in range(REQUESTS):
            began = time.perf_counter()
            answer = session.get(f"/api/images/?{query}")
            times.append(time.perf_counter() - began)
            if answer.status != 200:  # an error is not a result
                raise SystemExit(f"{query}: {answer.status}")
    return statistics.median(times)


def row(what: str, took: float, base: float) -> str:
    """One line of the table."""
    return f"| {what} | {took * 1000:.2f} | {took / base:.2f} |"
