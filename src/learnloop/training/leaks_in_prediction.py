"""Does a way of predicting look ahead? Change what it may not know, and see whether it notices.

A predictor is given the log, and the log again with something changed that the prediction must not
depend on. Every chance that should have stayed must be the same, bit for bit.

`own_instant`     The answers of one instant are turned over: no chance of that instant, nor any
    before it, may move. Catches a model that is shown its own answer, and bundles of questions
    answered together whose answers feed each other.
`planted_future`  After a random instant of each learner all answers are turned over, all items
    swapped for others and all times moved on: no chance up to that instant may move.
`other_learners`  Every second learner's answers are turned over: no chance of the rest may move.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats, Ints
from learnloop.training.findings import Finding, Verdict
from learnloop.training.predict import Predictor

N_ROUNDS = 4
MAX_ROWS = 4000
ONE_DAY_US = 86_400_000_000
Plant = Callable[[AnswerLog, np.random.Generator], tuple[AnswerLog, Bools]]


def prediction_findings(
    predict: Predictor, log: AnswerLog, rng: np.random.Generator
) -> tuple[Finding, ...]:
    """Run the three checks on some of the learners, those with shared instants first.

    Args:
        predict: What is under test.
        log: Held-out learners.
        rng: Draws the instants and the planted rows.
    """
    some = log.take_learners(_sample(log, rng))
    said = predict(some)
    checks = {
        "own_instant": (_turn_instant, "answers of the row's own instant move its chance"),
        "planted_future": (_plant_future, "rows from later on move earlier chances"),
        "other_learners": (_turn_others, "answers of other learners move a learner's chances"),
    }
    return tuple(
        _finding(name, complaint, _n_moved(predict, some, said, plant, rng))
        for name, (plant, complaint) in checks.items()
    )


def _finding(check: str, complaint: str, counts: tuple[int, int]) -> Finding:
    n_moved, n_watched = counts
    measured = {"moved": float(n_moved), "watched": float(n_watched)}
    if n_moved:
        message = f"{complaint} ({n_moved} of {n_watched}): predict from earlier rows alone"
        return Finding(check, Verdict.FAILED, message, measured)
    if not n_watched:
        return Finding(check, Verdict.UNKNOWN, "there are no answers to watch", measured)
    return Finding(check, Verdict.PASSED, f"none of {n_watched} chances moved", measured)


def _n_moved(
    predict: Predictor, log: AnswerLog, said: Floats, plant: Plant, rng: np.random.Generator
) -> tuple[int, int]:
    """How many chances moved that should not have, of how many watched."""
    n_moved = n_watched = 0
    for _ in range(N_ROUNDS):
        planted, stays = plant(log, rng)
        watched = stays & (log.correct != STUDY)
        n_moved += int((predict(planted)[watched] != said[watched]).sum())
        n_watched += int(watched.sum())
    return n_moved, n_watched


def _turn_instant(log: AnswerLog, rng: np.random.Generator) -> tuple[AnswerLog, Bools]:
    instant, cut = log.instant, _cuts(log, rng)
    return _turned(log, instant == cut), instant <= cut


def _plant_future(log: AnswerLog, rng: np.random.Generator) -> tuple[AnswerLog, Bools]:
    later = log.instant > _cuts(log, rng)
    others = rng.integers(len(log.item_ids), size=len(log))
    times = None if log.occurred_us is None else log.occurred_us + later * ONE_DAY_US
    planted = replace(
        _turned(log, later), item=np.where(later, others, log.item), occurred_us=times
    )
    return planted, ~later


def _turn_others(log: AnswerLog, rng: np.random.Generator) -> tuple[AnswerLog, Bools]:
    turned = (log.learner + rng.integers(2)) % 2 == 1
    return _turned(log, turned), ~turned


def _turned(log: AnswerLog, rows: Bools) -> AnswerLog:
    turn = rows & (log.correct != STUDY)
    return replace(log, correct=np.where(turn, 1 - log.correct, log.correct).astype(np.int8))


def _cuts(log: AnswerLog, rng: np.random.Generator) -> Ints:
    """(n,) one random instant of each row's learner: every second time one that rows share."""
    instant, starts = log.instant, log.starts
    shared = np.bincount(instant, minlength=1)[instant] > 1
    cut = np.empty(len(log), dtype=np.int64)
    for first, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        choices = instant[first:end]
        if shared[first:end].any() and rng.random() < 0.5:
            choices = choices[shared[first:end]]
        cut[first:end] = rng.choice(choices) if len(choices) else 0
    return cut


def _sample(log: AnswerLog, rng: np.random.Generator) -> Bools:
    """Which learners to try: at least two, and no more rows than `MAX_ROWS` where that is enough.

    Those with shared instants go first, for only they can show what a bundle gives away.
    """
    n_rows = np.diff(log.starts)
    n_instants = np.bincount(
        log.learner[np.diff(log.instant, prepend=-1) > 0], minlength=len(n_rows)
    )
    order = np.lexsort((rng.random(len(n_rows)), n_instants >= n_rows))
    fits = np.cumsum(n_rows[order]) <= MAX_ROWS
    fits[:2] = True
    chosen = np.zeros(len(n_rows), dtype=bool)
    chosen[order[fits]] = True
    return chosen
