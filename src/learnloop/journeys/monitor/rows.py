"""What did the models say, and what came of it? Row by row, from three sources.

estimator        the log itself, walked again: what the champion of the time says of each answer
from the answers before it, so nothing has to be noted when it is asked
recommendations  the chances that stood beside recommended items, and their outcomes
any other slot   the prediction log; the outcome is the learner's first answer to that item
within a day, or the answer that names the prediction in `decision_id`
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import structlog

from learnloop.core.errors import ArtifactError
from learnloop.core.ids import LearnerId
from learnloop.core.predictions import PredictionRecord
from learnloop.core.protocols import Estimator, Transaction
from learnloop.core.registry import ESTIMATOR, ModelRole
from learnloop.core.time import to_us
from learnloop.core.types import (
    Bools,
    Floats,
    InteractionKind,
    Ints,
    Metric,
    OrderKey,
    Ref,
)
from learnloop.journeys.fit import answers
from learnloop.journeys.live import Live, every_learner
from learnloop.journeys.registry import MANY, artifact_of
from learnloop.models import ability
from learnloop.monitoring.accuracy import UNKNOWN
from learnloop.serving.served import DEGRADED, ServedBy
from learnloop.training.golden import MODEL_FILE
from learnloop.training.predict import predict_rows

RECOMMENDATIONS: Final = "recommendations"
WITHIN: Final = timedelta(days=1)
"""How long after a prediction an answer is its outcome."""
PAGE: Final = 5000
LATEST: Final = 1000
"""Decisions of one learner that are looked at, the latest."""

_log = structlog.get_logger("learnloop.monitor")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What the models of a slot said, and what came of it.

    Attributes:
        slot: Where they were asked.
        refs: Model of each model code.
        model: (n,) model codes.
        at_us: (n,) when, microseconds since 1970.
        learner: (n,) learner codes.
        p: (n,) the chances they gave, [0, 1].
        correct: (n,) what happened: 0, 1, or -1 while it is not known.
        names: Of the columns of `x`.
        x: (n, n_names) what the model was asked with; NaN where unknown.
        sampled: (n,) whether `x` was kept.
        latency_ms: (n,) how long the answer took; None if not measured.
        fallback: (n,) whether another had to answer; None if there is no other.
    """

    slot: str
    refs: tuple[Ref, ...]
    model: Ints
    at_us: Ints
    learner: Ints
    p: Floats
    correct: Ints
    names: tuple[str, ...]
    x: Floats
    sampled: Bools
    latency_ms: Floats | None = None
    fallback: Bools | None = None

    def __len__(self) -> int:
        return len(self.p)


def every_slot(live: Live, tx: Transaction, since: datetime) -> Iterator[Rows]:
    """The rows of each slot that has any, since an instant."""
    yield from (x for x in (of_estimator(live, tx, since), of_decisions(tx, since)) if len(x))
    for slot in tx.predictions.slots():
        rows = of_log(live, tx, slot, since)
        if len(rows):
            yield rows


# --- the log, walked again ------------------------------------------------------------------------


def of_estimator(live: Live, tx: Transaction, since: datetime) -> Rows:
    """What the champion of the time says of each answer, from the answers before it."""
    log = answers(live, tx)
    asked = (log.correct >= 0) & (log.times >= to_us(since))
    refs: list[Ref] = []
    p, model = np.full(len(log), np.nan), np.zeros(len(log), np.int64)
    for begin, end, estimator in _reigns(live, tx):
        theirs = asked & (log.times >= begin) & (log.times < end)
        if theirs.any():
            p[theirs] = predict_rows(estimator, log)[theirs]
            model[theirs] = len(refs)
            refs.append(estimator.ref)
    kept = ~np.isnan(p)
    seconds = np.full(len(log), np.nan) if log.seconds is None else np.log1p(log.seconds)
    x = np.column_stack([seconds, log.difficulty_logit[log.item]])
    return Rows(
        ESTIMATOR,
        tuple(refs),
        model[kept],
        log.times[kept],
        log.learner[kept],
        p[kept],
        log.correct[kept].astype(np.int64),
        ("log_seconds", "difficulty_logit"),
        x[kept],
        np.ones(int(kept.sum()), dtype=bool),
    )


def _reigns(live: Live, tx: Transaction) -> Iterator[tuple[int, int, Estimator[Any]]]:
    """From when until when which model answered; microseconds."""
    changes = [
        (to_us(c.at), c.ref)
        for c in reversed(tx.models.changes(ESTIMATOR, MANY))
        if c.role is ModelRole.CHAMPION
    ]
    begins = [-(2**62), *(at for at, _ in changes)]
    ends = [*(at for at, _ in changes), 2**62]
    for begin, end, ref in zip(begins, ends, [None, *(ref for _, ref in changes)], strict=True):
        try:
            yield begin, end, _estimator(live, tx, ref)
        except ArtifactError as error:
            _log.warning("model_not_judged", model=str(ref), detail=error.message)


def _estimator(live: Live, tx: Transaction, ref: Ref | None) -> Estimator[Any]:
    if ref is None:
        return ability.from_catalog(live.items, version=f"catalog-{live.items.version}")
    if ref == live.estimator.ref:
        return live.estimator
    return ability.load(artifact_of(tx, ref).file(MODEL_FILE))


