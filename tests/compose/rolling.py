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

RATE: Final = 12.5  # rounds a second, of four requests each


def main() -> None:
    """The keys are `rounds`, `bad` (whatever failed), `broken` (pictures that are gone), `steady`
    (the load went on to the end)."""
    uploads = Uploads(Client(sys.argv[1]))
    with load(uploads.one_and_look, rate=RATE) as running:
        print("begun", flush=True)
        sys.stdin.read()
        before = len(running.statuses)
        time.sleep(1)
        steady = len(running.statuses) > before
    seen = {"rounds": len(running.statuses), "bad": running.bad, "broken": uploads.broken(), "steady": steady}
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
