"""A mixin is honest: one public verb, no state, nothing that depends on its neighbours."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.architecture.sources import SOURCE, Module, imports, module_of, modules

FOLDER: Final = "shoebox.web.mixins"
SUFFIX: Final = "Mixin"


def mixins(module: Module) -> Iterator[ast.ClassDef]:
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.ClassDef) and node.name.endswith(SUFFIX):
            yield node


def faults(mixin: ast.ClassDef) -> list[str]:
    """What is dishonest about a mixin."""
    found = [f"has a base: {ast.unparse(base)}" for base in mixin.bases]
    verbs = [name for name in methods(mixin) if not name.startswith("_")]
    if len(verbs) != 1:
        found.append(f"has {len(verbs)} public verbs: {verbs}")
    found += [f"defines {name}" for name in methods(mixin) if name.startswith("__")]
    found += [f"keeps {ast.unparse(node)}" for node in mixin.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    for node in ast.walk(mixin):
        if isinstance(node, ast.Name) and node.id == "super":
            found.append("calls super()")
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del) and _is_self(node.value):
            found.append(f"changes self.{node.attr}")
    return found


def methods(mixin: ast.ClassDef) -> list[str]:
    return [node.name for node in mixin.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def neighbours(module: Module) -> list[str]:
    """The other mixins that a module imports."""
    return [name for name in imports(module, frozenset()) if name.startswith(FOLDER)]


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


MODULES: Final = [module for module in modules() if module.name.startswith(f"{FOLDER}.")]
every_module: Final = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)


def test_there_are_mixins_to_look_at() -> None:
    assert len([mixin for module in MODULES for mixin in mixins(module)]) >= 5


@every_module
def test_a_mixin_has_one_verb_and_no_state(module: Module) -> None:
    assert {mixin.name: faults(mixin) for mixin in mixins(module) if faults(mixin)} == {}


@every_module
def test_no_mixin_knows_another(module: Module) -> None:
    assert neighbours(module) == []


def test_all_mixins_live_in_their_folder() -> None:
    elsewhere = [module for module in modules(SOURCE) if not module.name.startswith(FOLDER)]
    assert [mixin.name for module in elsewhere for mixin in mixins(module)] == []


def test_no_two_mixins_share_a_name_so_their_order_cannot_matter() -> None:
    names = [name for module in MODULES for mixin in mixins(module) for name in methods(mixin)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("def read(self): ...\n def write(self): ...", "has 2 public verbs: ['read', 'write']"),
        ("def _read(self): ...", "has 0 public verbs: []"),
        ("def __init__(self): ...\n def read(self): ...", "defines __init__"),
        ("seen = []\n def read(self): ...", "keeps seen = []"),
        ("seen: list[int]\n def read(self): ...", "keeps seen: list[int]"),
        ("def read(self): self.seen = 1", "changes self.seen"),
        ("def read(self): self.seen += 1", "changes self.seen"),
        ("def read(self): super().read()", "calls super()"),
    ],
)
def test_a_dishonest_mixin_is_found(body: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text(f"class SomeMixin:\n {body}\n")
    assert [fault for mixin in mixins(module_of(path, tmp_path)) for fault in faults(mixin)] == [told]
