"""Files in by button, drop and paste; links out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.actions import cards, choose, drop, freeze, paste, payload, ready, rows, some_files
from tests.browser.conftest import OpenPage
from tests.client import Client
from tests.pictures import picture

LINK = re.compile(r"^http://[^/]+/images/[A-Za-z0-9]+\.png$")


def test_one_picture_by_button_leaves_its_link_selected(page: Page, store: Client) -> None:
    page.goto("/upload/")
    choose(page, payload("Beach day.png", picture(300, 200)))
    field = page.get_by_label("Link to Beach day.png", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value(LINK)
    selected = page.evaluate(
        "() => { const f = document.activeElement; return f.value.slice(f.selectionStart, f.selectionEnd) }"
    )
    assert selected == field.input_value()
    assert store.get(selected.removeprefix(store.url)).status == 200


def test_a_drop_anywhere_uploads_from_the_gallery_too(page: Page, store: Client) -> None:
    page.goto("/images/")
    drop(page, *some_files(2))
    expect(rows(page, "done")).to_have_count(2)
    expect(page).to_have_url(re.compile("/upload/$"))
    assert store.list().json["total_items"] == 2


def test_dragging_over_nested_elements_keeps_the_overlay_until_the_pointer_leaves(page: Page) -> None:
    page.goto("/upload/")
    ready(page)
    send = """(types) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["x"], "a.png", { type: "image/png" }));
      const settings = { dataTransfer: transfer, bubbles: true, cancelable: true };
      for (const [type, where] of types) document.querySelector(where).dispatchEvent(new DragEvent(type, settings));
    }"""
    overlay = page.locator(".drop-overlay")
    page.evaluate(send, [["dragenter", "main"], ["dragenter", ".drop-target"], ["dragleave", "main"]])
    expect(overlay).to_be_visible()
    page.evaluate(send, [["dragleave", ".drop-target"]])
    expect(overlay).to_be_hidden()


def test_a_dropped_folder_stands_for_the_files_in_it_at_any_depth(page: Page, store: Client, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    (folder / "day one" / "morning").mkdir(parents=True)
    for place in ("sea.png", "day one/boat.png", "day one/morning/gull.png"):
        (folder / place).write_bytes(picture())
    (tmp_path / "single.png").write_bytes(picture())
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    data = {"items": [], "files": [str(folder), str(tmp_path / "single.png")], "dragOperationsMask": 1}
    protocol = page.context.new_cdp_session(page)
    protocol.send("Input.dispatchDragEvent", {"type": "dragEnter", "x": 600, "y": 400, "data": data})
    protocol.send("Input.dispatchDragEvent", {"type": "dragOver", "x": 600, "y": 400, "data": data})
    expect(page.locator(".drop-overlay")).to_be_visible()
    protocol.send("Input.dispatchDragEvent", {"type": "drop", "x": 600, "y": 400, "data": data})
    expect(rows(page, "done")).to_have_count(4)
    expect(page.locator(".drop-overlay")).to_be_hidden()
    stored = {image["original_name"] for image in store.list().json["images"]}
    assert stored == {"sea.png", "boat.png", "gull.png", "single.png"}


def test_the_drop_target_is_the_label_of_a_real_file_field(page: Page) -> None:
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    with page.expect_file_chooser() as chooser:
        page.locator("label.drop-target").click()
    assert chooser.value.is_multiple()
    assert chooser.value.element.evaluate("field => [field.localName, field.type]") == ["input", "file"]
    accepted = chooser.value.element.get_attribute("accept") or ""
    assert {"image/jpeg", "image/png"} <= set(accepted.split(","))


def test_dragged_text_is_none_of_our_business(page: Page) -> None:
    page.goto("/upload/")
    ready(page)
    page.evaluate("""() => {
      const transfer = new DataTransfer();
      transfer.setData("text/plain", "words");
      document.body.dispatchEvent(new DragEvent("dragenter", { dataTransfer: transfer, bubbles: true }));
    }""")
    expect(page.locator(".drop-overlay")).to_be_hidden()


def test_a_pasted_picture_is_named_by_the_time(page: Page, store: Client) -> None:
    page.goto("/upload/")
    paste(page, payload("image.png", picture()))
    expect(page.locator(".upload-name")).to_have_text(re.compile(r"^pasted-\d{8}-\d{6}\.png$"))
    expect(rows(page, "done")).to_have_count(1)


def test_pasting_into_a_text_field_uploads_nothing(page: Page, store: Client) -> None:
    page.goto("/images/")
    expect(page.get_by_label("Search by name")).to_be_visible()
    paste(page, payload("in the field.png", picture()), into="input[type=search]")
    paste(page, payload("beside it.png", picture()))
    expect(rows(page, "done")).to_have_count(1)
    expect(page.locator(".upload-name")).to_have_text(["beside it.png"])
    assert store.list().json["total_items"] == 1


def test_the_limits_shown_are_the_servers(page: Page) -> None:
    page.route("**/api/limits", lambda route: _limits(route))
    page.goto("/upload/")
    expect(page.locator("#limits")).to_have_text("JPEG, QOI up to 3 MB each")
    choose(page, payload("big.jpg", b"\xff" * (3 * 1024 * 1024 + 1), "image/jpeg"))
    expect(rows(page, "failed")).to_contain_text("at most 3 MB is accepted")


def test_links_begin_with_the_operators_address_where_there_is_one(page: Page) -> None:
    page.route("**/api/limits", lambda route: _limits(route, public_url="https://pictures.example"))
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    choose(page, payload("a.jpg", picture(form="JPEG"), "image/jpeg"))
    expect(rows(page, "done").locator("input")).to_have_value(re.compile(r"^https://pictures\.example/images/"))


def _limits(route: Route, public_url: str | None = None) -> None:
    formats = [
        {"name": "JPEG", "extension": "jpg", "content_type": "image/jpeg"},
        {"name": "QOI", "extension": "qoi", "content_type": "image/qoi"},
    ]
    limits = {"max_file_size": 3 * 1024 * 1024, "max_files": 20, "max_pixels": 1, "formats": formats, "version": "0"}
    route.fulfill(json=limits | {"public_url": public_url})


def test_the_server_has_the_last_word_on_a_file_the_browser_doubts(page: Page, store: Client) -> None:
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    choose(page, payload("really-a-picture.txt", picture(), "text/plain"))
    expect(rows(page, "failed")).to_contain_text("does not look like")
    page.get_by_role("button", name="Retry really-a-picture.txt").click()
    expect(rows(page, "done")).to_have_count(1)


@pytest.mark.usefixtures("failing_requests")
def test_a_refusal_is_told_in_the_servers_words_and_stays_until_dismissed(page: Page, store: Client) -> None:
    page.goto("/upload/")
    choose(page, payload("broken.png", b"not a picture at all"))
    row = rows(page, "failed")
    expect(row).to_contain_text("broken.png")
    said = store.upload("broken.png", b"not a picture at all").json["detail"]
    expect(row.locator(".upload-reason")).to_have_text(said)
    page.get_by_role("button", name="Remove broken.png from the list").click()
    expect(rows(page)).to_have_count(0)


FORMS = {
    "Markdown": r"^!\[a \\\[b\\\] \"c\"\.png\]\(http://\S+\.png\)$",
    "HTML": r'^<img src="http://\S+\.png" alt="a \[b\] &quot;c&quot;\.png" width="8" height="6">$',
    "BBCode": r"^\[img\]http://\S+\.png\[/img\]$",
    "Link": r"^http://\S+\.png$",
}


def test_links_come_in_four_forms(page: Page, store: Client) -> None:
    page.goto("/upload/")
    drop(page, payload('a [b] "c".png', picture(8, 6)))
    expect(rows(page, "done")).to_have_count(1)
    for choice, expected in FORMS.items():
        page.locator(".queue-formats").get_by_text(choice, exact=True).click()
        expect(page.locator(".upload-field")).to_have_value(re.compile(expected))


def test_the_form_of_links_is_remembered(page: Page, store: Client) -> None:
    page.goto("/upload/")
    choose(page, *some_files(1))
    page.locator(".queue-formats").get_by_text("Markdown").click()
    page.reload()
    choose(page, *some_files(1))
    expect(page.locator(".upload-field")).to_have_value(re.compile(r"^!\["))


def test_copy_all_puts_every_link_on_the_clipboard_on_plain_http(page: Page, store: Client) -> None:
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.add_init_script("document.addEventListener('copy', () => { window.copied = document.activeElement.value })")
    freeze(page)
    page.goto("/upload/")
    choose(page, *some_files(3))
    expect(rows(page, "done")).to_have_count(3)
    page.get_by_role("button", name="Copy all").click()
    expect(page.locator("#copy-all")).to_have_text("Copied")
    assert page.evaluate("window.copied").split("\n") == [
        field.input_value() for field in page.locator(".upload-field").all()
    ]


def test_where_copying_is_impossible_the_link_is_selected(page: Page, store: Client) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'isSecureContext', { value: false }); document.execCommand = () => false"
    )
    freeze(page)
    page.goto("/upload/")
    choose(page, *some_files(2))
    expect(rows(page, "done")).to_have_count(2)
    page.get_by_role("button", name="Copy link to picture 02.png").click()
    expect(page.get_by_label("Link to picture 02.png", exact=True)).to_be_focused()
    expect(page.locator(".toast")).to_contain_text("press Ctrl+C")


def test_copy_uses_the_clipboard_where_the_browser_has_one(open_page: OpenPage, store: Client) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    freeze(page)
    page.goto("/upload/")
    choose(page, *some_files(1))
    page.get_by_role("button", name="Copy link to picture 01.png").click()
    expect(page.locator(".upload-copy")).to_contain_text("Copied")
    assert LINK.match(page.evaluate("navigator.clipboard.readText()"))


def test_a_collections_page_uploads_into_it_and_shows_its_pictures(page: Page, store: Client) -> None:
    store.upload("elsewhere.png", picture())
    page.goto("/holiday")
    expect(page.get_by_role("heading", name="Upload to “holiday”")).to_be_visible()
    expect(page.get_by_text("This collection is empty")).to_be_visible()
    choose(page, payload("sea.png", picture(320, 200)))
    expect(page.locator("#collection .card-name")).to_have_text(["sea.png"])
    assert store.list(collection="holiday").json["images"][0]["original_name"] == "sea.png"


def test_uploads_show_up_in_the_gallery_without_a_reload(page: Page, store: Client) -> None:
    page.goto("/images/")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="Upload", exact=True).click()
    choose(page, *some_files(2))
    expect(rows(page, "done")).to_have_count(2)
    page.get_by_role("link", name="Images", exact=True).click()
    expect(cards(page)).to_have_count(2)
    assert page.evaluate("window.sameDocument")
