"""What Nginx alone reaches: an answer out of its memory, and a file.

No `open_file_cache`: with it a deleted picture would go on being served, so it is no limit of
ours. `like_ours` writes our log's words and sends our headers, which tells what those cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.contestants.programs import nginx
from tests.bench.processes import family
from tests.stack.ports import LOOPBACK, free_port

AUTO: Final = "auto"  # a process a core, as in the stack
_CONF: Final = Path(__file__).with_name("static.conf")
_PIECE: Final = 2000  # characters; Nginx reads no longer words than 4096 bytes
_LEFT_OUT: Final = frozenset({"server", "date", "content-length", "content-type", "connection", "keep-alive", "etag"})
_OUR_HEADERS: Final = """
        add_header Content-Security-Policy "default-src 'none'; sandbox" always;
        add_header X-Content-Type-Options nosniff always;
        add_header Cache-Control "public, max-age=31536000, immutable";
        add_header X-Request-ID $request_id always;"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A running Nginx that answers every GET below `base_url`."""

    name: str
    base_url: str
    process_ids: Callable[[], tuple[int, ...]]


@contextmanager
def constant(folder: Path, *, body: str, headers: Mapping[str, str], processes: int | str = AUTO) -> Iterator[Front]:
    """`return 200` with this text and, but for what Nginx says by itself, these headers."""
    lines = [f"add_header {name} {_word(value)};" for name, value in headers.items() if name.lower() not in _LEFT_OUT]
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "text/plain")
    pieces = [body[start : start + _PIECE] for start in range(0, len(body), _PIECE)]
    lines += [f"set $piece{number} {_word(piece)};" for number, piece in enumerate(pieces)]
    whole = "".join(f"${{piece{number}}}" for number in range(len(pieces)))
    lines += [f"default_type {_word(kind)};", f'location / {{ return 200 "{whole}"; }}']
    with _front("nginx-return", folder, server="\n".join(lines), processes=processes) as front:
        yield front


@contextmanager
def static(folder: Path, *, root: Path, processes: int | str = AUTO, like_ours: bool = False) -> Iterator[Front]:
    """The files in `root`, which an ordinary user must be able to read."""
    server = f'root "{root}";{_OUR_HEADERS if like_ours else ""}'
    name = "nginx-static-like-ours" if like_ours else "nginx-static"
    log = "lines" if like_ours else "combined"
    with _front(name, folder, server=server, processes=processes, log=log, reaching=root) as front:
        yield front


@contextmanager
def _front(
    name: str,
    folder: Path,
    *,
    server: str,
    processes: int | str,
    log: str = "combined",
    reaching: Path | None = None,
) -> Iterator[Front]:
    text = _CONF.read_text().replace("@PROCESSES@", str(processes)).replace("@LOG@", log).replace("@SERVER@", server)
    port = free_port()
    paths = [reaching] if reaching else []
    with nginx(name, text, folder / f"{name}-{processes}", port=port, reaching=paths) as process:
        yield Front(name=name, base_url=f"http://{LOOPBACK}:{port}", process_ids=lambda: family(process.pid))


def _word(text: str) -> str:
    """As a word of Nginx's configuration, which knows no way to write a dollar sign."""
    if "$" in text:
        raise ValueError("Nginx would take $ for the beginning of a variable")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
