"""Counting in shared files: nothing is lost with a process, and files are used again."""

from __future__ import annotations

import errno
import os
import signal
import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shoebox.metrics import families, tally
from shoebox.metrics.exposition import Exposition, sums
from shoebox.metrics.measured import count_request
from shoebox.metrics.tally import Tally, read


def total(folder: Path, family: families.Family = families.REFUSED) -> float:
    return sums(read(folder))[family].get((), [0.0])[0]


def shown(folder: Path) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    _, text = Exposition(folder, tuple).render("")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_processes_are_added_up(tmp_path: Path) -> None:
    first, second = Tally(tmp_path), Tally(tmp_path)
    first.add(families.REFUSED)
    second.add(families.REFUSED, amount=2)
    assert total(tmp_path) == 3


def test_threads_lose_no_count(tmp_path: Path) -> None:
    counted = Tally(tmp_path)
    threads = [threading.Thread(target=lambda: [counted.add(families.REFUSED) for _ in range(2000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total(tmp_path) == 16000


def test_what_a_killed_process_counted_stays_and_its_successor_goes_on_in_its_file(tmp_path: Path) -> None:
    for _ in range(5):
        child = os.fork()
        if child == 0:
            mine = Tally(tmp_path)
            mine.add(families.REFUSED)
            mine.set(families.DECODERS, 1)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
    assert total(tmp_path) == 5
    assert len(list(tmp_path.iterdir())) == 1


def test_a_gauge_counts_the_living_only(tmp_path: Path) -> None:
    living, leaving = Tally(tmp_path), Tally(tmp_path)
    living.set(families.WORKERS, 1)
    leaving.set(families.WORKERS, 1)
    assert total(tmp_path, families.WORKERS) == 2
    leaving.close()
    assert total(tmp_path, families.WORKERS) == 1
    heir = Tally(tmp_path)
    assert total(tmp_path, families.WORKERS) == 1
    heir.close()


def test_a_gauge_is_what_it_was_after_the_block(tmp_path: Path) -> None:
    counted = Tally(tmp_path)
    with counted.during(families.JOBS):
        assert total(tmp_path, families.JOBS) == 1
    assert total(tmp_path, families.JOBS) == 0


def test_of_a_memory_the_newest_counts(tmp_path: Path) -> None:
    old, new = Tally(tmp_path), Tally(tmp_path)
    new.set(families.MISSING, 3)
    old.set(families.MISSING, 2)
    old.close()
    assert total(tmp_path, families.MISSING) == 2


def test_what_another_version_counted_is_left_out(tmp_path: Path) -> None:
    other = families.Family(name="shoebox_unknown", about="", kind=families.Kind.COUNTER)
    wider = families.Family(
        name=families.DECODES.name, about="", kind=families.Kind.HISTOGRAM, bounds=(*families.SECONDS, 60.0)
    )
    counted = Tally(tmp_path)
    counted.add(other)
    counted.observe(wider, 1.0)
    counted.add(families.REFUSED)
    assert {entry.family.name for entry in read(tmp_path)} == {families.REFUSED.name}


def test_a_full_file_counts_what_it_knows_and_drops_the_rest(tmp_path: Path) -> None:
    counted = Tally(tmp_path)
    counted.add(families.REFUSED)
    for number in range(tally.SIZE // 64):
        counted.add(families.DELIVERIES, (f"outcome {number}" * 4,))
    counted.add(families.REFUSED)
    assert total(tmp_path) == 2
    assert (tmp_path / "0000.tally").stat().st_size == tally.SIZE


def test_a_disk_without_room_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    counted = Tally(tmp_path)
    counted.add(families.REFUSED)
    counted.close()
    assert total(tmp_path) == 0


def test_a_request_is_told_by_route_and_status_and_its_time_by_route(tmp_path: Path) -> None:
    counted = Tally(tmp_path)
    count_request(counted, "GET", "/api/images/", 200, 0.002)
    count_request(counted, "GET", "/api/images/", 304, 0.2)
    count_request(counted, "BREW", "", 404, 0.0)
    samples = shown(tmp_path)
    assert samples["shoebox_http_requests_total", "GET", "/api/images/", "200"] == 1
    assert samples["shoebox_http_requests_total", "other", "other", "404"] == 1
    assert samples["shoebox_http_request_seconds_count", "GET", "/api/images/"] == 2
    assert samples["shoebox_http_request_seconds_bucket", "0.0025", "GET", "/api/images/"] == 1
    assert samples["shoebox_http_request_seconds_bucket", "+Inf", "GET", "/api/images/"] == 2
    assert round(samples["shoebox_http_request_seconds_sum", "GET", "/api/images/"], 3) == 0.202


def test_scrapers_that_prefer_openmetrics_get_it(tmp_path: Path) -> None:
    content_type, text = Exposition(tmp_path, tuple).render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")
