"""What /metrics says, as a test wants it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.client import Client

Samples = dict[tuple[str, ...], float]


def samples(worker: Client) -> Samples:
    """Every sample of a worker's host, by its name and the values of its labels."""
    answer = worker.get("/metrics")
    assert (answer.status, answer.type) == (200, "text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def requests(told: Samples, method: str, route: str, status: int) -> float:
    """How many requests were answered so."""
    return told.get(("shoebox_http_requests_total", method, route, str(status)), 0.0)
