"""Other people's clients, played: their calls by curl itself, their pages' requests by a browser.

The pages are ours: small, and they ask for what those of the older systems ask for, with the same
means (a form, fetch, XMLHttpRequest as axios uses it), and read from the answers what those read.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, Route

TIMEOUT: Final = 60  # seconds

# `ask` is fetch; `axios` is what that library makes of a call in a browser: an XMLHttpRequest with this Accept, the
# browser's own Content-Type for forms, and an error for every status that is not 2xx.
SCRIPT: Final = """
const chosen = () => document.querySelector('input[type=file]').files[0];
const ask = async (url, options) => {
    const answer = await fetch(url, options);
    const text = await answer.text();
    const type = answer.headers.get('content-type') || '';
    return {status: answer.status, ok: answer.ok, type, data: type.includes('json') ? JSON.parse(text) : text};
};
const axios = ({method, url, data}) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method.toUpperCase(), url, true);
    request.setRequestHeader('Accept', 'application/json, text/plain, */*');
    request.onload = () => {
        let told = request.responseText;
        try { told = JSON.parse(told); } catch { /* as axios does: it stays text */ }
        resolve({status: request.status, ok: request.status < 300, data: told});
    };
    request.onerror = () => reject(new Error('Network Error'));
    request.send(data ?? null);
});
const loads = url => new Promise(resolve => {
    const image = new Image();
    image.onload = () => resolve(image.naturalWidth);
    image.onerror = () => resolve(0);
    image.src = url;
});
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What curl printed."""

    status: int
    type: str
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


class Curl:
    """curl, run in `folder` against `url`."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url

    def __call__(self, *arguments: str) -> Told:
        """Run it; the last argument is a path, or a whole address."""
        *options, address = arguments
        address = address if address.startswith("http") else f"{self._url}{address}"
        command = ["curl", "-sS", "-w", "\n%{http_code} %{content_type}", *options, address]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, timeout=TIMEOUT)
        assert done.returncode == 0, (arguments, done.stderr)
        body, _, last = done.stdout.rpartition("\n")
        status, _, content_type = last.partition(" ")
        return Told(status=int(status), type=content_type.partition(";")[0], text=body)


class OldPage:
    """A page of an older system, open in a browser at the address that it had; ours answers the rest."""

    def __init__(self, page: Page, url: str) -> None:
        self.page: Final = page
        self._url = url

    def open(self, path: str, body: str = '<input type="file">') -> None:
        """Open a page with this body at `path`, whatever our own page there is."""

        def answer(route: Route) -> None:
            html = f"<!DOCTYPE html><meta charset=utf-8><title>old</title>{body}<script>{SCRIPT}</script>"
            route.fulfill(status=200, content_type="text/html; charset=utf-8", body=html)

        self.page.route(f"{self._url}{path}", answer, times=1)
        self.page.goto(f"{self._url}{path}")

    def choose(self, name: str, data: bytes, declared_type: str = "image/png") -> None:
        """Choose a file, as a visitor does."""
        self.page.locator("input[type=file]").set_input_files({"name": name, "mimeType": declared_type, "buffer": data})

    def run(self, script: str, argument: object = None) -> Any:
        """What an async function (its source; one argument) gives back."""
        return self.page.evaluate(script, argument)
