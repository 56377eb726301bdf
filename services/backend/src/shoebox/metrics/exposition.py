"""The numbers in Prometheus's text format, or in OpenMetrics where a scraper prefers that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from shoebox.metrics.families import FAMILIES, REQUESTS, Family, Kind
from shoebox.metrics.tally import Entry, Labels, read

_REQUESTS_ABOUT: Final = "Requests that workers answered, by the route's template and the status."
_SERVED_ABOUT: Final = "Lists that Nginx gave by itself: no worker saw these requests."

# What is asked when somebody looks, as name, meaning, value; None is left out.
Asked = Callable[[], Iterable[tuple[str, str, float | None]]]


class Exposition:
    """Renders what all processes that count in `folder` have counted, and what `asked` answers.
    `served` counts the lists that Nginx gives by itself, where it does."""

    def __init__(self, folder: Path, asked: Asked, served: Callable[[], int] | None = None) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Everything(folder, asked, served))

    def render(self, accept: str) -> tuple[str, bytes]:
        """Content type and text, in the format that `accept` prefers."""
        encoder, content_type = choose_encoder(accept)
        return content_type, encoder(self._registry)


class _Everything(Collector):
    def __init__(self, folder: Path, asked: Asked, served: Callable[[], int] | None) -> None:
        self._folder = folder
        self._asked = asked
        self._served = served

    def collect(self) -> Iterator[Metric]:
        summed = sums(read(self._folder))
        yield _counter("shoebox_http_requests", _REQUESTS_ABOUT, REQUESTS.labels, _counts(summed[REQUESTS]))
        for family in FAMILIES:
            yield _metric(family, summed[family])
        if self._served:
            yield CounterMetricFamily("shoebox_lists_served", _SERVED_ABOUT, value=self._served())
        for name, about, value in self._asked():
            if value is not None:
                yield GaugeMetricFamily(name, about, value=value)


Sums = dict[Labels, list[float]]


def sums(entries: Iterable[Entry]) -> dict[Family, Sums]:
    """One row of doubles for each family and labels; how, its kind says. What has no labels is
    there before it was counted."""
    summed: dict[Family, Sums] = {
        family: {} if family.labels or family.kind is Kind.MEMORY else {(): [0.0] * family.width} for family in FAMILIES
    }
    for entry in entries:
        if entry.family.kind is Kind.GAUGE and not entry.alive:
            continue
        known = summed[entry.family].setdefault(entry.labels, [0.0] * entry.family.width)
        if entry.family.kind is Kind.MEMORY:
            if entry.values[1] > known[1]:
                known[:] = entry.values
        else:
            known[:] = [a + b for a, b in zip(known, entry.values, strict=True)]
    return summed


def _metric(family: Family, values: Sums) -> Metric:
    if family is REQUESTS:
        return _histogram(family, family.labels[:-1], _without_status(values))
    if family.kind is Kind.HISTOGRAM:
        return _histogram(family, family.labels, values)
    firsts = {labels: row[0] for labels, row in values.items()}
    if family.kind is Kind.COUNTER:
        return _counter(family.name, family.about, family.labels, firsts)
    gauge = GaugeMetricFamily(family.name, family.about, labels=family.labels)
    for labels, value in firsts.items():
        gauge.add_metric(labels, value)
    return gauge


def _counter(name: str, about: str, labels: Labels, values: dict[Labels, float]) -> Metric:
    counter = CounterMetricFamily(name, about, labels=labels)
    for each, value in sorted(values.items()):
        counter.add_metric(each, value)
    return counter


def _histogram(family: Family, labels: Labels, values: Sums) -> Metric:
    histogram = HistogramMetricFamily(family.name, family.about, labels=labels)
    for each, (*buckets, total) in sorted(values.items()):
        names = (*map(str, family.bounds), "+Inf")
        cumulated = list(zip(names, accumulate(buckets), strict=True))
        histogram.add_metric(each, cumulated, total)
    return histogram


def _counts(values: Sums) -> dict[Labels, float]:
    return {labels: sum(buckets) for labels, (*buckets, _) in values.items()}


def _without_status(values: Sums) -> Sums:
    merged: Sums = {}
    for (*labels, _), row in values.items():
        known = merged.setdefault(tuple(labels), [0.0] * len(row))
        known[:] = [a + b for a, b in zip(known, row, strict=True)]
    return merged
