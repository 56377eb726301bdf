"""The source files of the package, as the tests of its structure read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[2] / "src"
PACKAGE: Final = "shoebox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One source file. `name` is dotted; a package goes by its own name."""

    name: str
    path: Path

    @property
    def room(self) -> str:
        """The first name below the package; the package itself is nobody's room."""
        return ".".join(self.name.split(".")[1:2])

    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))


def module_of(path: Path, source: Path) -> Module:
    parts = path.relative_to(source).with_suffix("").parts
    return Module(name=".".join(parts[:-1] if parts[-1] == "__init__" else parts), path=path)


def modules(source: Path = SOURCE) -> list[Module]:
    return [module_of(path, source) for path in sorted((source / PACKAGE).rglob("*.py"))]


def imports(module: Module, known: frozenset[str]) -> Iterator[str]:
    """Every module that `module` imports anywhere in its text, dotted.

    `from a import b` is the module `a.b` where `known` has one, else `a`. What stands under
    `TYPE_CHECKING` or in a function counts: knowing is knowing.
    """
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            for alias in node.names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    is_package = module.path.stem == "__init__"
    parts = module.name.split(".")
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])
