"""The four known leaks, planted in real data: the audit fails each, and says which it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from learnloop.core.answers import AnswerLog
from learnloop.core.ids import ItemId, LearnerId
from learnloop.core.types import Floats, Interaction, Item, Ref
from learnloop.training.audit import Audit, audit_data, audit_prediction
from learnloop.training.baselines import Rates, fit_item
from learnloop.training.dataset import Dataset, read_dataset
from learnloop.training.evaluate import evaluate
from learnloop.training.predict import predict_rows

pytestmark = pytest.mark.accuracy

Rewrite = Callable[[pl.DataFrame], pl.DataFrame]


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def rewritten(source: Path, folder: Path, rewrite: Rewrite) -> Dataset:
    """The data set after its interactions went through `rewrite`, without its q-matrix."""
    frame = pl.read_csv(source / "interactions.csv.gz")
    rewrite(frame).write_csv(folder / "interactions.csv")
    return read_dataset(folder)


def failed(audit: Audit) -> list[str]:
    return [f.check for f in audit.failures]


@dataclass(frozen=True, slots=True)
class Last:
    """The item answered last, and how."""

    item: ItemId | None = None
    correct: bool = False


class Copycat:
    """Item rates, and the last answer again where the item is the same: what a leak is worth."""

    ref = Ref("test/copycat", "1")
    state_type = Last

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    def start(self, learner_id: LearnerId) -> Last:
        return Last()

    def update(self, state: Last, interaction: Interaction, item: Item) -> Last:
        return Last(item.item_id, bool(interaction.correct))

    def p_correct(self, state: Last, item: Item, at: datetime) -> float:
        if state.item == item.item_id:
            return 0.99 if state.correct else 0.01
        return self._rates.p_correct(self._rates.start(LearnerId("")), item, at)


def gain_of_copying(data: Dataset) -> float:
    """AUC of the copycat minus that of the item rates it copies on top of."""
    rates = fit_item(data.train)
    plain, copied = (evaluate(data, m, rng(), 2).figures["auc"] for m in (rates, Copycat(rates)))
    return copied.point - plain.point


def test_rows_expanded_by_skill(kt: Path, tmp_path: Path) -> None:
    source = kt / "assistments09"
    skills = pl.read_csv(source / "q_matrix.csv.gz")
    data = rewritten(
        source,
        tmp_path,
        lambda rows: rows.drop("skill_combo_id").join(
            skills, on="item_id", how="left", maintain_order="left"
        ),
    )
    assert failed(audit_data(data)) == ["expanded_rows"]
    assert gain_of_copying(data) > 0.05
    assert gain_of_copying(read_dataset(source)) == pytest.approx(0, abs=1e-4)


def test_action_logs_taken_as_attempts(kt: Path, tmp_path: Path) -> None:
    def every_action(rows: pl.DataFrame) -> pl.DataFrame:
        # 52% of rows repeat the item of the row before, 68% of them with the same answer.
        n_more = rng().geometric(0.48, len(rows)) - 1
        actions = rows[np.repeat(np.arange(len(rows)), 1 + n_more)]
        again = np.diff(np.repeat(np.arange(len(rows)), 1 + n_more), prepend=-1) == 0
        turned = again & (rng().random(len(actions)) > 0.68)
        correct = actions["correct"].to_numpy()
        return actions.with_columns(correct=np.where(turned, 1 - correct, correct))

    data = rewritten(kt / "assistments09", tmp_path, every_action)
    assert failed(audit_data(data)) == ["action_log"]


@pytest.mark.parametrize("latencies", [True, False])
def test_times_of_the_answer(kt: Path, tmp_path: Path, latencies: bool) -> None:
    def at_the_end(rows: pl.DataFrame) -> pl.DataFrame:
        shifted = rows.with_columns(ts_ms=pl.col("ts_ms") + pl.col("end_latency_ms"))
        return shifted if latencies else shifted.drop("end_latency_ms")

    data = rewritten(kt / "mofacts_stats_cloze", tmp_path, at_the_end)
    assert failed(audit_data(data)) == ["end_times"]


def test_clean_times_without_latencies_are_left_open(kt: Path, tmp_path: Path) -> None:
    source = kt / "mofacts_stats_cloze"
    data = rewritten(source, tmp_path, lambda rows: rows.drop("end_latency_ms"))
    found = {f.check: f for f in audit_data(data).findings}["end_times"]
    assert found.verdict.value == "unknown"
    assert found.measured["auc_of_gap"] < 0.60


def one_by_one(log: AnswerLog) -> AnswerLog:
    """The log with the rows of an instant a microsecond apart: each now feeds the next."""
    rank = np.arange(len(log)) - np.searchsorted(log.instant, log.instant)
    return replace(log, occurred_us=log.times + rank)


def test_bundles_whose_answers_feed_each_other(kt: Path) -> None:
    data = read_dataset(kt / "ednet_part")
    model = Copycat(fit_item(data.train))

    def sequential(log: AnswerLog) -> Floats:
        return predict_rows(LastAnswer(), one_by_one(log))

    def together(log: AnswerLog) -> Floats:
        return predict_rows(LastAnswer(), log)

    assert failed(audit_prediction(sequential, data, rng())) == ["own_instant"]
    assert failed(audit_prediction(together, data, rng())) == []
    assert evaluate(data, model, rng(), 2).audit.passed


class LastAnswer(Copycat):
    """Predicts that the last answer comes again."""

    def __init__(self) -> None:
        super().__init__(Rates(Ref("test/none", "1"), 0.5))

    def p_correct(self, state: Last, item: Item, at: datetime) -> float:
        return 0.7 if state.correct else 0.4
