"""`python -m tests.compose.rolling URL`: uploads, and looks at what was uploaded, until standard
input ends; then prints as JSON what was seen. Run in a container beside the ones it asks."""

from __future__ import annotations

import json
import sys
import time
from typing import Final

from tests.client import Client
from tests.compose.uploads import Uploads
from tests.load import load
from tests.stack.process import wait_until

PATIENCE: Final = 240.0  # seconds; far more than anything here takes, on a busy machine too
OFTEN: Final = 20  # requests, so that each Nginx is asked
RATE: Final = 12.5  # rounds a second, of four requests each


def serves(client: Client) -> bool:
    """Whether all that stand behind the name answer."""
    try:
        return all(client.get("/health").status == 200 for _ in range(OFTEN))
    except OSError:
        return False


def main() -> None:
    """The keys are `rounds`, `bad` (whatever failed), `broken` (pictures that are gone), `steady`
    (the load went on to the end)."""
    client = Client(sys.argv[1])
    wait_until(lambda: serves(client), patience=PATIENCE, what="every Nginx has found workers")
    uploads = Uploads(client)
    with load(uploads.one_and_look, rate=RATE) as running:
        print("begun", flush=True)
        sys.stdin.read()
        before = len(running.statuses)
        deadline = time.monotonic() + PATIENCE
        while not (steady := len(running.statuses) > before) and time.monotonic() < deadline:
            time.sleep(0.1)
    seen = {"rounds": len(running.statuses), "bad": running.bad, "broken": uploads.broken(), "steady": steady}
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
