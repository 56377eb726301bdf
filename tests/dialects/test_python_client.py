"""The Python client in one file does what its docstrings say, and as a program too."""

from __future__ import annotations

import ast
import importlib.util
import secrets
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.client import Client
from tests.pictures import picture

FILE = Path(__file__).parents[2] / "clients" / "python" / "shoebox.py"


@pytest.fixture(scope="module")
def module() -> ModuleType:
    # Under a name of its own: `shoebox` is the server's package here.
    specification = importlib.util.spec_from_file_location("shoebox_client", FILE)
    assert specification is not None
    assert specification.loader is not None
    loaded = importlib.util.module_from_spec(specification)
    sys.modules["shoebox_client"] = loaded
    specification.loader.exec_module(loaded)
    return loaded


def test_it_needs_nothing_but_python() -> None:
    imported = {
        (node.module or "").partition(".")[0]
        if isinstance(node, ast.ImportFrom)
        else node.names[0].name.partition(".")[0]
        for node in ast.walk(ast.parse(FILE.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= sys.stdlib_module_names


def test_a_file_goes_up_is_looked_at_fetched_and_deleted(client: Client, module: ModuleType, tmp_path: Path) -> None:
    box, data = module.Shoebox(client.url), picture(400, 300)
    (tmp_path / "Пляж 1.png").write_bytes(data)
    image = box.upload(tmp_path / "Пляж 1.png")
    assert (image.original_name, image.width, image.height, image.size) == ("Пляж 1.png", 400, 300, len(data))
    assert box.get(image.filename) == image
    assert box.read(image.filename) == data
    assert box.thumbnail(image.filename, 160)[8:12] == b"WEBP"
    box.delete(image.filename)
    with pytest.raises(module.ShoeboxError) as caught:
        box.delete(image.filename)
    assert (caught.value.status, caught.value.code) == (404, "not_found")


def test_a_collection_is_walked_page_by_page(
    client: Client, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    box, collection = module.Shoebox(client.url), f"walk-{secrets.token_hex(6)}"
    stored = [box.upload(picture(), name=f"{n}.png", collection=collection) for n in range(5)]
    assert list(box.images(collection=collection)) == stored[::-1]
    assert list(box.images(collection=collection, direction="asc")) == stored
    assert [image.original_name for image in box.images(collection=collection, name="3.P")] == ["3.png"]


def test_a_refusal_says_why(client: Client, module: ModuleType) -> None:
    with pytest.raises(module.ShoeboxError, match="JPEG") as caught:
        module.Shoebox(client.url).upload(b"no picture")
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (415, "unsupported_format", None)


def test_health_is_told(client: Client, module: ModuleType) -> None:
    assert module.Shoebox(client.url + "/").health()["status"] == "healthy"


def test_as_a_program_it_prints_a_link_a_file(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / "b.txt").write_bytes(b"text")
    command = [sys.executable, FILE, client.url, tmp_path / "a.png", tmp_path / "b.txt"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert client.get(done.stdout.strip().removeprefix(client.url)).status == 200
    assert "b.txt: " in done.stderr
