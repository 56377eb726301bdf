"""`healthcheck.py [--alive]`: exit code 0 if /health is 200; with --alive if /livez is, which asks
neither database nor store.

Sockets only: it runs every few seconds, and importing a client of HTTP would cost more than asking.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Final

TIMEOUT: Final = 4.0  # seconds; the container's check gives five


def main() -> int:
    """Ask the first worker: where its process died another one listens."""
    path = "/livez" if "--alive" in sys.argv[1:] else "/health"
    port = int(os.environ.get("WEB_SERVER_START_PORT") or os.environ.get("PORT") or 8080)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            status = connection.makefile("rb").readline().split()[1:2]
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    if status == [b"200"]:
        return 0
    print(f"{path} answers {b''.join(status).decode() or 'nothing'}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