# --- recommendations ------------------------------------------------------------------------------


def of_decisions(tx: Transaction, since: datetime) -> Rows:
    """The chances beside recommended items, and what came of those that were answered."""
    rows: list[tuple[Ref, int, int, float, int]] = []
    for code, learner in enumerate(every_learner(tx)):
        for decision in tx.decisions.latest(learner.learner_id, LATEST):
            if decision.decided_at < since:
                break
            came: dict[int, int] = {}
            for outcome in tx.outcomes.of_decision(decision.decision_id):
                if outcome.metric is Metric.CORRECT and outcome.value in (0.0, 1.0):
                    came.setdefault(outcome.position, int(outcome.value))
            at, ref = to_us(decision.decided_at), decision.models[0]
            rows += [
                (ref, at, code, choice.p_correct, came.get(position, UNKNOWN))
                for position, choice in enumerate(decision.choices)
                if choice.p_correct is not None
            ]
    refs = tuple(dict.fromkeys(row[0] for row in rows))
    n = len(rows)
    return Rows(
        RECOMMENDATIONS,
        refs,
        np.array([refs.index(row[0]) for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([row[3] for row in rows], dtype=np.float64),
        np.array([row[4] for row in rows], dtype=np.int64),
        (),
        np.empty((n, 0)),
        np.zeros(n, dtype=bool),
    )


# --- the prediction log ---------------------------------------------------------------------------


def of_log(live: Live, tx: Transaction, slot: str, since: datetime) -> Rows:
    """What was noted where the models of a slot answered; shadows, whom nobody hears, too."""
    records = [r for r in _pages(tx, slot, since) if r.p is not None]
    refs = tuple(dict.fromkeys(r.ref for r in records))
    who = {name: code for code, name in enumerate(dict.fromkeys(r.learner_id for r in records))}
    came = _outcomes(tx, records, since)
    names, x, sampled = _features(live, records)
    return Rows(
        slot,
        refs,
        np.array([refs.index(r.ref) for r in records], dtype=np.int64),
        np.array([to_us(r.at) for r in records], dtype=np.int64),
        np.array([who[r.learner_id] for r in records], dtype=np.int64),
        np.array([r.p for r in records], dtype=np.float64),
        np.array([came.get(r.prediction_id, UNKNOWN) for r in records], dtype=np.int64),
        names,
        x,
        sampled,
        np.array([r.latency_us / 1000 for r in records], dtype=np.float64),
        np.array([ServedBy(r.role) in DEGRADED for r in records], dtype=bool),
    )


def _pages(tx: Transaction, slot: str, since: datetime) -> Iterator[PredictionRecord]:
    page = tx.predictions.page(slot, PAGE, since=since)
    while page:
        yield from page
        page = tx.predictions.page(slot, PAGE, since=since, after=page[-1])


def _outcomes(
    tx: Transaction, records: Sequence[PredictionRecord], since: datetime
) -> dict[str, int]:
    """By prediction, whether the answer that followed was right."""
    by_learner: dict[LearnerId, list[PredictionRecord]] = {}
    for record in records:
        if record.learner_id is not None:
            by_learner.setdefault(record.learner_id, []).append(record)
    found: dict[str, int] = {}
    for learner_id, own in by_learner.items():
        named: dict[str, int] = {}
        given: dict[str, tuple[list[int], list[int]]] = {}
        for x in tx.interactions.history(learner_id, OrderKey(to_us(since), -(2**63), "")):
            if x.kind is InteractionKind.ANSWERED and x.correct is not None:
                if x.decision_id is not None:
                    named.setdefault(x.decision_id, int(x.correct))
                times, right = given.setdefault(x.item_id, ([], []))
                times.append(x.order.occurred_us)
                right.append(int(x.correct))
        for record in own:
            came = named.get(record.prediction_id)
            if came is None and record.item_id in given:
                came = _next(given[record.item_id], record.at)
            if came is not None:
                found[record.prediction_id] = came
    return found


def _next(answers: tuple[list[int], list[int]], at: datetime) -> int | None:
    """Whether the first answer after an instant was right; None where none came in time."""
    times, right = answers
    first = bisect_right(times, to_us(at))
    in_time = first < len(times) and times[first] <= to_us(at + WITHIN)
    return right[first] if in_time else None


def _features(
    live: Live, records: Sequence[PredictionRecord]
) -> tuple[tuple[str, ...], Floats, Bools]:
    """What was kept of the models' inputs, where they are as wide as those of most."""
    rows = [None if r.features is None else np.frombuffer(r.features, np.float32) for r in records]
    widths = np.bincount([0, *(len(row) for row in rows if row is not None)])
    width = int(widths[1:].argmax()) + 1 if widths[1:].any() else 0
    sampled = np.array([row is not None and len(row) == width > 0 for row in rows], dtype=bool)
    x = np.full((len(records), width), np.nan)
    for i in np.flatnonzero(sampled):
        x[i] = rows[i]
    own = tuple(live.features.column_of)
    return own if len(own) == width else tuple(f"input {j}" for j in range(width)), x, sampled
