"""A service of a few lines under the real master and workers; run as a program of its own.

Its one argument names a JSON file with its settings; `word.py` beside that file is the code
that a reload renews.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shoebox.server.attendants import step_aside
from shoebox.server.limiter import RateLimiter
from shoebox.server.limits import Limits, Load
from shoebox.server.listeners import ListenError
from shoebox.server.master import Master
from shoebox.server.programs import Address, Program, Slot
from shoebox.server.reload import Reloading, watcher
from shoebox.server.worker import Worker

SETTINGS = Path(sys.argv[1])
CONFIG: dict[str, Any] = json.loads(SETTINGS.read_text())
LIMITER = RateLimiter(CONFIG.get("rate", 0))
PATIENT = {"wait": 60.0, "head": 60.0}  # limits, so that only a test that is about them meets them
PATIENCE = 60.0  # seconds until who holds a request counts as gone
A_MOMENT = 0.01  # seconds between two looks


class PlainConnection:
    """As little HTTP as a test can live with."""

    def __init__(self, sock: socket.socket, address: Any, worker: Worker, slot: Slot) -> None:
        sock.settimeout(PATIENCE)
        self._sock = sock
        self._worker = worker
        self._slot = slot
        self._rest = b""

    def handle_request(self) -> bool:
        while b"\r\n\r\n" not in self._rest:
            data = self._sock.recv(65536)
            if not data[:1].isupper():  # the end, or no request
                return False
            self._rest += data
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        path = head.split(b" ")[1].decode()
        stays = not self._worker.draining and b"connection: close" not in head.lower()
        body = self._answer(path).encode()
        fate = "keep-alive" if stays else "close"
        # Looked at again: the drain may have begun while we worked.
        if self._worker.draining:
            stays, fate = False, "close"
        self._sock.sendall(
            f"HTTP/1.1 200 OK\r\nConnection: {fate}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        return stays

    def has_buffered(self) -> bool:
        return bool(self._rest)

    def close(self) -> None:
        self._sock.close()

    def _answer(self, path: str) -> str:
        match path.strip("/").split("/"):
            case ["sleep", seconds]:
                time.sleep(float(seconds))
                return "slept"
            case ["hold", name]:
                return self._hold((SETTINGS.parent / name).exists)
            case ["hold-aside", name]:
                return self._hold((SETTINGS.parent / name).exists) if step_aside() else "too many"
            case ["linger", seconds]:
                told = self._hold(lambda: self._worker.draining)
                time.sleep(float(seconds))
                return told
            case ["word"]:
                from word import WORD

                return str(WORD)
            case ["wait-for", *parts]:
                return str(LIMITER.check("/".join(parts)))
            case ["fail"]:
                raise RuntimeError("as asked")
            case ["exit"]:
                raise SystemExit(5)
            case ["descriptors"]:
                return str(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
            case _:
                connections = self._worker.load.connections
                return json.dumps({"pid": os.getpid(), "index": self._slot.index, "connections": connections})

    def _hold(self, over: Callable[[], bool]) -> str:
        report("held")
        end = time.monotonic() + PATIENCE
        while not over():
            if time.monotonic() > end:
                return "held too long"
            time.sleep(A_MOMENT)
        return "held"


def report(event: str, /, **fields: object) -> None:
    # In one piece: threads and processes report at once.
    os.write(2, json.dumps({"event": event, "at": time.monotonic(), **fields}).encode() + b"\n")


class LineWatch:
    """Reports how many requests wait for a thread, whenever that changes."""

    def __init__(self) -> None:
        self._waiting = 0

    def __call__(self, load: Load) -> None:
        if load.waiting != self._waiting:
            self._waiting = load.waiting
            report("waiting", count=load.waiting)


def work(slot: Slot) -> int:
    if CONFIG.get("boot_code"):
        return int(CONFIG["boot_code"])
    die_after = CONFIG.get("die_after")
    if die_after is not None:
        slot.ready()
        slot.wait(die_after)
        return 3
    slot.on_reopen = lambda: report("reopened", index=slot.index)
    return Worker(
        slot,
        lambda sock, address, worker: PlainConnection(sock, address, worker, slot),
        limits=Limits(**PATIENT | CONFIG.get("limits", {})),
        on_event=report,
        on_tick=LineWatch(),
    ).serve()


def help_out(slot: Slot) -> int:
    slot.ready()
    while not slot.draining:
        slot.wait(0.5)
    report("helper left")
    return 0


def sweep(slot: Slot) -> int:
    slot.ready()
    report("swept", index=slot.index)
    return 0


def programs() -> list[Program]:
    addresses = [Address(host="127.0.0.1", port=port) for port in CONFIG["ports"]]
    freeze_limit = CONFIG.get("freeze_limit", 10.0)
    found = [
        Program(name="worker", run=work, count=CONFIG["workers"], addresses=addresses, freeze_limit=freeze_limit),
        Program(name="helper", run=help_out),
    ]
    if CONFIG.get("every"):
        found.append(Program(name="sweep", run=sweep, every=CONFIG["every"], first=0.0))
    if CONFIG.get("watch"):
        master = os.getpid()
        found.append(watcher([SETTINGS.parent], lambda: os.kill(master, 1)))
    return found


def check() -> int:
    import word

    return 0 if word.WORD else 1


def main() -> int:
    sys.path.insert(0, str(SETTINGS.parent))
    if sys.argv[2:] == ["check"]:
        return check()
    check()
    myself = [sys.executable, *sys.argv[:2]]
    master = Master(
        programs=programs(),
        on_event=report,
        on_ready=lambda addresses: print("ready", *(address.port for address in addresses), flush=True),
        reloading=Reloading(exec_argv=myself, check_argv=[*myself, "check"], environ=os.environ),
        drain_limit=CONFIG.get("drain_limit", 10.0),
    )
    try:
        return master.run()
    except ListenError as error:
        print(error, file=sys.stderr)
        return 71


if __name__ == "__main__":
    sys.exit(main())
