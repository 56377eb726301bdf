"""Who may know whom. docs/architecture.md says why; a new arrow starts there, not here."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.architecture.sources import PACKAGE, Module, imports, modules

ROOMS: Final[dict[str, frozenset[str]]] = {
    "__main__": frozenset({"cli"}),
    # An edge like `web`: it shows people what a use case answered and what an error says.
    "cli": frozenset({"wiring", "config", "logs", "server", "app", "domain"}),
    "wiring": frozenset(
        {
            "config",
            "logs",
            "domain",
            "ports",
            "app",
            "imaging",
            "storage",
            "db",
            "web",
            "server",
            "metrics",
            "webhooks",
        },
    ),
    "web": frozenset({"app", "domain"}),
    "app": frozenset({"ports", "domain"}),
    "imaging": frozenset({"ports", "domain"}),
    "storage": frozenset({"ports", "domain"}),
    "db": frozenset({"ports", "domain"}),
    # It stands between rooms and counts what passes; a sweep's report is a use case's.
    "metrics": frozenset({"app", "ports", "domain"}),
    "webhooks": frozenset({"ports", "domain"}),
    "ports": frozenset({"domain"}),
    "domain": frozenset(),
    "config": frozenset(),
    "logs": frozenset(),
    "server": frozenset(),
}
# Everybody has the standard library. Of the rest, each package is one room's business, so
# that replacing it is work in one room.
PACKAGES: Final[dict[str, frozenset[str]]] = {
    "cli": frozenset({"dotenv"}),
    "web": frozenset({"multipart"}),
    "imaging": frozenset({"PIL"}),
    "db": frozenset({"psycopg2"}),
    "metrics": frozenset({"prometheus_client"}),
    "storage": frozenset({"boto3", "botocore"}),
}
# Imports that no reading of the text can follow.
HIDDEN: Final = frozenset({"__import__", "import_module", "exec", "eval"})
# The process's own surroundings, read in one place and handed on as values.
SURROUNDINGS: Final = frozenset({"os.environ", "os.environb", "os.getenv", "sys.argv"})
READER: Final = "cli"


def violations(module: Module, known: frozenset[str]) -> list[str]:
    """Every arrow out of `module` that is not drawn."""
    if not module.room:
        return [f"{PACKAGE} itself imports {name}" for name in imports(module, known) if name != "__future__"]
    if module.room not in ROOMS:
        return [f"{module.name} is in no room"]
    return [f"{module.name} imports {name}" for name in imports(module, known) if not _is_allowed(module.room, name)]


def _is_allowed(room: str, name: str) -> bool:
    top, _, rest = name.partition(".")
    if top != PACKAGE:
        return top in sys.stdlib_module_names or top in PACKAGES.get(room, ())
    other = rest.partition(".")[0]
    return other in {"", room} or other in ROOMS[room]


def names_used(module: Module) -> set[str]:
    """Plain names, and `module.attribute` for names that are not computed."""
    used: set[str] = set()
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used |= {node.attr, f"{node.value.id}.{node.attr}"}
        elif isinstance(node, ast.ImportFrom):
            used |= {f"{node.module}.{alias.name}" for alias in node.names} | {alias.name for alias in node.names}
    return used


MODULES: Final = modules()
KNOWN: Final = frozenset(module.name for module in MODULES)
every_module: Final = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)


@every_module
def test_a_module_knows_only_the_rooms_it_may(module: Module) -> None:
    assert violations(module, KNOWN) == []


@every_module
def test_no_import_is_hidden_from_this_test(module: Module) -> None:
    assert names_used(module) & HIDDEN == set()


@every_module
def test_only_the_command_line_reads_environment_and_arguments(module: Module) -> None:
    assert module.room == READER or names_used(module) & SURROUNDINGS == set()


def test_every_room_that_is_drawn_is_there() -> None:
    assert {module.room for module in MODULES} - {""} == set(ROOMS)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("web/handler.py", "from shoebox.db.sqlite import X", "shoebox.web.handler imports shoebox.db.sqlite"),
        ("web/handler.py", "from shoebox import ports", "shoebox.web.handler imports shoebox.ports"),
        ("web/handler.py", "from ..ports import Clock", "shoebox.web.handler imports shoebox.ports"),
        ("web/__init__.py", "from .. import ports", "shoebox.web imports shoebox.ports"),
        (
            "app/upload.py",
            "def f():\n    import shoebox.storage.disk",
            "shoebox.app.upload imports shoebox.storage.disk",
        ),
        ("storage/disk.py", "import shoebox.db", "shoebox.storage.disk imports shoebox.db"),
        ("domain/image.py", "import PIL.Image", "shoebox.domain.image imports PIL.Image"),
        ("web/pages.py", "if TYPE_CHECKING:\n    from PIL import Image", "shoebox.web.pages imports PIL"),
        ("server/master.py", "from shoebox.domain import errors", "shoebox.server.master imports shoebox.domain"),
        ("cellar/wine.py", "import os", "shoebox.cellar.wine is in no room"),
        ("__init__.py", "import os", "shoebox itself imports os"),
    ],
)
def test_an_arrow_that_is_not_drawn_is_found(path: str, text: str, told: str, tmp_path: Path) -> None:
    for name in ("ports.py", "web/handler.py", path):
        (tmp_path / PACKAGE / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / PACKAGE / name).write_text("")
    (tmp_path / PACKAGE / path).write_text(text)
    tree = modules(tmp_path)
    found = [line for module in tree for line in violations(module, frozenset(known.name for known in tree))]
    assert found == [told]
