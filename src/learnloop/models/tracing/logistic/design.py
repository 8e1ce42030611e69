"""Which columns does each family have? From a log to a sparse design, and its weights by name.

    pfa      bias + sum over the item's skills s of (skill_s + slopes_s . x_s)
    best_lr  + item_i + slopes . x_learner
    das3h    the same with windows in x, + shared slopes . sum of x_s, + the item's record

x are `windows.features`. Slopes of one skill (das3h: on top of the shared ones) and effects of one
item are shrunk towards 0 by the ridge, so what is rare leans on what is shared.

Reference: Pavlik, Cen and Koedinger (2009), Performance factors analysis; Gervet, Koedinger,
Schneider and Mitchell (2020), "When is deep learning the best approach to knowledge tracing?",
JEDM 12(3); Choffin et al. (2019), DAS3H.
"""

from typing import NamedTuple

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Floats, Ints
from learnloop.models.tracing.logistic.config import Config
from learnloop.models.tracing.logistic.history import history, records
from learnloop.models.tracing.logistic.sparse import Design, Runs
from learnloop.models.tracing.logistic.windows import Windows

FREE = 1e-6  # the bias has no penalty to speak of


class Layout(NamedTuple):
    """What the columns are; `width` is that of `windows.features`."""

    windows: Windows
    learner: bool
    shared: bool
    items: bool
    record: bool

    @property
    def width(self) -> int:
        """Columns of one trace."""
        return self.windows.width


def layout_of(config: Config, windows: Windows) -> Layout:
    """The columns of a family."""
    windowed = config.family == "das3h"
    more = config.family != "pfa"
    record = windowed if config.item_record is None else config.item_record
    return Layout(windows, more, windowed, more, record)


class Rows(NamedTuple):
    """What a fit reads of the answered rows of a log, from before each instant.

    Attributes:
        rows: (n,) rows of the log, by item.
        learner: (n, width) of the learner's answers.
        pair: (m,) position in `rows` of each entry, one for every skill of an answer.
        skill: (m,) its skill, ascending.
        own: (m, width) of the learner's answers to the skill.
        record: (n, len(RECORD)) of the item, or no columns.
    """

    rows: Ints
    learner: Floats
    pair: Ints
    skill: Ints
    own: Floats
    record: Floats


def rows_of(log: AnswerLog, config: Config, layout: Layout) -> Rows:
    """Read a log once; several designs may be made of it."""
    every = np.arange(len(log))
    widths = np.diff(log.skill_starts)[log.item]
    pair = np.repeat(every, widths)
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(widths) - widths, widths)
    skill = log.skill_of[log.skill_starts[log.item[pair]] + nth]
    own = history(log, pair, skill, layout.windows)
    nothing = np.zeros((len(log), 0))
    learner = history(log, every, np.zeros_like(every), layout.windows)
    record = records(log, config.item_memory) if layout.record else nothing
    asked = _by_item(log)
    place = np.full(len(log), -1)
    place[asked] = np.arange(len(asked))
    entries = np.lexsort((place[pair], skill))
    entries = entries[place[pair[entries]] >= 0]
    return Rows(
        asked, learner[asked], place[pair[entries]], skill[entries], own[entries], record[asked]
    )


def _by_item(log: AnswerLog) -> Ints:
    """Answered rows by their item's first skill, then by item: with one skill each, by skill."""
    skills = np.append(log.skill_of, -1)
    first = np.where(np.diff(log.skill_starts) > 0, skills[log.skill_starts[:-1]], -1)
    order: Ints = np.lexsort((log.item, first[log.item]))
    asked: Ints = order[log.correct[order] != STUDY]
    return asked


def design_of(log: AnswerLog, rows: Rows, config: Config, layout: Layout) -> Design:
    """The columns of all answered rows: shared ones, then those of skills, then those of items."""
    n = len(rows.rows)
    shared = [np.ones((n, 1))]
    if layout.learner:
        shared.append(rows.learner)
    if layout.shared:
        shared.append(skill_sums(rows))
    if layout.record:
        shared.append(rows.record)
    values = np.concatenate(shared, axis=1)
    penalty = np.full(values.shape[1], config.ridge)
    penalty[0] = FREE
    own = np.concatenate((np.ones((len(rows.skill), 1)), rows.own), axis=1)
    slopes = np.full(own.shape[1], config.window_ridge if layout.shared else config.ridge)
    slopes[0] = config.ridge
    return Design(
        values,
        own,
        None if np.array_equal(rows.pair, np.arange(n)) else rows.pair,
        Runs.of(log.item[rows.rows]),
        Runs.of(rows.skill),
        penalty,
        slopes,
        config.ridge if layout.items else np.inf,
    )


def skill_sums(rows: Rows) -> Floats:
    """(n, width) the skills' features added up over each answer's skills."""
    n = len(rows.rows)
    return np.stack([np.bincount(rows.pair, column, n) for column in rows.own.T], axis=1)
