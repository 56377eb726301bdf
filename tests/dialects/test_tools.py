"""The tools that the page offers: each is taken at its word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.client import Client, File
from tests.pictures import picture

HOST = "pictures.example:8443"
TAKE = {
    "flameshot": 'printf "%s" "$*" | grep -qx "gui --raw" && cat "$SHOT"',
    "grim": 'test "$1" = -g && test "$2" = "1,2 3x4" && cat "$SHOT" >"$3"',
    "screencapture": 'test "$1" = -i && cat "$SHOT" >"$2"',
}


def path_of(client: Client, link: str) -> str:
    assert link.startswith(client.url)
    return link.removeprefix(client.url)


def test_the_page_offers_every_tool_for_this_host(client: Client) -> None:
    page = client.get("/tools/", {"Host": HOST})
    assert (page.status, page.type) == (200, "text/html")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert f"http://{HOST}/" in page.text
    offered = set(re.findall(r'href="/tools/([^"]+)"', page.text))
    assert offered == {"shoebox.sxcu", "shoebox.sh", "shortcut.txt"}
    for name in offered:
        tool = client.get(f"/tools/{name}", {"Host": HOST})
        assert tool.status == 200
        assert f"http://{HOST}" in tool.text
        assert client.url not in tool.text
        assert "@" not in tool.text
    assert client.get("/tools/nothing").status == 404


def test_sharex_uploads_as_its_file_says(client: Client) -> None:
    told = client.get("/tools/shoebox.sxcu").json
    assert (told["RequestMethod"], told["Body"]) == ("POST", "MultipartFormData")
    assert told["DestinationType"] == "ImageUploader"
    file = File(name="a.png", data=picture(), field=told["FileFormName"])
    answer = client.upload_all([file], path=path_of(client, told["RequestURL"]), headers=told["Headers"])
    filled = {name: re.sub(r"{json:(\w+)}", lambda found: answer.json[found[1]], told[name]) for name in LINKS}
    assert client.get(path_of(client, filled["URL"])).body == file.data
    assert client.get(path_of(client, filled["ThumbnailURL"])).type == "image/webp"
    assert client.get(path_of(client, filled["DeletionURL"])).type == "text/html"
    refused = client.upload("a.png", b"text", path=path_of(client, told["RequestURL"]), headers=told["Headers"])
    assert told["ErrorMessage"] == "{json:detail}"
    assert refused.json["detail"]


LINKS = ("URL", "ThumbnailURL", "DeletionURL")


def test_the_shortcut_uploads_as_its_recipe_says(client: Client) -> None:
    recipe = client.get("/tools/shortcut.txt").text
    said = dict(re.findall(r"^ +(URL|Method|Request Body): (.+)$", recipe, re.MULTILINE))
    key = re.search(r"Key: (\w+)", recipe)
    assert key is not None
    assert (said["Method"], said["Request Body"]) == ("POST", "Form")
    data = picture()
    answer = client.upload_all([File(name="IMG_0001.png", data=data, field=key[1])], path=path_of(client, said["URL"]))
    assert client.get(path_of(client, answer.text.strip())).body == data


@pytest.fixture
def script(client: Client, tmp_path: Path) -> Path:
    path = tmp_path / "shoebox.sh"
    path.write_bytes(client.get("/tools/shoebox.sh").body)
    return path


def run(script: Path, *files: str, tools: Path) -> subprocess.CompletedProcess[str]:
    surroundings = {"PATH": str(tools), "SHOT": str(script.parent / "shot.png"), "DISPLAY": ":0", "HOME": "/"}
    command = [shutil.which("sh") or "sh", str(script), *files]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=60)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with what every system has, and a clipboard that is a file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("curl", "mktemp", "rm", "date", "cat", "grep", "test", "printf"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(os.path.realpath(found))
    made(folder, "xclip", f'cat >"{tmp_path}/clipboard"')
    return folder


def made(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("taker", sorted(TAKE))
def test_the_script_sends_a_screenshot_and_copies_its_link(
    client: Client, script: Path, tools: Path, tmp_path: Path, taker: str
) -> None:
    (tmp_path / "shot.png").write_bytes(picture())
    made(tools, taker, TAKE[taker])
    if taker == "grim":
        made(tools, "slurp", "echo 1,2 3x4")
    done = run(script, tools=tools)
    assert done.returncode == 0, done.stderr
    assert client.get(path_of(client, done.stdout.strip())).body == (tmp_path / "shot.png").read_bytes()
    assert (tmp_path / "clipboard").read_text() == done.stdout


def test_the_script_sends_files_whatever_they_are_called(client: Client, script: Path, tools: Path) -> None:
    names = ["a b.png", "[1-3] {x,y}.png", "50%;&'é.png"]
    for name in names:
        (script.parent / name).write_bytes(picture())
    done = run(script, *(str(script.parent / name) for name in names), tools=tools)
    assert done.returncode == 0, done.stderr
    keys = [link.rpartition("/")[2] for link in done.stdout.splitlines()]
    assert [client.get(f"/api/images/{key}").json["original_name"] for key in keys] == names


def test_the_script_says_why_a_file_was_refused(script: Path, tools: Path) -> None:
    (script.parent / "a.txt").write_bytes(b"text")
    done = run(script, str(script.parent / "a.txt"), tools=tools)
    assert (done.returncode, done.stdout) == (1, "")
    assert "JPEG" in done.stderr


def test_the_script_says_what_it_needs_for_a_screenshot(script: Path, tools: Path) -> None:
    done = run(script, tools=tools)
    assert done.returncode == 1
    assert "flameshot" in done.stderr
