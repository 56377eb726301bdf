"""The folders a run writes to: made if missing, named with the way out if unusable."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from shoebox.config import Config, ConfigError


def prepare(config: Config) -> None:
    """Make and try every folder. Raises `ConfigError` with a line for each that can't be used."""
    folders = {"IMAGES_DIR": config.images_dir, "LOG_DIR": config.logs.folder}
    if config.web.list_cache:
        folders["LIST_CACHE_DIR"] = config.web.list_cache
    if config.database.postgres is None:
        folders["DATABASE_PATH"] = config.database.path.parent
    _try(folders)
    if config.storage.remote and find_spec("boto3") is None:
        raise ConfigError(
            [
                "STORAGE='s3' is not usable: boto3 is not installed; allowed is `disk`, or s3 after "
                "pip install -r services/backend/requirements-s3.lock"
            ]
        )


def prepare_backups(config: Config) -> None:
    """The same for the folder of backups, which only some commands need."""
    _try({"BACKUPS_DIR": config.backups.folder})


def _try(folders: Mapping[str, Path]) -> None:
    problems = [line for variable, folder in folders.items() if (line := _problem(variable, folder))]
    if problems:
        raise ConfigError(problems)


def _problem(variable: str, folder: Path) -> str | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return None  # full is no reason not to start: what is there can be looked at and deleted
        owner = f"{os.geteuid()}:{os.getegid()}"
        return (
            f"{variable}: cannot write to {str(folder)!r} ({error.strerror}); allowed is a folder that user "
            f"{os.geteuid()} may write to: sudo mkdir -p '{folder}' && sudo chown -R {owner} '{folder}'"
        )
