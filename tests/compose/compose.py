"""The stack in containers, as `docker compose up --build` starts it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.compose.docker import docker, insist
from tests.stack.checkout import CHECKOUT
from tests.stack.ports import LOOPBACK, free_port
from tests.stack.process import wait_until

WORKERS: Final = 2  # a container
WEB_CONTAINERS: Final = 2  # as docker-compose.yml has it
PATIENCE: Final = 240.0  # seconds; far more than anything here takes, on a slow and busy machine too


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The bind mounts, as the host sees them."""

    images: Path
    logs: Path
    backups: Path

    @classmethod
    def below(cls, folder: Path) -> Self:
        """The three, as they lie in a checkout."""
        return cls(images=folder / "img_storage", logs=folder / "logs", backups=folder / "backups")


def copy_checkout(folder: Path) -> Path:
    """A clean one in `folder`: what the images are made of, and nothing that a run wrote."""
    folder.mkdir()
    shutil.copy(CHECKOUT / "docker-compose.yml", folder)
    shutil.copy(CHECKOUT / ".dockerignore", folder)
    without = shutil.ignore_patterns("__pycache__", "tests", ".*cache")
    for name in ("services", "init-sql"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=without)
    return folder


class Compose:
    """`with Compose(state=folder, settings=…) as compose:` runs one until the block ends, with
    everything that it writes below `state`, published on a free loopback port.

    `settings` are docker-compose.yml's, as text. Given a `checkout`, its own folders are written to.
    `beside` are further files of Compose's.
    """

    def __init__(
        self,
        *,
        settings: Mapping[str, str],
        state: Path | None = None,
        checkout: Path = CHECKOUT,
        profile: str = "",
        beside: Sequence[Path] = (),
    ) -> None:
        self.layout: Final = Folders.below(state or checkout)
        self.worker_count: Final = WORKERS
        self.port: Final = free_port()
        self.name: Final = f"shoebox-test-{secrets.token_hex(4)}"
        self._checkout = checkout
        self._profile = profile
        self._files = (checkout / "docker-compose.yml", *beside)
        self._settings = {"BIND": LOOPBACK, "PORT": str(self.port), "WEB_SERVER_WORKERS": str(WORKERS), **settings}
        if os.geteuid():
            self._settings |= {"PUID": str(os.geteuid()), "PGID": str(os.getegid())}
        if state:
            self._settings |= {
                "IMAGES_DIR": str(self.layout.images),
                "LOG_DIR": str(self.layout.logs),
                "BACKUPS_DIR": str(self.layout.backups),
            }

    @property
    def url(self) -> str:
        """Where visitors come in, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def app_log(self) -> Path:
        """What the workers of all containers log."""
        return self.layout.logs / "app.log"

    @property
    def _access_log(self) -> Path:
        return self.layout.logs / "nginx" / "access.log"

    def logged(self) -> int:
        """How far Nginx's log goes by now: bytes, of whole lines."""
        return self._access_log.read_bytes().rfind(b"\n") + 1

    def accesses(self, since: int = 0) -> list[dict[str, Any]]:
        """What Nginx wrote down of each request, a second or so after its answer; only what comes
        after the first `since` bytes."""
        with self._access_log.open("rb") as log:
            log.seek(since)
            written, _, _ = log.read().rpartition(b"\n")  # a line that is being written is none yet
        return [json.loads(line) for line in written.splitlines()]

    def asked(self, since: int = 0) -> set[str]:
        """The web containers that Nginx asked, by what stands in its log after `since` bytes."""
        addresses = {part.strip() for line in self.accesses(since) for part in line["worker"].split(",")}
        return {address.rpartition(":")[0] for address in addresses if address}

    def entries(self, ids: Set[str], since: int = 0) -> list[dict[str, Any]]:
        """What Nginx wrote down of these requests, as soon as it has of all of them."""
        found: list[dict[str, Any]] = []

        def complete() -> bool:
            found[:] = [line for line in self.accesses(since) if line["request_id"] in ids]
            return len(found) == len(ids)

        wait_until(complete, patience=PATIENCE, what=f"{len(ids)} requests are in Nginx's log")
        return found

    def lists_served(self) -> int:
        """How many lists Nginx gave by itself: of a request that is in its log (`entries`), for certain."""
        return (self.layout.logs / "nginx" / "lists.count").stat().st_size

    def await_backup(self) -> None:
        """Wait for the backup that is taken at the start: who wants another one meanwhile is refused."""
        log = self.app_log
        wait_until(
            lambda: log.exists() and "backup finished" in log.read_text(), patience=PATIENCE, what="a backup is taken"
        )

    def run(self, *argv: str) -> str:
        """What `docker compose ARGV…` prints."""
        profile = ["--profile", self._profile] if self._profile else []
        # Not the .env of the person at the keyboard.
        project = ["--project-name", self.name, "--project-directory", str(self._checkout), "--env-file", os.devnull]
        files = [f"--file={file}" for file in self._files]
        return docker("compose", *project, *files, *profile, *argv, env=self._settings)

    def up(self, *argv: str) -> None:
        """Start what does not run; returns when every service is healthy."""
        self.run("up", "--detach", "--wait", "--wait-timeout", f"{PATIENCE:.0f}", *argv)

    def scale(self, service: str, count: int) -> None:
        """Have `count` containers of a service; returns when all are healthy."""
        self.up("--no-recreate", "--no-deps", "--scale", f"{service}={count}", service)

    def ids(self, service: str) -> list[str]:
        """The running containers of a service."""
        return self.run("ps", "--quiet", service).split()

    def inspect(self, service: str) -> list[dict[str, Any]]:
        """What the engine knows of each container of a service, stopped ones too."""
        found = self.run("ps", "--all", "--quiet", service).split()
        return list(json.loads(docker("inspect", *found))) if found else []

    def secret(self, name: str) -> str:
        """One of the secrets that this installation made for itself."""
        return self.run("exec", "--no-TTY", "web", "cat", f"/run/secrets/{name}")

    def down(self, *argv: str) -> None:
        """Stop it, and remove containers and networks."""
        # A network that a container has just left is in use for a moment longer.
        insist(lambda: self.run("down", *argv), patience=PATIENCE)

    def remove(self) -> None:
        """Stop it, and remove containers, networks and volumes."""
        self.down("--volumes", "--remove-orphans", "--timeout", "60")

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
