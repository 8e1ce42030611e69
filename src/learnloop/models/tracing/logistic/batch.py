"""What would the fold say of every row of a log? The same weights on the design, all at once."""

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.types import Floats
from learnloop.models.tracing.logistic.design import layout_of, rows_of
from learnloop.models.tracing.logistic.model import LIMIT, LogisticModel
from learnloop.models.tracing.logistic.weights import Weights


def predict_log(model: LogisticModel, log: AnswerLog) -> Floats:
    """P(correct) of every answer of a log, from before its instant; equal to the fold's.

    Returns:
        (n,) in (0, 1); NaN on studied rows.
    """
    config, weights = model.config, model.weights
    rows = rows_of(log, config, layout_of(config, weights.windows))
    items, skills = _effects(log, weights)
    logit = weights.bias + items[log.item[rows.rows]] + rows.learner @ weights.learner
    own = skills[rows.skill]
    each = own[:, 0] + np.einsum("mf,mf->m", rows.own, own[:, 1:])
    logit += np.bincount(rows.pair, each, len(rows.rows))
    if weights.record:
        logit += rows.record @ weights.record
    p = np.full(len(log), np.nan)
    p[rows.rows] = 1.0 / (1.0 + np.exp(-np.clip(logit, -LIMIT, LIMIT)))
    return p


def _effects(log: AnswerLog, weights: Weights) -> tuple[Floats, Floats]:
    """(n_items,) intercepts and (n_skills, 1 + width) of the log's codes."""
    items = np.array([weights.item(x)[0] for x in log.item_ids])
    width = 1 + weights.windows.width
    skills = np.array([weights.skill(s) for s in log.skill_ids]).reshape(-1, width)
    return items, skills
