"""What is typical of each item, as training answers show? The statistics that features read.

Easiness is fitted together with learners and skills (`models.ability.difficulty`), so an item is
not easy for having been given to the able, and one that training has hardly seen is as easy as its
skills. Slopes say where an item follows ability, the latest answers, or those to its own skills
more (or less) than items do on the whole; they are shrunk by how much items differ at all.

Features of training learners have to be read with statistics of *other* learners (`deal` them into
folds), or what the item says gives away what the learner answered.
"""

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats, Ints
from learnloop.features.batch import compute, each_event
from learnloop.features.definitions import named
from learnloop.features.log import of_answers
from learnloop.features.statistics import ItemStatistics
from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import fit_difficulties
from learnloop.models.ability.fitting import fit_slopes

EXPECTED = "logit_expected"
SLOPES = ("ability", "left_ewm_0.3", "skill_left_ewm_0.5")
"""The features that have slopes, in the order of `ItemFacts`."""
INFLATION = 2.0  # rows of one learner are worth half of independent ones
MIN_ANSWERS = 20


def item_statistics(log: AnswerLog) -> ItemStatistics:
    """Fit them on the answers of training learners.

    Args:
        log: Its items without answers get what their skills say.
    """
    answered = log.correct != STUDY
    seconds = np.full(len(log), np.nan) if log.seconds is None else log.seconds
    found = fit_difficulties(log, answered, Config())
    width = np.diff(log.skill_starts)
    owner = np.repeat(np.arange(len(width)), width)
    seen = found.skill_n[log.skill_of] > 0
    n_seen = np.bincount(owner[seen], minlength=len(width))
    skill = np.bincount(owner[seen], found.skill[log.skill_of[seen]], len(width))
    easiness = found.mu + skill / np.maximum(n_seen, 1) + found.rest
    easiness[(found.n == 0) & (n_seen == 0)] = np.nan

    def statistics(slopes: Floats | None) -> ItemStatistics:
        item, times = log.item[answered], seconds[answered]
        return ItemStatistics.of(log.item_ids, easiness, found.n, item, times, slopes)

    return statistics(_slopes(log, answered, statistics(None)))


def deal(n_learners: int, n_folds: int, rng: np.random.Generator) -> Ints:
    """(n_learners,) a fold for each, as even as can be."""
    return rng.permutation(n_learners) % n_folds


def vectors(log: AnswerLog, statistics: ItemStatistics, names: tuple[str, ...]) -> Floats:
    """(n, n_features) float32, before every row of a log; NaN where unknown."""
    events = of_answers(log, statistics)
    blocks = compute([x.value for x in named(names)], events, each_event(events))
    none = np.empty((0, len(names)), dtype=np.float32)
    return np.concatenate([none, *(block.astype(np.float32) for block in blocks)])


def _slopes(log: AnswerLog, answered: Bools, first: ItemStatistics) -> Floats:
    """(n_items, 3) what each item adds to the slopes of all."""
    n_items = len(log.item_ids)
    often = np.bincount(log.item[answered], minlength=n_items) >= MIN_ANSWERS
    if not often.any():
        return np.zeros((n_items, len(SLOPES)))
    rows = np.nan_to_num(vectors(log, first, (EXPECTED, *SLOPES)).astype(np.float64))
    logit, x = rows[answered, 0], rows[answered, 1:]
    y, item = (log.correct[answered] == 1).astype(np.float64), log.item[answered]
    usual = np.concatenate((np.ones((len(y), 1)), x), axis=1)
    shared = fit_slopes(usual, y, logit, np.zeros(len(y), dtype=np.int64), 1, 1.0)[0]
    logit = logit + shared[0] + usual @ shared[1:]
    kept = often[item]
    return fit_slopes(x[kept], y[kept], logit[kept], item[kept], n_items, INFLATION)[:, 1:]
