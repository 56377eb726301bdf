"""The stack in containers, as `docker compose up --build` starts it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.compose.docker import docker
from tests.stack.checkout import CHECKOUT
from tests.stack.ports import LOOPBACK, free_port

WORKERS: Final = 2  # a container
WEB_CONTAINERS: Final = 2  # as docker-compose.yml has it


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

    def accesses(self) -> list[dict[str, Any]]:
        """What Nginx wrote down of each request, a second or so after its answer."""
        log = self.layout.logs / "nginx" / "access.log"
        written, _, _ = log.read_text().rpartition("\n")  # a line that is being written is none yet
        return [json.loads(line) for line in written.splitlines()]

    def asked(self, since: int = 0) -> set[str]:
        """The web containers that Nginx asked, leaving out the first `since` requests."""
        addresses = {part.strip() for line in self.accesses()[since:] for part in line["worker"].split(",")}
        return {address.rpartition(":")[0] for address in addresses if address}

    def lists_served(self) -> int:
        """How many lists Nginx gave by itself, a second or so late."""
        return (self.layout.logs / "nginx" / "lists.count").stat().st_size

    def run(self, *argv: str) -> str:
        """What `docker compose ARGV…` prints."""
        profile = ["--profile", self._profile] if self._profile else []
        # Not the .env of the person at the keyboard.
        project = ["--project-name", self.name, "--project-directory", str(self._checkout), "--env-file", os.devnull]
        files = [f"--file={file}" for file in self._files]
        return docker("compose", *project, *files, *profile, *argv, env=self._settings)

    def up(self, *argv: str) -> None:
        """Start what does not run; returns when every service is healthy."""
        self.run("up", "--detach", "--wait", "--wait-timeout", "120", *argv)

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

    def remove(self) -> None:
        """Stop it, and remove containers, networks, volumes and the files it wrote."""
        self.run("down", "--volumes", "--remove-orphans", "--timeout", "60")

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
