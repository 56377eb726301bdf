"""Where a run keeps its things, and the secrets it made for itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tests.stack.checkout import CHECKOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The folders of one run. `work` holds configuration, the database and the secrets."""

    images: Path
    logs: Path
    work: Path

    @classmethod
    def of(cls, state: Path | None, settings: Mapping[str, str]) -> Self:
        """All under `state`; without it in the checkout's own folders. IMAGES_DIR and LOG_DIR win."""
        base = state.absolute() if state else CHECKOUT
        return cls(
            images=Path(settings.get("IMAGES_DIR") or base / "img_storage").absolute(),
            logs=Path(settings.get("LOG_DIR") or base / "logs").absolute(),
            work=(base if state else base / ".state") / "stack",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Passwords of one run, made once and kept where only their owner can read them."""

    superuser: str
    postgres: str
    pgbouncer: str

    @classmethod
    def kept_in(cls, folder: Path) -> Self:
        """Those made at an earlier start, or new ones."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "secrets.json"
        if not path.exists():
            made = cls(**{field: secrets.token_urlsafe(24) for field in cls.__dataclass_fields__})
            draft = path.with_suffix(".new")
            draft.touch(0o600)
            draft.write_text(json.dumps(asdict(made)))
            draft.replace(path)
        return cls(**json.loads(path.read_text()))
