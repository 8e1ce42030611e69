"""Where are the predictions, and what was found out about their models, in memory?"""

from collections.abc import Sequence
from datetime import datetime

from learnloop.core.ids import PredictionId
from learnloop.core.predictions import PredictionRecord
from learnloop.core.types import Ref
from learnloop.core.watch import Alert, PeriodFigures, Watched
from learnloop.storage.checks import check_alert, check_figures, check_prediction
from learnloop.storage.memory.versions import View


class MemoryPredictions:
    """What models said."""

    def __init__(self, view: View) -> None:
        self._view = view

    def append(self, records: Sequence[PredictionRecord]) -> int:
        for record in records:
            check_prediction(record)
        return sum(self._append(record) for record in records)

    def _append(self, record: PredictionRecord) -> bool:
        if self.get(record.prediction_id) is not None:
            return False
        self._view.set("predictions", record.prediction_id, record)
        return True

    def get(self, prediction_id: PredictionId) -> PredictionRecord | None:
        record: PredictionRecord | None = self._view.get("predictions", prediction_id)
        return record

    def page(
        self,
        slot: str,
        limit: int,
        *,
        since: datetime | None = None,
        after: PredictionRecord | None = None,
        ref: Ref | None = None,
    ) -> list[PredictionRecord]:
        found = [
            record
            for record in self._view.values("predictions")
            if record.slot == slot
            and (since is None or record.at >= since)
            and (after is None or _age(record) > _age(after))
            and ref in (None, record.ref)
        ]
        return sorted(found, key=_age)[:limit]

    def slots(self) -> Sequence[str]:
        return sorted({record.slot for record in self._view.values("predictions")})

    def purge(self, before: datetime) -> int:
        old = [r.prediction_id for r in self._view.values("predictions") if r.at < before]
        for prediction_id in old:
            self._view.set("predictions", prediction_id, None)
        return len(old)


class MemoryWatch:
    """What was found out about the models in service."""

    def __init__(self, view: View) -> None:
        self._view = view

    def watched(self) -> Sequence[Watched]:
        return sorted(self._view.values("watched"), key=lambda w: (w.rule, w.subject))

    def put_watched(self, watched: Watched) -> None:
        self._view.set("watched", (watched.rule, watched.subject), watched)

    def append(self, alerts: Sequence[Alert]) -> list[bool]:
        for alert in alerts:
            check_alert(alert)
        return [self._append(alert) for alert in alerts]

    def _append(self, alert: Alert) -> bool:
        key = (alert.alert_id, alert.change)
        if self._view.get("alerts", key) is not None:
            return False
        self._view.set("alerts", key, alert)
        return True

    def alerts(self, limit: int) -> list[Alert]:
        found = sorted(self._view.values("alerts"), key=lambda a: (a.at, a.alert_id, a.change))
        return found[::-1][:limit]

    def put_figures(self, figures: Sequence[PeriodFigures]) -> None:
        for one in figures:
            check_figures(one)
            self._view.set("period_figures", (one.slot, one.start, one.ref), one)

    def figures(self, since: datetime) -> list[PeriodFigures]:
        found = [one for one in self._view.values("period_figures") if one.end > since]
        return sorted(found, key=lambda one: (one.slot, one.start, str(one.ref)))


def _age(record: PredictionRecord) -> tuple[datetime, str]:
    return record.at, record.prediction_id
