"""D3's clients: forms that are answered by pages, and a list with one key more."""

from __future__ import annotations

import re

import pytest

from tests.client import Client
from tests.dialects.store import filled
from tests.pictures import picture

FORM = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/upload/", "/api/upload/"])
def test_a_form_is_answered_by_a_page_with_the_picture_and_its_links(client: Client, path: str) -> None:
    answer = client.upload("Beach <day>.png", picture(), path=path, headers=FORM)
    assert (answer.status, answer.type) == (201, "text/html")
    found = re.search(r'value="(http[^"]+/images/[A-Za-z0-9]+\.png)"', answer.text)
    assert found is not None
    assert found[1].startswith(client.url)
    assert client.get(found[1].removeprefix(client.url)).status == 200
    assert "Beach <day>" not in answer.text


def test_its_own_address_answers_a_page_whatever_is_accepted(client: Client) -> None:
    answer = client.upload("a.png", picture(), path="/upload/")
    assert (answer.status, answer.type) == (201, "text/html")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html;q=0.9"])
def test_programs_get_json_from_the_api(client: Client, accept: str) -> None:
    answer = client.upload("a.png", picture(), headers={"Accept": accept})
    assert (answer.status, answer.type) == (201, "application/json")


def test_its_list_knows_the_last_page_and_dates_without_fractions(client: Client) -> None:
    filled(client, 9)
    page = client.get("/api/images/?page=1").json
    assert page["last_page"] is False
    for image in page["images"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", image["upload_date"])
        assert image["upload_date"] == image["upload_time"][:19].replace("T", " ")
    assert client.get(f"/api/images/?page={page['total_pages']}").json["last_page"] is True


@pytest.mark.parametrize("path", ["/delete/", "/api/delete/"])
def test_a_picture_is_deleted_by_its_number(client: Client, path: str) -> None:
    image = client.upload("a.png", picture()).json
    answer = client.request("DELETE", f"{path}{image['id']}")
    assert (answer.status, answer.json["status"]) == (200, "success")
    assert client.get(f"/api/images/{image['filename']}").status == 404
