"""D3's clients: forms that are answered by pages, and a list with one key more."""

from __future__ import annotations

import re

import pytest

from tests.client import Client
from tests.dialects.play import Curl, OldPage
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


# Played: lorna88/ImageHosting_2_0, by its README, upload.html and images.js.

PAGE_FORM = """<form method="post" action="{action}" enctype="multipart/form-data">
    <input type="file" name="image" accept=".jpeg,.jpg,.png,.gif" required>
    <button type="submit">send</button></form>"""
LIST = """async page => {
    const {data} = await ask(`/api/images/?page=${page}`);
    history.pushState(null, null, `/images/?page=${data.page}`);
    const names = data.images.map(image => image.filename + image.file_type);
    return {names, widths: await Promise.all(names.map(name => loads(`/images/${name}`))),
            dates: data.images.map(image => image.upload_date), sizes: data.images.map(image => image.size),
            page: data.page, last: data.last_page};
}"""
DELETE = "async ({path, name}) => (await ask(`${path}${name}`, {method: 'DELETE'})).status"


def test_the_addresses_of_its_readme_by_curl(client: Client, curl: Curl) -> None:
    stored = curl("-F", "image=@photo.png", "/upload/")
    assert (stored.status, stored.type) == (201, "text/html")
    found = re.search(rf'value="{re.escape(client.url)}(/images/([^"]+))"', stored.text)
    assert found is not None
    assert curl("-o", "got.png", found[1]).type == "image/png"
    listed = curl("/api/images/?page=1").json
    assert listed["images"][0]["filename"] == found[2]
    assert curl("/images/?page=1").type == "text/html"
    assert curl("-X", "DELETE", f"/delete/{found[2]}").status == 200
    assert curl("-X", "DELETE", f"/delete/{found[2]}").status == 404


@pytest.mark.parametrize("action", ["/upload/", "/api/upload/"])
def test_its_form_leads_to_a_page_with_the_picture(client: Client, old_page: OldPage, action: str) -> None:
    old_page.open("/upload/upload.html", PAGE_FORM.format(action=action))
    old_page.choose("Beach day.png", picture(9, 5))
    old_page.page.click("button")
    old_page.page.wait_for_url(f"{client.url}{action}")
    link = old_page.page.locator("input[value*='/images/']").first.input_value()
    assert link.startswith(f"{client.url}/images/")
    shown = old_page.page.locator(f"img[src*='{link.rpartition('/')[2]}']").first
    shown.wait_for()
    assert old_page.page.locator(f"a[href*='{link.rpartition('/')[2]}']").count() > 0


def test_its_form_leads_to_a_page_that_says_what_was_wrong(client: Client, old_page: OldPage) -> None:
    old_page.open("/upload/upload.html", PAGE_FORM.format(action="/upload/"))
    old_page.choose("a.png", b"text")
    with old_page.page.expect_navigation() as navigation:
        old_page.page.click("button")
    answer = navigation.value
    assert answer is not None
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (415, "text/html")


def test_its_gallery_puts_the_type_behind_each_filename(client: Client, old_page: OldPage) -> None:
    keys = filled(client, 3)
    old_page.open("/images/", "")
    told = old_page.run(LIST, 1)
    assert told["names"][:3] == [f"{key}png" for key in keys]
    assert all(width > 0 for width in told["widths"])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", date) for date in told["dates"])
    assert old_page.page.url == f"{client.url}/images/?page=1"
    for path, name in (("/api/delete/", told["names"][0]), ("/delete/", told["names"][1])):
        assert old_page.run(DELETE, {"path": path, "name": name}) == 200
        assert old_page.run(DELETE, {"path": path, "name": name}) == 404
        assert client.get(f"/images/{name}").status == client.get(f"/images/{name.removesuffix('png')}").status == 404
    assert old_page.run(LIST, 1)["names"][0] == told["names"][2]


def test_it_knows_the_last_page(client: Client, old_page: OldPage) -> None:
    filled(client, 1)
    old_page.open("/images/", "")
    pages = client.list().json["total_pages"]
    assert old_page.run(LIST, pages)["last"] is True
