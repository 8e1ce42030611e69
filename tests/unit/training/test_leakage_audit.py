"""The audit passes clean logs and honest models, and fails each way of peeking."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from learnloop.core.answers import AnswerLog
from learnloop.core.types import Floats, Interaction, Item
from learnloop.training.audit import Audit, audit_data, audit_prediction
from learnloop.training.baselines import fit_item
from learnloop.training.dataset import Dataset, read_dataset
from learnloop.training.evaluate import evaluate
from learnloop.training.predict import predict_rows

from .conftest import Write
from .simulated import Columns, Record, RunningShare, clean_log, q_matrix, rows_at


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def verdicts(audit: Audit) -> dict[str, str]:
    return {f.check: f.verdict.value for f in audit.findings}


def failed(audit: Audit) -> list[str]:
    return [f.check for f in audit.failures]


@pytest.fixture
def data(write: Write) -> Dataset:
    return read_dataset(write(interactions=clean_log(), q_matrix=q_matrix()))


# --- the rows ---------------------------------------------------------------------------------


def test_a_clean_log_passes_every_check(data: Dataset) -> None:
    assert set(verdicts(audit_data(data)).values()) == {"passed"}


def expanded(columns: Columns) -> Columns:
    """A row for each of the two skills of the item, with the same answer."""
    rows = [r for r in range(len(columns["item_id"])) for _ in range(2)]
    twice = rows_at(columns, rows)
    skill = zip(columns["skill_id"] * 2, range(10**6), strict=False)
    twice["skill_id"] = [f"{s}-{k % 2}" for s, k in skill]
    return twice


def test_rows_expanded_by_skill_fail(write: Write) -> None:
    data = read_dataset(write(interactions=expanded(clean_log())))
    assert failed(audit_data(data)) == ["expanded_rows"]


def test_rows_expanded_by_skill_fail_without_items_and_without_times_too(write: Write) -> None:
    without_items = expanded(clean_log(largest_bundle=1))
    del without_items["item_id"]
    assert "expanded_rows" in failed(audit_data(read_dataset(write(interactions=without_items))))
    without_times = expanded(clean_log())
    del without_times["ts_ms"]
    assert failed(audit_data(read_dataset(write(interactions=without_times)))) == ["expanded_rows"]


def test_a_few_expanded_rows_are_enough(write: Write) -> None:
    columns = clean_log()
    twice = [r for r in range(len(columns["item_id"])) for _ in range(1 + (r % 50 == 0))]
    some = rows_at(columns, twice)
    some["skill_id"] = [f"s{k % 2}" for k in range(len(twice))]
    assert failed(audit_data(read_dataset(write(interactions=some)))) == ["expanded_rows"]


def action_rows(columns: Columns, agreement: float = 0.68) -> Columns:
    """Every answer is followed by one more action on the item, mostly with the same result."""
    rows = [r for r in range(len(columns["item_id"])) for _ in range(2)]
    log, chance = rows_at(columns, rows), rng()
    for k in range(1, len(rows), 2):
        log["ts_ms"][k] += 1
        if chance.random() > agreement:
            log["correct"][k] = 1 - log["correct"][k]
    return log


@pytest.mark.parametrize("without", ["", "ts_ms", "skill_id"])
def test_action_logs_fail(write: Write, without: str) -> None:
    singles = clean_log(largest_bundle=1)
    del singles["latency_ms"]
    log = action_rows(singles)
    log.pop(without, None)
    assert "action_log" in failed(audit_data(read_dataset(write(interactions=log))))


def test_drilling_three_cards_in_random_order_is_no_action_log(write: Write) -> None:
    columns = clean_log()
    columns["item_id"] = rng().integers(3, size=len(columns["item_id"])).tolist()
    columns["skill_id"] = columns["item_id"]
    found = {f.check: f for f in audit_data(read_dataset(write(interactions=columns))).findings}
    assert found["action_log"].measured["share_of_rows"] > 0.25
    assert found["action_log"].verdict.value == "passed"


def at_the_end(columns: Columns) -> Columns:
    """The same log with the time of the answer for that of the question."""
    times = zip(columns["ts_ms"], columns["latency_ms"], strict=True)
    return columns | {"ts_ms": [t + late for t, late in times]}


def test_times_of_the_answer_fail(write: Write) -> None:
    data = read_dataset(write(interactions=at_the_end(clean_log(largest_bundle=1))))
    assert failed(audit_data(data)) == ["end_times"]


def test_times_of_the_answer_fail_without_latencies_too(write: Write) -> None:
    columns = at_the_end(clean_log(largest_bundle=1))
    del columns["latency_ms"]
    found = audit_data(read_dataset(write(interactions=columns)))
    assert failed(found) == ["end_times"]
    clean = clean_log()
    del clean["latency_ms"]
    assert verdicts(audit_data(read_dataset(write(interactions=clean))))["end_times"] == "unknown"


def test_without_times_there_is_no_time_to_peek_at(write: Write) -> None:
    columns = clean_log()
    del columns["ts_ms"], columns["item_id"]
    found = verdicts(audit_data(read_dataset(write(interactions=columns))))
    assert found == {"expanded_rows": "unknown", "action_log": "unknown", "end_times": "passed"}


# --- the prediction ---------------------------------------------------------------------------


def audited(predict: Callable[[AnswerLog], Floats], data: Dataset) -> list[str]:
    return failed(audit_prediction(predict, data, rng()))


def test_an_honest_model_passes(data: Dataset) -> None:
    for model in (RunningShare(), fit_item(data.train)):
        found = audit_prediction(lambda log, m=model: predict_rows(m, log), data, rng())
        assert set(verdicts(found).values()) == {"passed"}
        assert all(f.measured["watched"] > 500 for f in found.findings)


def sequential(log: AnswerLog) -> Floats:
    """Row by row, bundles too: what a plain loop over the log does."""
    return predict_rows(RunningShare(), replace(log, occurred_us=None))


def test_answers_of_a_bundle_that_feed_each_other_fail(data: Dataset) -> None:
    assert audited(sequential, data) == ["own_instant"]


def test_the_same_loop_is_honest_where_no_instant_is_shared(data: Dataset) -> None:
    without = replace(data, log=replace(data.log, occurred_us=None))
    assert audited(sequential, without) == []


def test_a_model_shown_its_own_answer_fails(data: Dataset) -> None:
    assert "own_instant" in audited(lambda log: 0.4 + 0.2 * log.correct, data)


def test_a_mean_of_the_whole_history_fails(data: Dataset) -> None:
    def whole(log: AnswerLog) -> Floats:
        return np.array([log.correct[log.learner == x].mean() for x in log.learner])

    assert {"own_instant", "planted_future"} <= set(audited(whole, data))


def test_a_peek_at_the_next_item_or_the_next_time_fails(data: Dataset) -> None:
    def next_item(log: AnswerLog) -> Floats:
        return np.append(log.item[1:], 0) / (len(log.item_ids) + 1)

    def next_time(log: AnswerLog) -> Floats:
        gap = np.append(np.diff(log.times), 0).astype(np.float64)
        return 1 / (1 + np.exp(-gap / 1e12))

    assert audited(next_item, data) == ["planted_future"]
    assert audited(next_time, data) == ["planted_future"]


def test_a_smallest_possible_change_is_seen(data: Dataset) -> None:
    def a_hair(log: AnswerLog) -> Floats:
        return 0.5 + np.append(log.correct[1:], 0) * np.spacing(0.5)

    assert "planted_future" in audited(a_hair, data)


def test_learning_from_other_held_out_learners_fails(data: Dataset) -> None:
    def item_means(log: AnswerLog) -> Floats:
        right = np.bincount(log.item, weights=log.correct, minlength=len(log.item_ids))
        n = np.bincount(log.item, minlength=len(log.item_ids))
        return ((right + 1) / (n + 2))[log.item]

    assert "other_learners" in audited(item_means, data)


class Hoarder(RunningShare):
    """An estimator that breaks the seam: what it learnt of one learner stays for the next."""

    def __init__(self) -> None:
        self.n_right = 0

    def update(self, state: Record, interaction: Interaction, item: Item) -> Record:
        self.n_right += bool(interaction.correct)
        return super().update(state, interaction, item)

    def p_correct(self, state: Record, item: Item, at: object) -> float:
        return 1 / (1 + self.n_right)


def test_an_estimator_that_keeps_things_between_learners_fails(data: Dataset) -> None:
    found = evaluate(data, Hoarder(), rng(), n_resamples=5)
    assert not found.audit.passed
    assert "other_learners" in failed(found.audit)
    assert found.as_json()["audit"]["passed"] is False
