"""The system that our own API goes back to: its README's addresses by curl, its pages in a browser.

Learnt from mileshkin89/upload_img_server: README, upload.js, images.js.
"""

from __future__ import annotations

from tests.client import Client
from tests.dialects.play import Curl, OldPage
from tests.dialects.store import filled
from tests.pictures import picture

# Uploads with a second field, and makes the link of what it reads.
UPLOAD = """async () => {
    const form = new FormData();
    form.append('file', chosen());
    form.append('filename', chosen().name);
    const {data} = await ask('/api/upload/', {method: 'POST', body: form});
    return {filename: data.filename, width: await loads(`/images/${data.filename}`)};
}"""
# Asks for a page; past the end it asks again for the last.
LIST = """async ({page, perPage, sortParam, sortValue}) => {
    const at = number => ask(
        `/api/images/?page=${number}&per_page=${perPage}&sort_param=${sortParam}&sort_value=${sortValue}`);
    let {data: {files, total_pages: pages}} = await at(page);
    if (pages > 0 && page > pages) {
        page = pages;
        ({data: {files}} = await at(page));
    }
    return {files, pages, page, previous: page > 1, next: page < pages};
}"""
DELETE = """async file => (await ask(`/api/images/${encodeURIComponent(file)}`, {method: 'DELETE'})).ok"""


def test_the_addresses_of_its_readme_by_curl(curl: Curl) -> None:
    stored = curl("-X", "POST", "-F", "file=@photo.png", "/api/upload/")
    assert (stored.status, stored.type) == (201, "application/json")
    key = stored.json["filename"]
    listed = curl("/api/images/")
    assert (listed.status, listed.json["files"][0]) == (200, key)
    assert listed.json["total_pages"] >= 1
    assert curl("-o", "got.png", f"/images/{key}").status == 200
    deleted = curl("-X", "DELETE", f"/api/images/{key}")
    assert (deleted.status, deleted.json) == (200, {"message": f"File '{key}' deleted successfully."})
    assert curl("-X", "DELETE", f"/api/images/{key}").status == 404
    assert curl("-o", "gone", f"/images/{key}").status == 404


def test_its_upload_page_gets_a_link(client: Client, old_page: OldPage) -> None:
    old_page.open("/upload/")
    old_page.choose("Beach day.png", picture(9, 5))
    told = old_page.run(UPLOAD)
    assert told["width"] == 9
    assert client.get(f"/api/images/{told['filename']}").json["original_name"] == "Beach day.png"


def test_its_gallery_pages_sorts_and_deletes(client: Client, old_page: OldPage) -> None:
    keys = filled(client, 5)
    old_page.open("/images/?page=1&per_page=4&sort_param=sort_age&sort_value=desc", "")
    asked = {"page": 1, "perPage": 4, "sortParam": "sort_age", "sortValue": "desc"}
    told = old_page.run(LIST, asked)
    assert (told["files"], told["previous"], told["next"]) == (keys[:4], False, True)
    last = old_page.run(LIST, asked | {"page": 10**6})
    assert (last["page"], last["next"]) == (told["pages"], False)
    assert last["files"]
    for field in ("sort_size", "sort_name"):
        for direction in ("asc", "desc"):
            assert len(old_page.run(LIST, asked | {"sortParam": field, "sortValue": direction})["files"]) == 4
    assert old_page.run(DELETE, keys[0]) is True
    assert old_page.run(LIST, asked)["files"][0] == keys[1]
    assert old_page.run(DELETE, keys[0]) is False
