"""How good was each model in each period, and do its data still look as they did at first?

A period is a number of whole days, counted from Monday, 5 January 1970, UTC. Data are compared with
`baseline.json` of the model's artifact, else with the first period in which 50 learners had to do
with the model; once stored, that stays the first, whatever the report looks at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from learnloop.core.artifact import Manifest
from learnloop.core.errors import ArtifactError
from learnloop.core.jobs import Json
from learnloop.core.protocols import Transaction
from learnloop.core.random import derive_rng
from learnloop.core.time import EPOCH, to_us
from learnloop.core.types import Bools, Floats, Ref
from learnloop.core.watch import PeriodFigures
from learnloop.journeys.live import Live
from learnloop.journeys.monitor.rows import Rows, every_slot
from learnloop.metrics import Interval
from learnloop.monitoring import baseline as baselines
from learnloop.monitoring.accuracy import UNKNOWN, Performance, Served, measure
from learnloop.monitoring.baseline import Baseline
from learnloop.monitoring.by_learner import correlation
from learnloop.monitoring.drift import MIN_LEARNERS, Answer, Drift, compare

MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)
PREDICTION: Final = "prediction"
BASELINE_FILE: Final = "baseline.json"
SHOWN: Final = 5
"""Columns that are told of although they did not drift: those that came nearest."""

Baselines = Mapping[str, Baseline]
"""Of the predictions, and of the features."""


class First(NamedTuple):
    """What a model's data are compared with.

    Attributes:
        start: Of the period that it comes from; None for what the model was fitted on.
    """

    start: datetime | None
    baselines: Baselines


@dataclass(frozen=True, slots=True)
class ModelPeriod:
    """One model in one slot and period.

    Attributes:
        is_over: The period has ended, so its figures stay.
        relation: Correlation of the chances with what came of them.
        drift: Column by column; empty in the period that is the baseline.
        baseline: What later periods are compared with, in the period where it comes from.
    """

    slot: str
    ref: Ref
    start: datetime
    end: datetime
    is_over: bool
    performance: Performance
    relation: Interval
    drift: tuple[Drift, ...] = ()
    baseline: Baselines | None = None

    @property
    def drifted(self) -> tuple[str, ...]:
        """The columns that are not what they were."""
        return tuple(d.name for d in self.drift if d.answer is Answer.DRIFTED)


@dataclass(frozen=True, slots=True)
class Report:
    """All slots, models and periods, in that order and by time."""

    at: datetime
    since: datetime
    days: int
    periods: tuple[ModelPeriod, ...]


def look(live: Live, tx: Transaction, *, days: int, period: int, slot: str | None = None) -> Report:
    """Look at the models' answers of some time.

    Args:
        days: How far back; made longer so that the first period is whole.
        period: Days of a period.
        slot: Only this one.
    """
    now, every = live.clock.now(), timedelta(days=period)
    since = _begin(now - timedelta(days=days), every)
    known = _stored(tx)
    found: list[ModelPeriod] = []
    for rows in every_slot(live, tx, since):
        if slot in (None, rows.slot):
            for code, ref in enumerate(rows.refs):
                first = known.get((rows.slot, ref)) or _of_artifact(tx, ref)
                found += _of_model(live, rows, code, first, now, every)
    return Report(now, since, period, tuple(found))


def _of_model(
    live: Live, rows: Rows, code: int, first: First | None, now: datetime, every: timedelta
) -> list[ModelPeriod]:
    found = []
    mine = rows.model == code
    ref = rows.refs[code]
    start = _begin(EPOCH + timedelta(microseconds=int(rows.at_us[mine].min())), every)
    while start <= now:
        end = start + every
        theirs = mine & (rows.at_us >= to_us(start)) & (rows.at_us < to_us(end))
        if theirs.any():
            rng = derive_rng(live.seed, "monitor", rows.slot, str(ref), start.isoformat())
            one = _of_period(rows, theirs, ref, start, end, now, rng)
            enough = len(np.unique(rows.learner[theirs])) >= MIN_LEARNERS
            if first is None and one.is_over and enough:
                first = First(start, _baselines(rows, theirs))
            if first is not None and first.start == start:
                one = replace(one, baseline=first.baselines)
            elif first is not None:
                one = replace(one, drift=_drift(rows, theirs, first.baselines, rng))
            found.append(one)
        start = end
    return found


def _of_period(
    rows: Rows,
    theirs: Bools,
    ref: Ref,
    start: datetime,
    end: datetime,
    now: datetime,
    rng: np.random.Generator,
) -> ModelPeriod:
    served = Served(rows.p, rows.correct, rows.learner, rows.latency_ms, rows.fallback)
    served = served.where(theirs)
    known = served.where(served.correct != UNKNOWN)
    relation = correlation(known.p, known.correct.astype(np.float64), known.learner, rng)
    done = measure(served, rng)
    return ModelPeriod(rows.slot, ref, start, end, end <= now, done, relation)


# --- drift ----------------------------------------------------------------------------------------


def _baselines(rows: Rows, theirs: Bools) -> Baselines:
    sampled = theirs & rows.sampled
    return {
        "predictions": baselines.build([PREDICTION], rows.p[theirs, None], rows.learner[theirs]),
        "features": baselines.build(rows.names, rows.x[sampled], rows.learner[sampled]),
    }


def _drift(
    rows: Rows, theirs: Bools, before: Baselines, rng: np.random.Generator
) -> tuple[Drift, ...]:
    found: tuple[Drift, ...] = ()
    if (own := before.get("predictions")) is not None and own.n:
        found += compare(own, rows.p[theirs, None], rows.learner[theirs], rng)
    own = before.get("features")
    names = () if own is None else tuple(c.name for c in own.columns)
    if own is not None and own.n and set(names) <= set(rows.names):
        sampled = theirs & rows.sampled
        x: Floats = rows.x[sampled][:, [rows.names.index(name) for name in names]]
        found += compare(own, x, rows.learner[sampled], rng, n_draws=max(10_000, 40 * len(names)))
    return found


def _of_artifact(tx: Transaction, ref: Ref) -> First | None:
    """What the model was fitted on, where its artifact says so."""
    record = tx.models.get(ref)
    if record is None:
        return None
    try:
        entry = Manifest.decode(record.manifest).files.get(BASELINE_FILE)
        text = None if entry is None else tx.files.get(entry.sha256)
        return None if text is None else First(None, _split(baselines.of_json(text)))
    except ArtifactError:
        return None


def _split(whole: Baseline) -> Baselines:
    """The columns of the features, and that of the predictions."""
    said = tuple(c for c in whole.columns if c.name == PREDICTION)
    rest = tuple(c for c in whole.columns if c.name != PREDICTION)
    found = {"predictions": said, "features": rest}
    return {name: replace(whole, columns=columns) for name, columns in found.items() if columns}


def _stored(tx: Transaction) -> dict[tuple[str, Ref], First]:
    """The baselines that came from first periods."""
    found: dict[tuple[str, Ref], First] = {}
    for one in tx.watch.figures(EPOCH):
        kept: Any = one.figures.get("baseline")
        if kept is not None and (one.slot, one.ref) not in found:
            own = {name: baselines.of_json(msgspec.json.encode(x)) for name, x in kept.items()}
            found[one.slot, one.ref] = First(one.start, own)
    return found


# --- as plain values ------------------------------------------------------------------------------


def figures_of(one: ModelPeriod) -> PeriodFigures:
    """What is stored of a period."""
    first = {} if one.baseline is None else one.baseline
    kept = {name: msgspec.json.decode(baselines.to_json(own)) for name, own in first.items()}
    figures = {**plain(one), **({"baseline": kept} if kept else {})}
    return PeriodFigures(one.slot, one.ref, one.start, one.end, figures)


def plain(one: ModelPeriod) -> Json:
    """The figures of a period as JSON has them: `[point, low, high]`, and null for unknown."""
    done = one.performance
    figures: dict[str, Any] = {
        "n": done.n,
        "n_known": done.n_known,
        "n_learners": done.n_learners,
        "confidence": {
            "counts": list(done.confidence.counts),
            "mean": done.confidence.mean,
            "extreme": done.confidence.extreme,
        },
        "latency": None if done.latency is None else msgspec.to_builtins(done.latency),
        "fallback": None if done.fallback is None else _interval(done.fallback),
        "correlation": _interval(one.relation),
        "drifted": list(one.drifted),
        "drift": [_column(d) for d in _nearest(one.drift)],
    }
    for name in ("auc", "log_loss", "brier", "ece", "bias"):
        figures[name] = _interval(getattr(done, name))
    return figures


def _nearest(drift: tuple[Drift, ...]) -> list[Drift]:
    """All that drifted, and those that came nearest to it."""
    asked = [d for d in drift if d.p_adjusted is not None]
    asked.sort(key=lambda d: (d.p_adjusted, d.p_value))
    n = sum(d.answer is Answer.DRIFTED for d in asked)
    return asked[: max(n, SHOWN)]


def _column(d: Drift) -> dict[str, Any]:
    return {"name": d.name, "answer": d.answer.value, "psi": d.psi, "p_value": d.p_adjusted}


def _interval(interval: Interval) -> list[float | None]:
    return [x if np.isfinite(x) else None for x in interval]


def _begin(at: datetime, every: timedelta) -> datetime:
    """The start of the period that an instant lies in."""
    return MONDAY + (at - MONDAY) // every * every
