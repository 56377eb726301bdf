"""Honest mixins: one verb each, no state, no order, no secrets between them.

The rules are those of docs/architecture.md; they are read off the source and off the class
that is put together from the mixins.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from dataclasses import is_dataclass
from pathlib import Path

import pytest

import shoebox.web.mixins
from shoebox.web.handler import Handler

FOLDER = Path(shoebox.web.mixins.__path__[0])
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def tree(module: str) -> ast.Module:
    return ast.parse((FOLDER / f"{module}.py").read_text("utf-8"))


def mixin(module: str) -> ast.ClassDef:
    found = [node for node in tree(module).body if isinstance(node, ast.ClassDef) and node.name.endswith("Mixin")]
    assert len(found) == 1, f"{module} holds one mixin"
    return found[0]


def methods(module: str) -> list[ast.FunctionDef]:
    return [node for node in mixin(module).body if isinstance(node, ast.FunctionDef)]


def plain_functions(module: str) -> set[str]:
    return {node.name for node in tree(module).body if isinstance(node, ast.FunctionDef)}


def test_there_are_mixins() -> None:
    assert {"routing", "pagination", "sorting", "json_body", "conditional"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_mixin_has_one_public_verb_and_nothing_else(module: str) -> None:
    (verb,) = methods(module)
    assert not verb.name.startswith("_")


@pytest.mark.parametrize("module", MODULES)
def test_a_mixin_has_no_bases_and_no_attributes(module: str) -> None:
    node = mixin(module)
    assert (node.bases, node.keywords, node.decorator_list) == ([], [], [])
    docstring, verb = node.body
    assert (type(docstring), type(verb)) == (ast.Expr, ast.FunctionDef)


@pytest.mark.parametrize("module", MODULES)
def test_a_mixin_keeps_nothing_and_calls_no_other(module: str) -> None:
    for item in ast.walk(mixin(module)):
        assert not (isinstance(item, ast.Name) and item.id in {"super", "setattr", "vars", "globals"})
        assert not isinstance(item, ast.Global | ast.Nonlocal)
        assert not (isinstance(item, ast.Attribute) and not isinstance(item.ctx, ast.Load)), "no self.x = …"
        assert not (isinstance(item, ast.Attribute) and item.attr == "__dict__")


@pytest.mark.parametrize("module", MODULES)
def test_the_work_is_done_by_a_plain_function_beside_it(module: str) -> None:
    (verb,) = methods(module)
    (statement,) = [item for item in verb.body if not isinstance(item, ast.Expr)]
    assert isinstance(statement, ast.Return)
    assert isinstance(statement.value, ast.Call)
    assert isinstance(statement.value.func, ast.Name)
    assert statement.value.func.id in plain_functions(module)


@pytest.mark.parametrize("module", MODULES)
def test_what_a_mixin_needs_of_the_handler_is_a_protocol(module: str) -> None:
    (verb,) = methods(module)
    used = {
        item.attr
        for item in ast.walk(verb)
        if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name) and item.value.id == "self"
    }
    annotation = verb.args.args[0].annotation
    if not used:
        assert annotation is None
        return
    assert isinstance(annotation, ast.Name), "self is annotated"
    protocol = getattr(importlib.import_module(f"shoebox.web.mixins.{module}"), annotation.id)
    assert getattr(protocol, "_is_protocol", False)
    assert used <= set(dir(protocol))


@pytest.mark.parametrize("module", MODULES)
def test_no_mixin_imports_another(module: str) -> None:
    for node in ast.walk(tree(module)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            names = [node.module or ""]
        assert not [name for name in names if name.startswith("shoebox.web.mixins")]


@pytest.mark.parametrize("module", MODULES)
def test_values_that_mixins_make_are_frozen(module: str) -> None:
    made = importlib.import_module(f"shoebox.web.mixins.{module}")
    for name, value in inspect.getmembers(made, inspect.isclass):
        if value.__module__ == made.__name__ and is_dataclass(value):
            assert value.__dataclass_params__.frozen, name  # type: ignore[attr-defined]
            assert "__dict__" not in dir(value), name


def test_public_names_are_disjoint_so_that_the_order_cannot_matter() -> None:
    """No name of a mixin is defined by any other class the handler is made of."""
    for module in MODULES:
        (verb,) = methods(module)
        holders = [kind for kind in Handler.__mro__ if verb.name in vars(kind)]
        assert [kind.__name__ for kind in holders] == [mixin(module).name]


def test_every_mixin_is_used() -> None:
    bases = {base.__name__ for base in Handler.__mro__}
    assert {mixin(module).name for module in MODULES} <= bases
