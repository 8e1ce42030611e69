"""Where are the predictions, and what was found out about their models?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_

from learnloop.core.ids import PredictionId
from learnloop.core.predictions import PredictionRecord
from learnloop.core.time import to_us
from learnloop.core.types import Ref
from learnloop.core.watch import Alert, PeriodFigures, Watched
from learnloop.storage.checks import ref_text
from learnloop.storage.sql.rows.predictions import (
    alert_of,
    alert_row,
    figures_of,
    figures_row,
    prediction_of,
    prediction_row,
    watched_of,
    watched_row,
)
from learnloop.storage.sql.schema import alerts, period_figures, predictions, watched
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import Statement, insert_new, param, statement, upsert

_p = predictions.c
_APPEND = insert_new(predictions)
_PREDICTION = statement(select(*_p).where(_p.prediction_id == param("id")))
_SLOTS = statement(select(_p.slot).distinct().order_by(_p.slot))
_PURGE = statement(predictions.delete().where(_p.slot == param("slot"), _p.at_us < param("before")))


def _page(of_ref: bool) -> Statement:
    age = tuple_(_p.at_us, _p.prediction_id)
    query = select(*_p).where(
        _p.slot == param("slot"),
        _p.at_us >= param("since"),
        age > tuple_(param("after_us"), param("after_id")),
    )
    if of_ref:
        query = query.where(_p.ref == param("ref"))
    return statement(query.order_by(_p.at_us, _p.prediction_id), limited=True)


_PAGE = {of_ref: _page(of_ref) for of_ref in (False, True)}
_FIRST = -(2**63)

_PUT_WATCHED = upsert(watched)
_WATCHED = statement(select(*watched.c).order_by(watched.c.rule, watched.c.subject))
_APPEND_ALERT = insert_new(alerts)
_ALERTS = statement(
    select(*alerts.c).order_by(
        alerts.c.at_us.desc(), alerts.c.alert_id.desc(), alerts.c.change.desc()
    ),
    limited=True,
)
_f = period_figures.c
_PUT_FIGURES = upsert(period_figures)
_FIGURES = statement(
    select(*_f).where(_f.end_us > param("since")).order_by(_f.slot, _f.start_us, _f.ref)
)


class SqlPredictions:
    """What models said."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, records: Sequence[PredictionRecord]) -> int:
        return self._session.many(_APPEND, [prediction_row(record) for record in records])

    def get(self, prediction_id: PredictionId) -> PredictionRecord | None:
        row = self._session.row(_PREDICTION, (prediction_id,))
        return None if row is None else prediction_of(row)

    def page(
        self,
        slot: str,
        limit: int,
        *,
        since: datetime | None = None,
        after: PredictionRecord | None = None,
        ref: Ref | None = None,
    ) -> list[PredictionRecord]:
        behind = (_FIRST, "") if after is None else (to_us(after.at), after.prediction_id)
        first = _FIRST if since is None else to_us(since)
        only = () if ref is None else (ref_text(ref),)
        rows = self._session.rows(_PAGE[ref is not None], (slot, first, *behind, *only, limit))
        return [prediction_of(row) for row in rows]

    def slots(self) -> Sequence[str]:
        return [row[0] for row in self._session.rows(_SLOTS)]

    def purge(self, before: datetime) -> int:
        return sum(self._session.run(_PURGE, (slot, to_us(before))) for slot in self.slots())


class SqlWatch:
    """What was found out about the models in service."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def watched(self) -> Sequence[Watched]:
        return [watched_of(row) for row in self._session.rows(_WATCHED)]

    def put_watched(self, watched: Watched) -> None:
        self._session.run(_PUT_WATCHED, watched_row(watched))

    def append(self, alerts: Sequence[Alert]) -> list[bool]:
        rows = [alert_row(alert) for alert in alerts]
        return [self._session.run(_APPEND_ALERT, row) == 1 for row in rows]

    def alerts(self, limit: int) -> list[Alert]:
        return [alert_of(row) for row in self._session.rows(_ALERTS, (limit,))]

    def put_figures(self, figures: Sequence[PeriodFigures]) -> None:
        self._session.many(_PUT_FIGURES, [figures_row(one) for one in figures])

    def figures(self, since: datetime) -> list[PeriodFigures]:
        return [figures_of(row) for row in self._session.rows(_FIGURES, (to_us(since),))]
