"""The description says what the routes do, no more and no less."""

from __future__ import annotations

from collections import Counter

from shoebox.web.openapi import document
from shoebox.web.routes import ROUTES

DOCUMENT = document("1.2.3")
OPERATIONS = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def test_every_route_is_described_and_nothing_else() -> None:
    routes = {(method, path.replace("{path*}", "{path}")) for method, path, _ in ROUTES}
    assert routes == set(OPERATIONS)


def test_every_parameter_of_a_path_is_described() -> None:
    for (_, path), operation in OPERATIONS.items():
        described = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert described == {part[1:-1] for part in path.split("/") if part[:1] == "{"}


def test_operations_are_told_apart_by_their_ids() -> None:
    ids = Counter(operation["operationId"] for operation in OPERATIONS.values())
    assert [name for name, count in ids.items() if count > 1] == []


def test_every_tag_is_in_the_order_of_tags() -> None:
    used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}
    assert used == {tag["name"] for tag in DOCUMENT["tags"]}


def test_it_tells_its_version() -> None:
    assert (DOCUMENT["openapi"], DOCUMENT["info"]["version"]) == ("3.1.0", "1.2.3")
