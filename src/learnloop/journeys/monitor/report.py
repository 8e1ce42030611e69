"""How good was each model in each period, and do its data still look as they did at first?

A period is a number of whole days, counted from Monday, 5 January 1970, UTC. Data are compared with
`baseline.json` of the model's artifact, else with the first period in which 50 learners had to do
with the model; once stored, that stays the first, whatever the report looks at.
"""

from collections.abc import Mapping, Sequence
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
from learnloop.journeys.monitor import importance
from learnloop.journeys.monitor.importance import Explainer, Importance, Sample, predict_of
from learnloop.journeys.monitor.rows import Rows, every_slot
from learnloop.metrics import Interval
from learnloop.monitoring import baseline as baselines
from learnloop.monitoring.accuracy import UNKNOWN, Performance, Served, measure
from learnloop.monitoring.baseline import Baseline
from learnloop.monitoring.by_learner import correlation
from learnloop.monitoring.drift import MIN_LEARNERS, Answer, Drift, compare
from learnloop.monitoring.importance import Predict

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
        importance: Of the features, the most important first; empty where the model takes none.
        sample: The rows that later importances are compared with, in their own period.
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
    importance: tuple[Importance, ...] = ()
    sample: Sample | None = None

    @property
    def drifted(self) -> tuple[str, ...]:
        """The columns that are not what they were."""
        return tuple(d.name for d in self.drift if d.answer is Answer.DRIFTED)

    @property
    def reweighed(self) -> tuple[str, ...]:
        """The features that move the answers more, or less, than they did."""
        return tuple(one.name for one in self.importance if one.answer is Answer.DRIFTED)


@dataclass(frozen=True, slots=True)
class Report:
    """All slots, models and periods, in that order and by time."""

    at: datetime
    since: datetime
    days: int
    periods: tuple[ModelPeriod, ...]


def look(
    live: Live,
    tx: Transaction,
    *,
    days: int,
    period: int,
    slot: str | None = None,
    explained: bool = True,
) -> Report:
    """Look at the models' answers of some time.

    Args:
        days: How far back; made longer so that the first period is whole.
        period: Days of a period.
        slot: Only this one.
        explained: Find out which features moved the answers, where that is not stored yet.
    """
    now, every = live.clock.now(), timedelta(days=period)
    since = _begin(now - timedelta(days=days), every)
    stored = tx.watch.figures(EPOCH)
    known = _firsts(stored)
    found: list[ModelPeriod] = []
    for rows in every_slot(live, tx, since):
        if slot in (None, rows.slot):
            for code, ref in enumerate(rows.refs):
                first = known.get((rows.slot, ref)) or _of_artifact(tx, ref)
                periods = _of_model(live, rows, code, first, now, every)
                own = [x for x in stored if (x.slot, x.ref) == (rows.slot, ref)]
                predict = predict_of(tx, ref, len(rows.names)) if explained else None
                found += _explained(live, rows, code, predict, periods, own)
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


def _firsts(stored: Sequence[PeriodFigures]) -> dict[tuple[str, Ref], First]:
    """The baselines that came from first periods."""
    found: dict[tuple[str, Ref], First] = {}
    for one in stored:
        kept: Any = one.figures.get("baseline")
        if kept is not None and (one.slot, one.ref) not in found:
            own = {name: baselines.of_json(msgspec.json.encode(x)) for name, x in kept.items()}
            found[one.slot, one.ref] = First(one.start, own)
    return found


# --- importance -----------------------------------------------------------------------------------


def _explained(
    live: Live,
    rows: Rows,
    code: int,
    predict: Predict | None,
    periods: list[ModelPeriod],
    stored: Sequence[PeriodFigures],
) -> list[ModelPeriod]:
    """The periods of a model with the importances of its features, where they can be said.

    Args:
        predict: Asks the model; None: only what was stored is said again.
        stored: What is stored of the model's periods; what was explained is not explained again.
    """
    known = {(x.start, x.end): _told(x) for x in stored}
    first = next(((at, kept) for (at, _), (_, kept) in known.items() if kept is not None), None)
    explainer = None
    found = []
    for one in periods:
        told, kept = known.get((one.start, one.end), ((), None))
        if predict is not None and not (told and one.is_over):
            rng = derive_rng(live.seed, "importance", rows.slot, str(one.ref), str(one.start))
            own = _sample(rows, code, one, rng)
            if first is None and one.is_over and own.n_learners >= MIN_LEARNERS:
                first = one.start, own
            if first is not None:
                explainer = explainer or Explainer(predict, first[1], live.seed)
                is_first = first[0] == one.start
                told = explainer.of_first() if is_first else explainer.of_later(own, rng)
                kept = first[1] if is_first else None
        found.append(replace(one, importance=told, sample=kept))
    return found


def _sample(rows: Rows, code: int, one: ModelPeriod, rng: np.random.Generator) -> Sample:
    """The rows of a period that are explained."""
    theirs = rows.sampled & (rows.model == code)
    theirs &= (rows.at_us >= to_us(one.start)) & (rows.at_us < to_us(one.end))
    return importance.sample(rows.names, rows.x[theirs], rows.learner[theirs], rng)


def _told(stored: PeriodFigures) -> tuple[tuple[Importance, ...], Sample | None]:
    """What is stored of a period's importances, and the rows of a first one."""
    told: Any = stored.figures.get("importance", ())
    kept: Any = stored.figures.get("importance_sample")
    return importance.of_plain(told), None if kept is None else Sample.of_plain(kept)


# --- as plain values ------------------------------------------------------------------------------


def figures_of(one: ModelPeriod) -> PeriodFigures:
    """What is stored of a period."""
    first = {} if one.baseline is None else one.baseline
    kept = {name: msgspec.json.decode(baselines.to_json(own)) for name, own in first.items()}
    figures = {**plain(one), **({"baseline": kept} if kept else {})}
    if one.sample is not None:
        figures["importance_sample"] = one.sample.plain()
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
        "reweighed": list(one.reweighed),
        "importance": [x.plain() for x in one.importance],
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
