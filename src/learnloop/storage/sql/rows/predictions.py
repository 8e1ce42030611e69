"""How do predictions, alerts and figures become rows, and rows the same again?"""

from typing import Any

import msgspec

from learnloop.core.ids import ItemId, LearnerId, PredictionId
from learnloop.core.predictions import PredictionRecord
from learnloop.core.time import from_us, to_us
from learnloop.core.types import Ref
from learnloop.core.watch import Alert, AlertState, Change, PeriodFigures, Severity, Watched
from learnloop.storage.checks import check_alert, check_figures, check_prediction, ref_text
from learnloop.storage.sql.rows.cells import Row, dumps

_state = msgspec.json.Decoder(AlertState).decode
_object = msgspec.json.Decoder(dict[str, Any]).decode


def prediction_row(record: PredictionRecord) -> Row:
    """The row of `predictions`."""
    check_prediction(record)
    return (
        record.prediction_id,
        to_us(record.at),
        record.slot,
        ref_text(record.ref),
        record.role,
        record.p,
        record.latency_us,
        record.degraded,
        record.learner_id,
        record.item_id,
        record.features,
        record.request_id,
    )


def prediction_of(row: Row) -> PredictionRecord:
    """The prediction that a row holds."""
    prediction_id, at_us, slot, ref, role, p, latency_us, degraded, learner, item = row[:10]
    features, request_id = row[10:]
    return PredictionRecord(
        PredictionId(prediction_id),
        from_us(at_us),
        slot,
        Ref.parse(ref),
        role,
        p,
        latency_us,
        degraded,
        None if learner is None else LearnerId(learner),
        None if item is None else ItemId(item),
        None if features is None else bytes(features),
        request_id,
    )


def watched_row(watched: Watched) -> Row:
    """The row of `watched`."""
    return watched.rule, watched.subject, to_us(watched.seen_until), dumps(watched.state)


def watched_of(row: Row) -> Watched:
    """What a row of `watched` holds."""
    rule, subject, seen_us, state = row
    return Watched(rule, subject, from_us(seen_us), _state(state))


def alert_row(alert: Alert) -> Row:
    """The row of `alerts`."""
    check_alert(alert)
    return (
        alert.alert_id,
        alert.change.value,
        alert.rule,
        alert.subject,
        alert.severity.value,
        to_us(alert.at),
        alert.value,
        alert.bound,
    )


def alert_of(row: Row) -> Alert:
    """The alert that a row holds."""
    alert_id, change, rule, subject, severity, at_us, value, bound = row
    at = from_us(at_us)
    return Alert(alert_id, rule, subject, Severity(severity), Change(change), at, value, bound)


def figures_row(figures: PeriodFigures) -> Row:
    """The row of `period_figures`."""
    check_figures(figures)
    start_us, end_us = to_us(figures.start), to_us(figures.end)
    return figures.slot, start_us, ref_text(figures.ref), end_us, dumps(figures.figures)


def figures_of(row: Row) -> PeriodFigures:
    """The figures that a row holds."""
    slot, start_us, ref, end_us, figures = row
    return PeriodFigures(slot, Ref.parse(ref), from_us(start_us), from_us(end_us), _object(figures))
