"""Nginx, from the same template the containers use."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.stack.accounts import account
from tests.stack.checkout import CHECKOUT
from tests.stack.ports import LOOPBACK, free_port
from tests.stack.process import Process, StackError, descendants, wait_until
from tests.stack.service import Service, configure

START_PATIENCE: Final = 60.0  # seconds
CHANGE_PATIENCE: Final = 90.0  # seconds; a process that still sends has sixty
SERVICE: Final = CHECKOUT / "services" / "nginx"


class Nginx(Service):
    """The front door, in front of the workers at `first_worker` and the ports after it.

    `settings` are the contract's, as text. Its logs are under `log_folder`/nginx, its
    configuration and its temporary files in `folder`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        first_worker: int,
        images_dir: Path,
        log_folder: Path,
        port: int | None = None,
        listen: str = LOOPBACK,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._account = account("www-data", "nobody")
        self._folder = folder
        self._log_folder = log_folder
        self.port: Final = port or free_port()
        self._settings = {
            "FRONTEND_DIR": str(CHECKOUT / "services" / "frontend"),
            **(settings or {}),
            "PORT": str(self.port),
            "NGINX_LISTEN": listen,
            "WEB_SERVER_START_PORT": str(first_worker),
            "IMAGES_DIR": str(images_dir),
            "LOG_DIR": str(log_folder),
        }
        self._reaching = [folder, log_folder, images_dir, SERVICE, Path(self._settings["FRONTEND_DIR"])]
        if lists := self._settings.get("LIST_CACHE_DIR"):
            self._reaching.append(Path(lists))
        self.process = Process(
            name="nginx",
            argv=self._command(),
            folder=folder,
            output=folder / "nginx.out",
            account=self._account,
            reaching=self._reaching,
            stop_signal=signal.SIGQUIT,  # answers what it is answering
        )

    @property
    def url(self) -> str:
        """Where visitors come in, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def access_log(self) -> Path:
        """One JSON object a line, written within a second of the answer."""
        return self._log_folder / "nginx" / "access.log"

    @property
    def error_log(self) -> Path:
        """Nginx's own words about what went wrong."""
        return self._log_folder / "nginx" / "error.log"

    def start(self) -> None:
        """Fill the template and start; returns when it takes connections (the workers may be away)."""
        self._account.own(self._folder)
        self._account.own(self.access_log.parent)
        self.render()
        self.process.start()
        wait_until(self._listens, patience=START_PATIENCE, what="Nginx listens")

    def change(self, settings: Mapping[str, str]) -> None:
        """Reload with further settings; returns when no process with the earlier ones is left."""
        self._settings |= settings
        before = set(descendants(self.process.pid))
        self.render()
        self.process.signal(signal.SIGHUP)
        wait_until(
            lambda: not before & set(descendants(self.process.pid)), patience=CHANGE_PATIENCE, what="Nginx reloads"
        )

    def render(self) -> Path:
        """Fill the template and let Nginx check it. Raises `StackError` with its words."""
        argv = ["sh", str(SERVICE / "render.sh"), str(self._folder)]
        for command in (argv, [*self._command(), "-t"]):
            configure(self._account, command, settings=self._settings, reaching=self._reaching)
        return self._folder / "nginx.conf"

    def _command(self) -> list[str]:
        # -e: otherwise the system's own log file is tried before the configuration is read.
        errors = str(self.error_log)
        return [program(), "-p", str(self._folder), "-e", errors, "-c", str(self._folder / "nginx.conf")]

    def _listens(self) -> bool:
        if not self.process.alive:
            raise StackError(f"Nginx does not start:\n{self.process.tail()}")
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=START_PATIENCE).close()
        except OSError:
            return False
        return True


def program() -> str:
    """Where Nginx is. Raises `StackError` when it is nowhere."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        raise StackError("Nginx is not installed: apt-get install nginx-light")
    return found
