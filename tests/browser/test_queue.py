"""The upload queue in bad weather."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.actions import (
    cards,
    choose,
    drop,
    happens,
    hear,
    names,
    payload,
    rows,
    some_files,
    stop_clock,
    until,
)
from tests.client import Client
from tests.pictures import noise, picture

AWAY = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "unavailable", "detail": "Away."}
# bytes a second: slow enough to look at an upload while it goes, and as fast as it gets
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 15_000}
FAST = SLOW | {"uploadThroughput": -1}
# Requests are told of in the order they were made: all that came before this one are known with it.
MARK = "fetch('/api/limits').then(() => null)"
COUNT_UPLOADS = """
  window.under_way = 0; window.most = 0;
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (body) {
    window.under_way += 1;
    window.most = Math.max(window.most, window.under_way);
    this.addEventListener("readystatechange", () => { if (this.readyState === 4) window.under_way -= 1; });
    return send.call(this, body);
  };
"""


@pytest.mark.usefixtures("failing_requests")
def test_twenty_files_of_which_three_are_put_off_and_two_refused(page: Page, store: Client) -> None:
    calls = 0

    def answer(route: Route) -> None:
        nonlocal calls
        calls += 1
        if calls in {2, 7, 11}:
            route.fulfill(status=503, json=AWAY, content_type="application/problem+json", headers={"Retry-After": "1"})
        else:
            route.continue_()

    hear(page)
    page.add_init_script(COUNT_UPLOADS)
    page.route("**/api/upload/", answer)
    page.goto("/images/")
    good = some_files(18)
    bad = [payload("bad one.png", b"no picture"), payload("bad two.jpg", b"none either", "image/jpeg")]
    drop(page, *good[:9], bad[0], *good[9:], bad[1])
    expect(rows(page, "done")).to_have_count(18)
    expect(rows(page, "failed")).to_have_count(2)
    expect(page.locator(".upload-field:visible")).to_have_count(18)
    for name in ("bad one.png", "bad two.jpg"):
        failure = rows(page, "failed").filter(has_text=name)
        expect(failure.locator(".upload-reason")).not_to_be_empty()
    assert page.evaluate("window.most") == 3
    assert calls == 20 + 3
    until(page, "window.said.some((text) => text.includes('18 pictures uploaded'))")
    page.get_by_role("link", name="Images", exact=True).click()
    page.get_by_label("Per page").select_option("24")
    expect(cards(page)).to_have_count(18)
    assert sorted(names(page)) == [file["name"] for file in good]


@pytest.mark.usefixtures("failing_requests")
def test_a_retry_waits_as_long_as_the_server_asks(page: Page, store: Client) -> None:
    calls = 0

    def answer(route: Route) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            route.fulfill(status=429, json=AWAY | {"status": 429}, headers={"Retry-After": "4"})
        else:
            route.continue_()

    page.route("**/api/upload/", answer)
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    stop_clock(page)
    choose(page, *some_files(1))
    expect(rows(page, "queued")).to_contain_text("Trying again in")
    page.clock.run_for(3999)
    expect(rows(page, "queued")).to_contain_text("Trying again in")
    assert calls == 1
    page.clock.run_for(801)  # the most that is added, so that clients do not come back together
    expect(rows(page, "done")).to_have_count(1)
    assert calls == 2


@pytest.mark.usefixtures("failing_requests")
def test_after_enough_attempts_the_file_fails_and_can_be_retried_by_hand(page: Page, store: Client) -> None:
    page.clock.install()
    away = True
    page.route(
        "**/api/upload/",
        lambda route: route.fulfill(status=503, json=AWAY, headers={"Retry-After": "0"}) if away else route.continue_(),
    )
    page.goto("/upload/")
    choose(page, *some_files(1))
    for _ in range(40):
        if rows(page, "failed").count():
            break
        page.clock.run_for(1000)
        page.wait_for_timeout(50)
    expect(rows(page, "failed").locator(".upload-reason")).to_have_text("Away.")
    away = False
    page.get_by_role("button", name="Retry picture 01.png").click()
    expect(rows(page, "done")).to_have_count(1)


@pytest.mark.usefixtures("failing_requests")
def test_other_refusals_are_never_tried_again(page: Page, store: Client) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(store.url)))
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    stop_clock(page)
    choose(page, payload("broken.png", b"no picture"))
    expect(rows(page, "failed")).to_have_count(1)
    page.clock.run_for(60_000)
    page.evaluate(MARK)
    happens(page, lambda: asked.count("/api/limits") == 2, "the requests of a minute")
    assert asked.count("/api/upload/") == 1


@pytest.mark.usefixtures("failing_requests")
def test_going_offline_pauses_and_coming_back_goes_on(page: Page, store: Client) -> None:
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    page.context.set_offline(True)
    choose(page, *some_files(4))
    expect(rows(page, "queued")).to_have_count(4)
    expect(rows(page).first).to_contain_text("Paused, offline")
    expect(page.get_by_text("You are offline")).to_be_visible()
    page.context.set_offline(False)
    expect(rows(page, "done")).to_have_count(4)
    expect(page.get_by_text("You are offline")).to_be_hidden()


@pytest.mark.usefixtures("failing_requests")
@pytest.mark.parametrize("status", [0, 408, 500, 502])
def test_a_failure_that_may_pass_is_tried_again(page: Page, store: Client, status: int) -> None:
    calls = 0

    def answer(route: Route) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            route.continue_()
        elif status == 0:
            route.abort("connectionreset")
        else:
            route.fulfill(status=status, json=AWAY | {"status": status})

    page.route("**/api/upload/", answer)
    page.goto("/upload/")
    choose(page, *some_files(1))
    expect(rows(page, "done")).to_have_count(1)
    assert calls == 2


def test_a_row_shows_the_picture_its_name_and_size_and_tells_every_state(page: Page, store: Client) -> None:
    page.add_init_script("""
      window.told = [];
      new MutationObserver((changes) => {
        for (const { target } of changes) if (target.matches(".upload")) window.told.push(target.dataset.state);
      }).observe(document, { subtree: true, attributeFilter: ["data-state"] });
    """)
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.emulateNetworkConditions", SLOW)
    data = noise(400, 300)
    choose(page, payload("On its way.png", data))
    row = rows(page).filter(has_text="On its way.png")
    expect(row.locator(".upload-meta")).to_contain_text(f"{len(data) / 1024:.0f} kB")
    until(page, "document.querySelector('.upload-preview img').naturalWidth === 400")
    expect(row.locator(".upload-state")).to_have_text(re.compile(r"^[1-9]\d?%$"))
    assert 0 < row.get_by_role("progressbar").evaluate("bar => bar.value") < 1
    protocol.send("Network.emulateNetworkConditions", FAST)
    expect(row.locator(".upload-state")).to_have_text("Done")
    until(page, "document.querySelector('.upload-preview img').currentSrc.includes('/thumbs/160/')")
    assert list(dict.fromkeys(page.evaluate("window.told"))) == ["uploading", "processing", "done"]


def test_progress_is_shown_by_a_named_bar_and_a_waiting_file_can_be_cancelled(page: Page, store: Client) -> None:
    held: list[Route] = []
    given_up: list[Request] = []
    page.route("**/api/upload/", lambda route: held.append(route))
    page.on("requestfailed", lambda request: given_up.append(request))
    page.goto("/upload/")
    choose(page, *some_files(5))
    expect(page.get_by_role("progressbar", name="Upload of picture 01.png")).to_be_visible()
    expect(rows(page, "queued")).to_have_count(2)
    page.get_by_role("button", name="Cancel picture 05.png").click()
    expect(rows(page, "cancelled")).to_have_count(1)
    page.get_by_role("button", name="Cancel picture 01.png").click()
    expect(rows(page, "cancelled")).to_have_count(2)
    expect(rows(page, "uploading").or_(rows(page, "processing"))).to_have_count(3)
    happens(page, lambda: len(held) == 4 and len(given_up) == 1, "four files are sent, and one is given up")
    for route in held:
        if route.request not in given_up:  # what is held and let go may arrive all the same
            route.continue_()
    expect(rows(page, "done")).to_have_count(3)
    assert store.list().json["total_items"] == 3


def test_leaving_is_questioned_only_while_something_is_being_sent(page: Page, store: Client) -> None:
    questions: list[str] = []
    page.on("dialog", lambda dialog: (questions.append(dialog.type), dialog.accept()))
    held: list[Route] = []
    page.goto("/upload/")
    page.route("**/api/upload/", lambda route: held.append(route))
    _touch(page)
    choose(page, *some_files(1))
    expect(rows(page, "uploading").or_(rows(page, "processing"))).to_have_count(1)
    page.goto("/")
    assert questions == ["beforeunload"]
    page.unroute("**/api/upload/")
    page.goto("/upload/")
    _touch(page)
    choose(page, payload("done.png", picture()))
    expect(rows(page, "done")).to_have_count(1)
    page.goto("/")
    assert questions == ["beforeunload"]


def _touch(page: Page) -> None:
    """Browsers ask only where somebody has touched the page."""
    page.locator(".drop-target").hover()
    page.mouse.down()
    page.mouse.move(2, 200)
    page.mouse.up()


def test_clients_that_failed_together_do_not_come_back_together(page: Page) -> None:
    page.clock.set_fixed_time(0)
    page.goto("/upload/")
    luckiest, unluckiest = page.evaluate("""async () => {
      const { UploadQueue } = await import("/static/js/lib/upload-queue.js");
      const { ApiError } = await import("/static/js/lib/api.js");
      const away = () => Promise.reject(new ApiError({ status: 503, code: "unavailable", detail: "Away." }));
      const wait = (luck) => new Promise((resolve) => {
        const queue = new UploadQueue({ send: away, random: () => luck });
        const began = Date.now();
        queue.addEventListener("change", ({ detail: item }) => {
          if (!item.resumeAt) return;
          resolve(item.resumeAt - began);
          queue.cancel(item);
        });
        queue.add([new File(["x"], "a.png")]);
      });
      return [await wait(0), await wait(1)];
    }""")
    assert (luckiest, unluckiest) == (400, 800)
