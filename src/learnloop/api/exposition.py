"""How does Prometheus read the counts? As text, one family after the other, each with its help.

Reference: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, TypeVar

from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from learnloop.api.meter import BOUNDS_S, BOUNDS_US, Counted, Key

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

TIMINGS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "http_request": ("From the first line of a request to the end of its reply.",
                     ("method", "route", "status")),
    "prediction": ("From the question to a model's answer.", ("slot", "role", "why")),
}  # fmt: skip
"""Help and labels of what is timed; `_seconds` is added to the name."""

COUNTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "refused": ("Requests refused at the gate, because too many were under way.", ()),
    "interactions": ("Interactions that came in.", ("result",)),
    "decisions": ("Decisions that were made and logged.", ()),
    "predictions_not_logged": ("Predictions that the log had no room for.", ()),
}
"""`_total` is added to the name."""

GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "writer_waiting": ("Changes that wait for the writer's thread.", ()),
    "reader_waiting": ("Reads that wait for, or are in, a reader's thread.", ()),
    "predictions_waiting": ("Predictions that are not yet in the log.", ()),
    "breaker_open": ("Processes in which a version is not asked.", ("slot", "model")),
    "store_up": ("Whether the database could be read for this page.", ()),
    "jobs": ("Background jobs, at most 1,000 of each status.", ("status",)),
    "model_live": ("The share of learners for whom a version plays a role.",
                   ("slot", "role", "model")),
    "alerts_up": ("Alerts that were raised and have not cleared.", ("severity",)),
}  # fmt: skip

V = TypeVar("V")

_IN_US = frozenset({"prediction"})


def text_of(counted: Counted) -> bytes:
    """The page."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(list(_families(counted))))
    return generate_latest(registry)


class _Once(Collector):
    """Families that are ready."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _families(counted: Counted) -> Iterator[Metric]:
    for name, (help_, labels) in TIMINGS.items():
        timing = HistogramMetricFamily(f"learnloop_{name}_seconds", help_, labels=labels)
        for values, row in _of(name, counted.timings):
            timing.add_metric(values, *_bins(row, in_us=name in _IN_US))
        yield timing
    for name, (help_, labels) in COUNTS.items():
        count = CounterMetricFamily(f"learnloop_{name}", help_, labels=labels)
        for values, n in _of(name, counted.counts):
            count.add_metric(values, n)
        yield count
    for name, (help_, labels) in GAUGES.items():
        gauge = GaugeMetricFamily(f"learnloop_{name}", help_, labels=labels)
        for values, value in _of(name, counted.gauges):
            gauge.add_metric(values, value)
        yield gauge


def _of(name: str, rows: Iterable[tuple[Key, V]]) -> Iterator[tuple[list[str], V]]:
    for key, value in rows:
        if key[0] == name:
            yield [str(label) for label in key[1:]], value


def _bins(row: Sequence[float], *, in_us: bool) -> tuple[list[tuple[str, float]], float]:
    unit, bounds = (1e6, BOUNDS_US) if in_us else (1.0, BOUNDS_S)
    ends = [*(f"{bound / unit:g}" for bound in bounds), "+Inf"]
    return list(zip(ends, accumulate(row[:-1]), strict=True)), row[-1] / unit
