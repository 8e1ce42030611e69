"""Does a store keep what models said, and what was found out about them, exactly and in order?"""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import PredictionId
from learnloop.core.predictions import PredictionRecord
from learnloop.core.protocols import Store
from learnloop.core.types import Ref
from learnloop.core.watch import Alert, Change, PeriodFigures, Watched
from learnloop.testing import builders as make
from learnloop.testing import strategies as odd_
from learnloop.testing.store_fixture import OnAStore, odd

_fresh = count()
OTHER = Ref("other", "1")


class WatchPromises(OnAStore):
    """What the prediction log and the watch over the models must keep."""

    # --- predictions ----------------------------------------------------------------------------

    @odd
    @given(record=odd_.predictions)
    def test_a_prediction_comes_back_exactly(self, store: Store, record: PredictionRecord) -> None:
        name = PredictionId(f"{record.prediction_id} {next(_fresh)}")
        record = replace(record, prediction_id=name)
        with store.begin() as tx:
            assert tx.predictions.append([record]) == 1
        with store.begin(write=False) as tx:
            assert tx.predictions.get(record.prediction_id) == record
            assert record in tx.predictions.page(record.slot, 10_000, since=record.at)
            assert record.slot in tx.predictions.slots()

    def test_a_prediction_is_kept_once(self, store: Store) -> None:
        one, two = make.a_prediction("a"), make.a_prediction("b", minutes=1)
        with store.begin() as tx:
            assert tx.predictions.append([]) == 0
            assert tx.predictions.append([one]) == 1
            assert tx.predictions.append([replace(one, p=0.9), two]) == 1
        with store.begin(write=False) as tx:
            assert tx.predictions.page("answers", 9) == [one, two]
            assert tx.predictions.get(PredictionId("c")) is None

    def test_predictions_are_read_page_by_page_oldest_first(self, store: Store) -> None:
        every = [make.a_prediction(f"p{n}", minutes=n // 2) for n in range(9)]
        with store.begin() as tx:
            tx.predictions.append(every[::-1])
            tx.predictions.append([make.a_prediction("elsewhere", slot="session")])
        with store.begin(write=False) as tx:
            found = tx.predictions.page("answers", 2)
            while page := tx.predictions.page("answers", 2, after=found[-1]):
                found += page
            assert found == every
            assert tx.predictions.page("answers", 99, since=every[4].at) == every[4:]
            assert tx.predictions.slots() == ["answers", "session"]

    def test_predictions_are_read_by_model(self, store: Store) -> None:
        other = make.a_prediction("b", ref=OTHER)
        with store.begin() as tx:
            tx.predictions.append([make.a_prediction("a"), other])
        with store.begin(write=False) as tx:
            assert tx.predictions.page("answers", 9, ref=OTHER) == [other]

    def test_old_predictions_are_dropped(self, store: Store) -> None:
        every = [make.a_prediction(f"p{n}", minutes=n, slot=f"s{n % 2}") for n in range(6)]
        with store.begin() as tx:
            tx.predictions.append(every)
            assert tx.predictions.purge(every[3].at) == 3
            assert tx.predictions.purge(every[3].at) == 0
            assert tx.predictions.page("s1", 9) == [every[3], every[5]]
            assert tx.predictions.page("s0", 9) == [every[4]]

    @pytest.mark.parametrize("wrong", [float("nan"), -0.1, 1.1])
    def test_what_is_no_chance_is_refused(self, store: Store, wrong: float) -> None:
        with pytest.raises(InvalidInput), store.begin() as tx:
            tx.predictions.append([make.a_prediction(p=wrong)])
        with store.begin(write=False) as tx:
            assert tx.predictions.slots() == []

    # --- the watch ------------------------------------------------------------------------------

    @odd
    @given(watched=odd_.watched)
    def test_what_a_rule_remembers_comes_back_exactly(self, store: Store, watched: Watched) -> None:
        with store.begin() as tx:
            tx.watch.put_watched(replace(watched, seen_until=make.NOON))
            tx.watch.put_watched(watched)
        with store.begin(write=False) as tx:
            same = [w for w in tx.watch.watched() if w.rule == watched.rule]
            assert [w for w in same if w.subject == watched.subject] == [watched]

    @odd
    @given(alert=odd_.alerts)
    def test_an_alert_comes_back_exactly(self, store: Store, alert: Alert) -> None:
        alert = replace(alert, alert_id=f"{alert.alert_id} {next(_fresh)}")
        with store.begin() as tx:
            assert tx.watch.append([alert]) == [True]
        with store.begin(write=False) as tx:
            assert alert in tx.watch.alerts(10_000)

    def test_an_alert_is_raised_once_and_cleared_once(self, store: Store) -> None:
        raised = make.an_alert()
        cleared = replace(raised, change=Change.CLEARED, at=raised.at + timedelta(days=1))
        with store.begin() as tx:
            assert tx.watch.append([raised, cleared]) == [True, True]
            assert tx.watch.append([raised, cleared]) == [False, False]
            assert tx.watch.append([make.an_alert("b", minutes=1)]) == [True]
        with store.begin(write=False) as tx:
            assert tx.watch.alerts(2) == [cleared, make.an_alert("b", minutes=1)]

    @odd
    @given(figures=odd_.figures)
    def test_figures_come_back_exactly(self, store: Store, figures: PeriodFigures) -> None:
        figures = replace(figures, slot=f"{figures.slot} {next(_fresh)}")
        with store.begin() as tx:
            tx.watch.put_figures([replace(figures, figures={"old": 1.5}), figures])
        with store.begin(write=False) as tx:
            found = tx.watch.figures(figures.end - timedelta(microseconds=1))
            assert [f for f in found if f.slot == figures.slot] == [figures]

    def test_figures_go_by_slot_and_start(self, store: Store) -> None:
        every = [make.some_figures(s, days=d, n=d) for s in ("a", "b") for d in range(3)]
        with store.begin() as tx:
            tx.watch.put_figures(every[::-1])
        with store.begin(write=False) as tx:
            assert tx.watch.figures(make.NOON) == every
            since = make.NOON + timedelta(days=1)
            assert tx.watch.figures(since) == [every[1], every[2], every[4], every[5]]
