"""Who a service runs as. Root starts them, but none of them runs as root."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Checkouts and work folders of root are often closed to everybody else (/root, mktemp -d).
# These let a service that is not root still find its files there, and nothing more than that
# where the kernel offers it (containers often keep only the second).
_REACHING_CAPABILITIES: Final = ((2, "dac_read_search"), (1, "dac_override"))  # linux/capability.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A system user to start a process as; `name` None is whoever we are."""

    name: str | None
    uid: int
    gid: int

    def command(self, argv: Sequence[str], *, reaching: Iterable[Path]) -> list[str]:
        """`argv`, wrapped so that it runs as this account and can get to each of `reaching`."""
        if self.name is None:
            return list(argv)
        wrapper = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--init-groups"]
        if not all(_can_reach(path, self) for path in reaching):
            capability = _reaching_capability()
            wrapper += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
        return [*wrapper, "--", *argv]

    def give(self, file: Path) -> None:
        """Make this account the owner of a file."""
        if self.name is not None:
            os.chown(file, self.uid, self.gid)

    def own(self, folder: Path) -> Path:
        """Make `folder` if need be and give it to this account, with what another one left in it."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.name is not None and folder.stat().st_uid != self.uid:
            for parent, _, files in os.walk(folder):
                os.chown(parent, self.uid, self.gid)
                for name in files:
                    os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)
        return folder


def account(*candidates: str) -> Account:
    """The first of `candidates` that exists here, if we are root; otherwise ourselves."""
    if os.geteuid() != 0:
        return Account(name=None, uid=os.geteuid(), gid=os.getegid())
    for name in candidates:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise LookupError(f"none of the system users {', '.join(candidates)} exists here")


def _can_reach(path: Path, user: Account) -> bool:
    """Whether every folder on the way to `path` lets `user` through."""
    for folder in (path, *path.parents):
        try:
            status = folder.stat()
        except FileNotFoundError:
            continue
        shift = 6 if status.st_uid == user.uid else 3 if status.st_gid == user.gid else 0
        if not status.st_mode >> shift & 0o1:
            return False
    return True


def _reaching_capability() -> str:
    status = Path("/proc/self/status").read_text()
    held = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), 16)
    for bit, name in _REACHING_CAPABILITIES:
        if held >> bit & 1:
            return name
    raise PermissionError("the work folder is closed to other users; choose another STATE_DIR")
