"""How are the weights found? One penalised fit, and a second one for mastery.

Nothing here has to be fitted out of fold: counts of answers know no other learner, and the effects
of items and skills, which do, are estimated together with all slopes under one penalty, not read
from a table that already holds the row's own answer.

Mastery gets its own slopes on the same counts, because the best ones for prediction may have any
sign. Here a slope of right answers may not be negative and one of wrong answers not positive; what
the fit would have otherwise is left out and the rest is fitted again. Windows by time hold no wrong
answers, so that mastery never rises by waiting.
"""

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.types import Bools, Floats
from learnloop.models.tracing.logistic.config import Config
from learnloop.models.tracing.logistic.design import (
    Layout,
    Rows,
    design_of,
    layout_of,
    rows_of,
    skill_sums,
)
from learnloop.models.tracing.logistic.newton import fit_logistic
from learnloop.models.tracing.logistic.sparse import Design
from learnloop.models.tracing.logistic.weights import Level, Row, Weights
from learnloop.models.tracing.logistic.windows import Windows, windows_of


def fit_weights(log: AnswerLog, config: Config) -> Weights:
    """Fit on the answers of training learners."""
    windows = windows_of(config, timed=log.occurred_us is not None)
    layout = layout_of(config, windows)
    rows = rows_of(log, config, layout)
    right = (log.correct[rows.rows] == 1).astype(np.float64)
    x = design_of(log, rows, config, layout)
    found = fit_logistic(x, right)
    items, shared, own = x.split(found)
    bias, learner, of_skills, record = _named(shared, layout)
    own[:, 1:] += of_skills
    p = 1.0 / (1.0 + np.exp(-x.times(found)))
    doubt = 1.0 / (x.item.sums(p * (1.0 - p)) + config.ridge)
    pairs = zip(x.item.codes.tolist(), items.tolist(), doubt.tolist(), strict=True)
    return Weights(
        windows,
        bias,
        learner,
        of_skills,
        record,
        {log.skill_ids[s]: _row(w) for s, w in zip(x.skill.codes.tolist(), own, strict=True)},
        {log.item_ids[i]: (w, v) for i, w, v in pairs} if layout.items else {},
        1.0 / config.ridge,
        _fit_level(log, rows, right, x, windows, config),
    )


def _named(shared: Floats, layout: Layout) -> tuple[float, Row, Row, Row]:
    """Bias, slopes of the learner's counts, of any skill's, of the item's record."""
    width = layout.width
    none = (0.0,) * width
    learner, of_skills, record = np.split(
        shared[1:], np.cumsum((width * layout.learner, width * layout.shared))
    )
    bias = float(shared[0])
    return bias, _row(learner) or none, _row(of_skills) or none, _row(record)


def _fit_level(
    log: AnswerLog, rows: Rows, right: Floats, x: Design, windows: Windows, config: Config
) -> Level:
    """The weights of mastery, on the rows of the fit."""
    width = windows.width
    ones = np.ones((len(rows.rows), 1))
    values = np.concatenate((ones, rows.learner, skill_sums(rows)), axis=1)
    signs = np.tile((1.0, -1.0), width)
    kept = np.tile(_may_move(windows), 2)
    penalty = np.full(values.shape[1], config.ridge)
    penalty[0] = x.shared_penalty[0]
    while True:
        used = np.concatenate(([True], kept))
        design = Design(
            values[:, used],
            np.ones((len(rows.skill), 1)),
            x.row,
            x.item,
            x.skill,
            penalty[used],
            np.full(1, config.ridge),
            config.ridge,
        )
        _, found, own = design.split(fit_logistic(design, right))
        wrong_sign = signs[kept] * found[1:] < 0.0
        if not wrong_sign.any():
            break
        kept[np.flatnonzero(kept)[wrong_sign]] = False
    slopes = np.zeros(2 * width)
    slopes[kept] = found[1:]
    skills = {log.skill_ids[s]: float(w) for s, w in zip(x.skill.codes, own[:, 0], strict=True)}
    return Level(float(found[0]), _row(slopes[:width]), _row(slopes[width:]), skills)


def _may_move(windows: Windows) -> Bools:
    """(width,) the counts that mastery may depend on."""
    may = np.ones(windows.width, dtype=bool)
    may[3 : 2 + 2 * len(windows.rates) : 2] = False
    return may


def _row(values: Floats) -> Row:
    return tuple(values.tolist())
