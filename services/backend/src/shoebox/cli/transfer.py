"""Commands that carry pictures in and out: import, export."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import IO, BinaryIO, Final

from shoebox import wiring
from shoebox.app.importing import Importer, Source, Taken, Verdict
from shoebox.cli import tables
from shoebox.cli.maintenance import BAR_WIDTH, failed, prepare
from shoebox.config import Config
from shoebox.domain.errors import ShoeboxError
from shoebox.domain.names import is_collection

REDRAW: Final = 0.1  # seconds between two looks of the bar
THREADS: Final = 2  # for each decoder: one waits for the disk while the other's picture is decoded
AHEAD: Final = 4  # files for each thread that are lined up; more would only take memory


@dataclass(frozen=True, slots=True)
class _File:
    """A file to take in, and what it is called in the report."""

    label: str
    source: Source


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """What `import` takes besides the settings."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="its pictures, and those of the folders in it")
    parser.add_argument("--collection", help="put them into this collection")
    parser.add_argument("--now", action="store_true", help="uploaded now; otherwise when the file was last changed")
    parser.add_argument("--processes", type=int, metavar="N", help="decoders; one a core")
    parser.add_argument(
        "--table",
        type=Path,
        metavar="FILE",
        help="an older system's table (CSV, JSON or SQLite with filename, original_name, upload_time, collection): "
        "its pictures keep their names, times and old addresses",
    )
    parser.add_argument("--table-name", metavar="NAME", help="the table in a SQLite file")


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """What `export` takes besides the settings."""
    parser.add_argument("file", metavar="FILE.zip", type=Path, help="what to write; - is standard output")


def take_in(config: Config, arguments: argparse.Namespace) -> int:
    """Import, and report; exit code 1 if it could not be finished. It can be repeated."""
    if not arguments.folder.is_dir():
        return failed(f"{arguments.folder} is no folder")
    if arguments.collection and not is_collection(arguments.collection):
        return failed(f"{arguments.collection} cannot be a collection")
    prepare(config, quiet=True)  # a line for each picture would wash the bar away
    count = max(1, arguments.processes or len(os.sched_getaffinity(0)))
    counts: Counter[Verdict] = Counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as refused:
        try:
            wiring.migrate(config)
            bar = _Bar(sum(1 for _ in _files(arguments)))
            with wiring.importing(config, decoders=count, threads=count * THREADS) as importer:
                for label, taken in _take_all(importer, _files(arguments), count * THREADS):
                    counts[taken.verdict] += 1
                    if taken.verdict is Verdict.REFUSED:
                        print(f"refused: {label}: {taken.reason}", file=refused)
                    bar.show(counts.total())
            bar.end()
        except (ShoeboxError, tables.TableError) as error:
            _report(counts, refused)
            return failed(f"{error} What was imported stays; say the same again to go on.")
        except KeyboardInterrupt:
            _report(counts, refused)
            return failed("Stopped. What was imported stays; say the same again to go on.")
        _report(counts, refused)
    return 0


def write_out(config: Config, arguments: argparse.Namespace) -> int:
    """Export into a file that is there when it is whole; exit code 1 if it failed."""
    prepare(config)
    bar = _Bar(0)

    def report(done: int, total: int) -> None:
        bar.total = total
        bar.show(done)

    exporter = wiring.build_exporter(config)
    try:
        if str(arguments.file) == "-":
            exporter.write(sys.stdout.buffer, report)
            return 0
        count = _whole(arguments.file, lambda file: exporter.write(file, report))
    except (ShoeboxError, OSError) as error:
        return failed(str(error))
    bar.end()
    print(f"{arguments.file}: {count} pictures")
    return 0


def _whole(target: Path, write: Callable[[BinaryIO], int]) -> int:
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as file:
            count = write(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return count


def _take_all(importer: Importer, files: Iterator[_File], threads: int) -> Iterator[tuple[str, Taken]]:
    """A few at a time, in whichever order they are done."""
    with ThreadPoolExecutor(threads) as pool:
        running: dict[Future[Taken], str] = {}
        try:
            while True:
                for file in itertools.islice(files, threads * AHEAD - len(running)):
                    running[pool.submit(importer.take, file.source)] = file.label
                if not running:
                    return
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(done), done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _files(arguments: argparse.Namespace) -> Iterator[_File]:
    if arguments.table:
        return _from_table(arguments)
    return _from_folder(arguments)


def _from_folder(arguments: argparse.Namespace) -> Iterator[_File]:
    """In order of their names, without hidden ones and without following links."""
    for folder, subfolders, names in os.walk(arguments.folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            uploaded_at = None if arguments.now else _changed(path)
            source = Source(
                open=_opener(path), original_name=name, uploaded_at=uploaded_at, collection=arguments.collection
            )
            yield _File(os.fsencode(path).decode("utf-8", "replace"), source)


def _from_table(arguments: argparse.Namespace) -> Iterator[_File]:
    for entry in tables.read(arguments.table, arguments.table_name):
        # Only what lies in the folder: a table's text may say anything.
        name = entry.filename.replace("\\", "/").rpartition("/")[2]
        path = arguments.folder / (name or ".")
        source = Source(
            open=_opener(path),
            original_name=entry.original_name,
            old_name=name,
            uploaded_at=entry.uploaded_at or _changed(path),
            collection=entry.collection or arguments.collection,
        )
        yield _File(name, source)


def _opener(path: Path) -> Callable[[], BufferedReader]:
    return lambda: open(path, "rb", opener=_no_link)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _changed(path: Path) -> datetime | None:
    """When a file was last changed; None, which is now, where that is unknown or still to come."""
    with suppress(OSError, OverflowError, ValueError):
        moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return moment if moment < datetime.now(UTC) else None
    return None


def _report(counts: Counter[Verdict], refused: IO[str]) -> None:
    refused.seek(0)
    for line in refused:
        print(line, end="")
    print(", ".join(f"{verdict.value} {counts[verdict]}" for verdict in Verdict))


class _Bar:
    """How far it is, on a terminal."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._drawn = 0.0
        self._watched = sys.stderr.isatty()

    def show(self, done: int) -> None:
        """Draw it, but not too often."""
        now = time.monotonic()
        if not self._watched or (now - self._drawn < REDRAW and done < self.total):
            return
        self._drawn = now
        filled = BAR_WIDTH * done // max(self.total, 1)
        bar = "█" * filled + "·" * (BAR_WIDTH - filled)
        print(f"\r{bar} {done}/{self.total}\x1b[K", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._watched:
            print(file=sys.stderr)
