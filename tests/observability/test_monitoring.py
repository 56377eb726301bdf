"""The dashboard and the alerts ask for numbers that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shoebox.metrics.families import FAMILIES, Kind

MONITORING = Path(__file__).parents[2] / "services" / "monitoring"
OBSERVABILITY = Path(__file__).parents[2] / "docs" / "observability.md"
ASKED = {
    "shoebox_images",
    "shoebox_store_bytes",
    "shoebox_disk_bytes",
    "shoebox_disk_free_bytes",
    "shoebox_backup_last_timestamp_seconds",
    "shoebox_webhooks_pending",
    "shoebox_http_requests_total",
    "shoebox_lists_served_total",
}
SUFFIXES = {Kind.COUNTER: ("_total",), Kind.HISTOGRAM: ("_bucket", "_count", "_sum")}
SAMPLES = ASKED | {family.name + suffix for family in FAMILIES for suffix in SUFFIXES.get(family.kind, ("",))}


@pytest.mark.parametrize("name", ["alerts.yml", "grafana/shoebox.json"])
def test_only_numbers_that_are_told_are_asked_for(name: str) -> None:
    used = set(re.findall(r"\bshoebox_[a-z_]+", (MONITORING / name).read_text(encoding="utf-8")))
    assert used
    assert used <= SAMPLES


def test_every_panel_asks_something() -> None:
    panels = json.loads((MONITORING / "grafana" / "shoebox.json").read_text(encoding="utf-8"))["panels"]
    drawn = [panel for panel in panels if panel["type"] != "row"]
    assert all(target["expr"] for panel in drawn for target in panel["targets"])
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_every_number_is_documented() -> None:
    documented = set(re.findall(r"^\| `(shoebox_[a-z_]+)`", OBSERVABILITY.read_text(encoding="utf-8"), re.MULTILINE))
    told = {family.name + ("_total" if family.kind is Kind.COUNTER else "") for family in FAMILIES} | ASKED
    assert documented == told
