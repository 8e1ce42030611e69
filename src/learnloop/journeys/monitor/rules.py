"""Which figures are worth a person's time? Rules over the periods, each taken in once.

    calibration   how far the mean of what came is from the mean of what was said, at least (95%)
    ece           expected calibration error, at least (95%)
    log_loss      by how much the log loss is above that of the model's first period, at least
    drift         -log10 of a column's p-value, after the correction for all columns
    importance    -log10 of the p-value that a feature moves the answers as at first, at least
    fallback      share of answers that another than the model asked gave
    latency       99% of the answers took no longer, ms

A figure that rests on too little data says nothing, and neither raises nor clears.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, log10
from typing import Final

from learnloop.core.watch import Alert, AlertState, Severity, Watched
from learnloop.journeys.monitor.report import ModelPeriod, Report
from learnloop.metrics import Interval
from learnloop.monitoring.alerts import Reading, Rule, step
from learnloop.monitoring.drift import MIN_LEARNERS

MIN_KNOWN: Final = 200
"""Outcomes of a period, below which nothing is said of accuracy."""
MIN_TIMED: Final = 200
"""Answers of a period, below which nothing is said of latency and fallbacks."""
SMALLEST_P: Final = 1e-6

CALIBRATION = Rule("calibration", upper=0.03, lower=0.02)
ECE = Rule("ece", upper=0.05, lower=0.04)
LOG_LOSS = Rule("log_loss", upper=0.02, lower=0.01)
DRIFT = Rule("drift", upper=2.0, lower=1.3)
IMPORTANCE = Rule("importance", upper=2.0, lower=1.3)
FALLBACK = Rule("fallback", upper=0.05, lower=0.01, severity=Severity.CRITICAL)
LATENCY = Rule("latency", upper=100.0, lower=80.0)
RULES: Final = (CALIBRATION, ECE, LOG_LOSS, DRIFT, IMPORTANCE, FALLBACK, LATENCY)

Key = tuple[str, str]
"""A rule's name and a subject."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules made of a report.

    Attributes:
        watched: Where they stand now, of those that moved.
        alerts: What was raised and cleared.
    """

    watched: tuple[Watched, ...]
    alerts: tuple[Alert, ...]


def judge(report: Report, before: Mapping[Key, Watched]) -> Judged:
    """Take in the periods that are over and were not taken in yet.

    Args:
        before: Where each rule stands with each subject.
    """
    now = dict(before)
    alerts: list[Alert] = []
    for rule, reading in readings(report):
        key = (rule.name, reading.subject)
        stand = now.get(key)
        if stand is not None and reading.at <= stand.seen_until:
            continue
        state = AlertState() if stand is None else stand.state
        state, told = step(rule, state, reading)
        now[key] = Watched(*key, reading.at, state)
        alerts += told
    moved = tuple(now[key] for key in now if now[key] != before.get(key))
    return Judged(moved, tuple(alerts))


def readings(report: Report) -> Iterator[tuple[Rule, Reading]]:
    """Every figure that a rule watches, by time."""
    first: dict[str, Interval] = {}
    for one in sorted(report.periods, key=lambda one: (one.end, one.slot, str(one.ref))):
        if one.is_over:
            yield from _of_period(one, first)


def _of_period(one: ModelPeriod, first: dict[str, Interval]) -> Iterator[tuple[Rule, Reading]]:
    done = one.performance
    subject = f"{one.slot} {one.ref}"

    def reading(value: float | None, of: str = subject) -> Reading:
        return Reading(of, one.end, value)

    if done.n_known:
        enough = done.n_known >= MIN_KNOWN and done.n_learners >= MIN_LEARNERS
        yield CALIBRATION, reading(_from_zero(done.bias) if enough else None)
        yield ECE, reading(done.ece.low if enough else None)
        if enough and isfinite(done.log_loss.low):
            reference = first.setdefault(subject, done.log_loss)
            yield LOG_LOSS, reading(max(0.0, done.log_loss.low - reference.high))
    for column in one.drift:
        yield DRIFT, reading(_surprise(column.p_adjusted), f"{subject} {column.name}")
    for feature in one.importance:
        yield IMPORTANCE, reading(_surprise(feature.p_value), f"{subject} {feature.name}")
    if done.fallback is not None:
        yield FALLBACK, reading(done.fallback.point if done.n >= MIN_TIMED else None)
    if done.latency is not None:
        yield LATENCY, reading(done.latency.p99_ms if done.n >= MIN_TIMED else None)


def _surprise(p: float | None) -> float | None:
    return None if p is None else -log10(max(p, SMALLEST_P))


def _from_zero(interval: Interval) -> float:
    """How far an interval is from 0, at least."""
    return max(interval.low, -interval.high, 0.0)
