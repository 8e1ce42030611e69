"""What do the answers of many learners say of memory? Parameters of all, then of those who differ.

First those of the population, pulled to the defaults of FSRS-6; then, for each learner with enough
reviews, their own, pulled to the population's. Each step keeps what it was pulled to unless it
predicts later reviews better (`fitting.py`). Items and skills are fitted apart: an item is a card
as in Anki, a skill is reviewed through whatever item practises it.

How much memories differ beyond what their reviews tell is taken from neighbouring surprises of one
card, e = y - p:  spread^2 = sum e_i e_(i+1) / sum v_i v_(i+1),  v = p (1 - p): a card that is
harder than its curve is surprising twice.
"""

from typing import Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.memory.artifact import Frozen
from learnloop.models.memory.batch import Reviews, walk
from learnloop.models.memory.config import Config
from learnloop.models.memory.curve import AGAIN, GOOD
from learnloop.models.memory.fitting import fit, in_time
from learnloop.models.memory.model import digest_of
from learnloop.models.memory.parameters import DEFAULTS, Parameters

MIN_PAIRS: Final = 200
MAX_SPREAD: Final = 3.0


def fit_log(
    log: AnswerLog, config: Config, prerequisites: dict[str, tuple[str, ...]] | None = None
) -> Frozen:
    """The parameters of a log of answers; the defaults where it says too little."""
    of_items, of_skills = item_reviews(log), skill_reviews(log)
    items = fit(of_items.reviews, DEFAULTS, min_reviews=config.min_reviews).parameters
    skills = fit(of_skills.reviews, DEFAULTS, min_reviews=config.min_reviews).parameters
    cold = Frozen(config)
    return Frozen(
        config,
        items,
        skills,
        _personal(log, (of_items, of_skills), (items, skills), config),
        spread(of_items.reviews, np.array(items), cold.item_spread),
        spread(of_skills.reviews, np.array(skills), cold.skill_spread),
        prerequisites or {},
    )


class LogReviews:
    """The answers of a log as reviews.

    Attributes:
        reviews: In order.
        learner: (n,) whose each is.
        rows: (n,) of the log.
    """

    def __init__(self, log: AnswerLog, rows: Ints, thing: Ints, n_things: int) -> None:
        card = log.learner[rows] * n_things + thing
        order = np.lexsort((np.arange(len(rows)), log.times[rows], card))
        self.rows = rows[order]
        self.learner = log.learner[self.rows]
        grade = np.where(log.correct[rows] == 1, GOOD, AGAIN)[order]
        self.reviews = Reviews.ordered(card[order], log.times[rows][order], grade)

    def of(self, learner: int) -> Reviews:
        """One learner's."""
        rows: Bools = self.learner == learner
        return self.reviews.take(rows)


def item_reviews(log: AnswerLog) -> LogReviews:
    """Each answer is a review of its item."""
    rows = np.flatnonzero(log.correct != STUDY)
    return LogReviews(log, rows, log.item[rows], max(len(log.item_ids), 1))


def skill_reviews(log: AnswerLog) -> LogReviews:
    """Each answer is a review of every skill of its item."""
    answered = np.flatnonzero(log.correct != STUDY)
    n_each = np.diff(log.skill_starts)[log.item[answered]]
    rows = np.repeat(answered, n_each)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(n_each) - n_each, n_each)
    skills = log.skill_of[log.skill_starts[log.item[rows]] + nth]
    return LogReviews(log, rows, skills, max(len(log.skill_ids), 1))


def spread(reviews: Reviews, w: Floats, unknown: float) -> float:
    """How much cards differ beyond their curves, logits; `unknown` with too few pairs."""
    rows = np.flatnonzero(reviews.scored)
    first, second = rows[:-1], rows[1:]
    pairs = reviews.card[first] == reviews.card[second]
    if pairs.sum() < MIN_PAIRS:
        return unknown
    p = np.clip(walk(w, reviews).recall, 1e-3, 1.0 - 1e-3)
    e, v = reviews.recalled - p, p * (1.0 - p)
    a, b = first[pairs], second[pairs]
    square = float((e[a] * e[b]).sum() / (v[a] * v[b]).sum())
    return min(float(np.sqrt(max(square, 0.0))), MAX_SPREAD)


def _personal(
    log: AnswerLog,
    both: tuple[LogReviews, LogReviews],
    shared: tuple[Parameters, Parameters],
    config: Config,
) -> dict[str, tuple[Parameters, Parameters]]:
    found = {}
    for code, name in enumerate(log.learner_ids):
        own = tuple(
            fit(mine, prior, min_reviews=config.min_personal).parameters
            if len(in_time(mine)) >= config.min_personal
            else prior
            for mine, prior in zip((of.of(code) for of in both), shared, strict=True)
        )
        if own != shared:
            found[digest_of(name)] = (own[0], own[1])
    return found
