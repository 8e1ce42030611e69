"""Do the rows themselves give answers away, whatever the model? Three checks of a data set.

`expanded_rows`  An answer to an item with several skills was written as several rows, one for each
    skill: a model reads the answer in the first and repeats it in the second. Seen in neighbouring
    rows of one item (of one instant, where items are unknown) that name another skill. Failed
    where they are >= 1% of rows and >= 95% of them repeat the answer.
`action_log`     Every action or retry became a row: "what did they do last" predicts them. Failed
    where a row repeats the item (and the skill) of the row before >= 10 points more often than it
    would in a random order of the learner's rows.
`end_times`      The time is that of the answer, not of the question, so the gap to the row before
    holds the response time, which is known only with the answer. With latencies: a question's time
    plus its latency rarely passes the next question's time, while an answer's time minus its
    latency rarely passes the time before. Failed where the first happens on > 2% of rows and > 4
    times as often as the second. Where latencies are missing or can't tell: failed where a short
    gap tells right answers with an AUC >= .70, among rows that follow alike answers.

The thresholds stand between what the clean sets of docs/evaluation.md show and what the leaking
ones do; the table there has the numbers.
"""

import math

import numpy as np

from learnloop.core.answers import STUDY
from learnloop.core.types import Bools, Floats
from learnloop.metrics import auc
from learnloop.training.dataset import Dataset
from learnloop.training.findings import Finding, Verdict

MAX_EXPANDED = 0.01
MIN_AGREEMENT = 0.95
MAX_EXCESS_REPEATS = 0.10
MAX_OVERRUN = 0.02
MIN_OVERRUN_RATIO = 4.0
MAX_GAP_AUC = 0.70
MIN_PAIRS = 100


def expanded_rows(data: Dataset) -> Finding:
    """Is one answer written as several rows, one for each skill?"""
    check, log = "expanded_rows", data.log
    if data.row_skill is None or (log.occurred_us is None and not data.knows_items):
        missing = "a skill column" if data.row_skill is None else "an item or a time column"
        return Finding(check, Verdict.UNKNOWN, f"can't be seen without {missing}")
    same = np.diff(log.item) == 0 if data.knows_items else np.diff(log.instant) == 0
    pairs = _same_learner(data) & same & (np.diff(data.row_skill) != 0)
    share = _share(pairs, _same_learner(data))
    agreement = _share(pairs & (np.diff(log.correct) == 0), pairs)
    measured = {"share_of_rows": share, "agreement": agreement}
    if share >= MAX_EXPANDED and agreement >= MIN_AGREEMENT:
        return Finding(
            check,
            Verdict.FAILED,
            f"{share:.1%} of rows repeat the row before under another skill, {agreement:.1%} of "
            "them with the same answer: write one row for each answer, and the skills of an item "
            "into q_matrix.csv",
            measured,
        )
    return Finding(check, Verdict.PASSED, "one row for each answer", measured)


def action_log(data: Dataset) -> Finding:
    """Is every action or retry a row?"""
    check, log = "action_log", data.log
    if not data.knows_items:
        return Finding(check, Verdict.UNKNOWN, "can't be seen without an item column")
    learner = _same_learner(data)
    repeats = learner & (np.diff(log.item) == 0)
    if data.row_skill is not None:
        repeats &= np.diff(data.row_skill) == 0
    share, chance = _share(repeats, learner), _chance_of_repeat(data)
    measured = {"share_of_rows": share, "by_chance": chance}
    if share - chance >= MAX_EXCESS_REPEATS:
        return Finding(
            check,
            Verdict.FAILED,
            f"{share:.1%} of rows repeat the item of the row before ({chance:.1%} by chance): "
            "keep the first attempt at an item and leave its later actions out",
            measured,
        )
    return Finding(check, Verdict.PASSED, "rows are attempts, not actions", measured)


def end_times(data: Dataset) -> Finding:
    """Is the time of a row that of the answer, and not that of the question?"""
    if data.log.occurred_us is None:
        return Finding("end_times", Verdict.PASSED, "there are no times, only an order")
    by_latency = _end_times_by_latency(data)
    return _end_times_by_gap(data) if by_latency is None else by_latency


def _end_times_by_latency(data: Dataset) -> Finding | None:
    """What times and latencies say together; None where they say nothing."""
    if data.log.seconds is None:
        return None
    gap_ms: Floats = np.diff(data.log.times) / 1000
    before, after = data.log.seconds[:-1] * 1000, data.log.seconds[1:] * 1000
    known = _same_learner(data) & (gap_ms > 0) & ~np.isnan(before) & ~np.isnan(after)
    if known.sum() < MIN_PAIRS:
        return None
    overrun, underrun = _share(gap_ms < before, known), _share(gap_ms < after, known)
    measured = {"answered_after_next": overrun, "asked_before_last": underrun}
    if overrun > MAX_OVERRUN and overrun > MIN_OVERRUN_RATIO * underrun:
        return Finding(
            "end_times",
            Verdict.FAILED,
            f"time + latency passes the next row's time on {overrun:.1%} of rows, time - latency "
            f"passes the last row's on {underrun:.1%}: these are times of the answer; subtract "
            "the latency, so that they are times of the question",
            measured,
        )
    if underrun > MAX_OVERRUN and underrun > MIN_OVERRUN_RATIO * overrun:
        message = "times are times of the question, by their latencies"
        return Finding("end_times", Verdict.PASSED, message, measured)
    return None


def _end_times_by_gap(data: Dataset) -> Finding:
    told = _auc_of_gap(data)
    measured = {"auc_of_gap": told}
    if math.isnan(told):
        return Finding("end_times", Verdict.UNKNOWN, "too few answers with times", measured)
    if told >= MAX_GAP_AUC:
        return Finding(
            "end_times",
            Verdict.FAILED,
            f"the gap to the row before tells right answers with an AUC of {told:.2f}, as times of "
            "the answer do: use times of the question",
            measured,
        )
    message = f"no latencies to check the times by; the gap tells little (AUC {told:.2f})"
    return Finding("end_times", Verdict.UNKNOWN, message, measured)


def _auc_of_gap(data: Dataset) -> float:
    """How well a short gap tells right from wrong, among rows that follow the same answer."""
    log = data.log
    gap, correct, last = np.diff(log.times), log.correct[1:], log.correct[:-1]
    known = _same_learner(data) & (gap > 0) & (correct != STUDY)
    total = weight = 0.0
    for answer in (0, 1):
        rows = known & (last == answer)
        told = auc(correct[rows], -gap[rows].astype(np.float64))
        if rows.sum() >= MIN_PAIRS and not math.isnan(told):
            total, weight = total + told * float(rows.sum()), weight + float(rows.sum())
    return total / weight if weight else math.nan


def _same_learner(data: Dataset) -> Bools:
    """(n - 1,) whether row i + 1 is of the same learner as row i."""
    same: Bools = np.diff(data.log.learner) == 0
    return same


def _chance_of_repeat(data: Dataset) -> float:
    """The share of rows that would repeat the item before if each learner's rows were shuffled."""
    log = data.log
    n_rows = np.bincount(log.learner, minlength=len(log.learner_ids))
    cell, count = np.unique(log.learner * len(log.item_ids) + log.item, return_counts=True)
    expected = count * (count - 1) / n_rows[cell // len(log.item_ids)]
    n_pairs = int(np.maximum(n_rows - 1, 0).sum())
    return float(expected.sum() / n_pairs) if n_pairs else 0.0


def _share(part: Bools, whole: Bools) -> float:
    return float((part & whole).sum() / whole.sum()) if whole.any() else 0.0
