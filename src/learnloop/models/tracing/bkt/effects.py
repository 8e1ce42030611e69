"""How are items, learners and forgetting fitted together with the skills? By EM with covariates.

The learners' shifts before each answer are filtered with the parameters of the round before, so
they rest on earlier answers only, as in service, and the likelihood stays a product of predictions.
Given them, a round is a few steps of EM: the expected states of every skill of every learner, then

    prior, learning     rates, held near the course's
    guess, gap          one Newton step of a logistic regression of each skill's answers
    items               one Newton step each, their variance by empirical Bayes
    forgetting          Newton on what was kept and lost

An answer to an item of K skills counts 1/K in each. Guess and slip stay under one half on the
skill's average item, and the gap above a least one, so knowing always helps.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from learnloop.core.types import Bools, Floats
from learnloop.models.tracing.bkt.columns import Columns
from learnloop.models.tracing.bkt.config import Config
from learnloop.models.tracing.bkt.filtering import LIMIT
from learnloop.models.tracing.bkt.sequences import KINDS
from learnloop.models.tracing.bkt.smoothing import Chances, Expected, expect
from learnloop.models.tracing.bkt.standard import LEARN, LEAST, MOST

LEAST_GAP: Final = 0.3
"""Logits; what knowing is worth at least."""
LEARN_WITHIN: Final = (float(LEAST[LEARN]), float(MOST[LEARN]))
LONGEST: Final = 1.0
"""Of a Newton step, logits."""
FORGET_MOST = 0.5
LEAST_LOSS = 1e-9
FORGET_PRIOR = 10.0
ITEM_VARIANCES = (0.05, 4.0)


@dataclass(frozen=True, slots=True)
class Course:
    """The values that skills are held near.

    Attributes:
        prior: Mean logit of the prior.
        learn: (3,) rates after a wrong answer, a right one, and studying.
        guess: Mean logit of guessing.
        gap: Mean gap.
    """

    prior: float
    learn: tuple[float, ...]
    guess: float
    gap: float


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """All parameters; skills by code, that of items without skills last.

    Attributes:
        course: What skills are held near.
        prior: (n_skills + 1,) logits.
        learn: (3, n_skills + 1) by the log's code of the answer.
        guess: (n_skills + 1,) logits.
        gap: (n_skills + 1,) logits.
        items: (n_items,) easiness, logits.
        item_doubt: (n_items,) its posterior variance.
        item_variance: Of an item's easiness before any answer.
        forgetting: (2,) exponents of other opportunities and of hours.
    """

    course: Course
    prior: Floats
    learn: Floats
    guess: Floats
    gap: Floats
    items: Floats
    item_doubt: Floats
    item_variance: float
    forgetting: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """The learners before each answer, by node.

    Attributes:
        logits: (n,) above the average learner.
        scale: (n,) by what a logit shrinks for not knowing the learner better.
    """

    logits: Floats
    scale: Floats


def first_values(columns: Columns, config: Config) -> Values:
    """Where every fit starts from: skills alike, set by the rate of right answers."""
    n_answers, n = (columns.counts > 0.0).sum(), columns.forest.n_skills
    rate = (columns.right.sum() + 1.0) / (n_answers + 2.0)
    level = float(np.log(rate / (1.0 - rate)))
    course = Course(0.0, (0.1,) * KINDS, min(level - 1.2, 0.0), 2.5)
    lost = 0.02 if config.forgetting else 0.0
    return Values(
        course,
        np.zeros(n),
        np.full((KINDS, n), 0.1),
        np.full(n, course.guess),
        np.full(n, course.gap),
        np.zeros(columns.n_items),
        np.zeros(columns.n_items),
        1.0 if config.item_effects else 0.0,
        np.full(2, lost),
    )


def improved(
    columns: Columns, shifts: Shifts, values: Values, known: Bools, config: Config
) -> tuple[Values, float]:
    """One step of EM.

    Args:
        known: (n_skills + 1,) skills with values of their own; the others keep the course's.

    Returns:
        The next values, and the log likelihood under the given ones.
    """
    found = expect(columns.forest, _chances(columns, shifts, values, config))
    values = _priors(columns, values, found, config)
    values = _learning(columns, values, found, config)
    if config.forgetting:
        values = replace(values, forgetting=_forgetting(columns, values.forgetting, found))
    values = _levels(columns, shifts, values, found, config)
    if config.item_effects:
        values = _items(columns, shifts, values, found)
    return _pooled(values, known), float(found.log_likelihood[columns.counts > 0.0].sum())


def _chances(columns: Columns, shifts: Shifts, values: Values, config: Config) -> Chances:
    skill, answer = columns.forest.skill, columns.forest.answer
    low, high = _right(columns, shifts, values)
    right = columns.right == 1.0
    roots = columns.roots
    prior = np.zeros(len(skill))
    prior[roots] = _sigmoid(values.prior[skill[roots]])
    lost = columns.gaps @ values.forgetting
    return Chances(
        prior,
        np.where(right, high, 1.0 - high) ** columns.counts,
        np.where(right, low, 1.0 - low) ** columns.counts,
        values.learn[answer, skill],
        np.exp(-np.maximum(lost, LEAST_LOSS)) if config.forgetting else None,
    )


def _right(columns: Columns, shifts: Shifts, values: Values) -> tuple[Floats, Floats]:
    """(n,) P(right | unknown) and (n,) P(right | known) of each node."""
    skill = columns.forest.skill
    level = values.guess[skill] + values.items[columns.item] + shifts.logits
    gap = values.gap[skill]
    return _sigmoid(level * shifts.scale), _sigmoid((level + gap) * shifts.scale)


def _priors(columns: Columns, values: Values, found: Expected, config: Config) -> Values:
    """One Newton step on the prior of every skill."""
    n, skill = columns.forest.n_skills, columns.forest.skill[columns.roots]
    n_first, centre = np.bincount(skill, minlength=n), values.course.prior
    p = _sigmoid(values.prior)
    pull = np.bincount(skill, found.known[columns.roots], n) - n_first * p
    pull -= (values.prior - centre) / config.prior_variance
    push = n_first * p * (1.0 - p) + 1.0 / config.prior_variance
    prior = values.prior + np.clip(pull / push, -LONGEST, LONGEST)
    return replace(
        values, prior=prior, course=replace(values.course, prior=_mean(prior, n_first > 0))
    )


def _learning(columns: Columns, values: Values, found: Expected, config: Config) -> Values:
    """Rates by what the opportunity was; all alike where the answers are not to matter."""
    n, skill = columns.forest.n_skills, columns.forest.skill
    at = skill + n * (columns.forest.answer.astype(np.int64) % KINDS)
    learnt = np.bincount(at, found.learnt, n * KINDS).reshape(KINDS, n)
    might = np.bincount(at, found.unsure, n * KINDS).reshape(KINDS, n)
    if not config.learning_by_answer:
        learnt, might = (np.tile(x.sum(axis=0), (KINDS, 1)) for x in (learnt, might))
    course = np.clip((learnt.sum(axis=1) + 1.0) / (might.sum(axis=1) + 10.0), *LEARN_WITHIN)
    held = (learnt + config.strength * course[:, None]) / (might + config.strength)
    held = np.clip(held, *LEARN_WITHIN)
    rates = tuple(course.tolist())
    return replace(values, learn=held, course=replace(values.course, learn=rates))


def _forgetting(columns: Columns, exponents: Floats, found: Expected) -> Floats:
    """Newton steps on kept log(keep) + lost log(1 - keep), keep = exp(-gaps . exponents)."""
    if found.lost is None:
        return exponents
    later = columns.later
    gaps, kept, lost = columns.gaps[later], found.known[later], found.lost[later]
    for _ in range(2):
        loss = np.maximum(gaps @ exponents, 1e-6)
        keep = np.exp(-loss)
        pull = gaps.T @ (lost * keep / (1.0 - keep) - kept)
        push = gaps.T @ (gaps * (lost * keep / (1.0 - keep) ** 2)[:, None])
        step = np.linalg.solve(push + FORGET_PRIOR * np.eye(2), pull)
        exponents = np.clip(exponents + np.clip(step, -0.05, 0.05), 1e-4, FORGET_MOST)
    return exponents


def _levels(
    columns: Columns, shifts: Shifts, values: Values, found: Expected, config: Config
) -> Values:
    """One Newton step on guess and gap of every skill."""
    n, skill = columns.forest.n_skills, columns.forest.skill
    (pull_low, push_low), (pull_high, push_high) = _slopes(columns, shifts, values, found)
    course = values.course
    towards = (course.guess - values.guess) / config.guess_variance
    gradient = np.bincount(skill, pull_low + pull_high, n) + towards
    towards = (course.gap - values.gap) / config.gap_variance
    gradient_gap = np.bincount(skill, pull_high, n) + towards
    both = np.bincount(skill, push_high, n)
    curve = np.bincount(skill, push_low, n) + both + 1.0 / config.guess_variance
    curve_gap = both + 1.0 / config.gap_variance
    area = curve * curve_gap - both**2
    step = (curve_gap * gradient - both * gradient_gap) / area
    step_gap = (curve * gradient_gap - both * gradient) / area
    guess = np.minimum(values.guess + np.clip(step, -LONGEST, LONGEST), 0.0)
    gap = values.gap + np.clip(step_gap, -LONGEST, LONGEST)
    gap = np.maximum(gap, np.maximum(LEAST_GAP, -guess))
    met = np.bincount(skill, minlength=n) > 0
    course = replace(course, guess=_mean(guess, met), gap=_mean(gap, met))
    return replace(values, guess=guess, gap=gap, course=course)


def _items(columns: Columns, shifts: Shifts, values: Values, found: Expected) -> Values:
    """One Newton step on every item, and how much items differ."""
    n, item = columns.n_items, columns.item
    (pull_low, push_low), (pull_high, push_high) = _slopes(columns, shifts, values, found)
    pull = np.bincount(item, pull_low + pull_high, n) - values.items / values.item_variance
    push = np.bincount(item, push_low + push_high, n) + 1.0 / values.item_variance
    items = values.items + np.clip(pull / push, -LONGEST, LONGEST)
    seen = np.bincount(item, columns.counts, n) > 0.0
    variance = float(np.mean(items[seen] ** 2 + 1.0 / push[seen]))
    return replace(
        values,
        items=items,
        item_doubt=(1.0 / push).astype(np.float64),
        item_variance=min(max(variance, ITEM_VARIANCES[0]), ITEM_VARIANCES[1]),
    )


def _slopes(
    columns: Columns, shifts: Shifts, values: Values, found: Expected
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """First and minus second derivative of each answer's part, as one who did not know, and did."""
    low, high = _right(columns, shifts, values)
    scale, right = shifts.scale, columns.right
    sides = []
    for share, p in ((1.0 - found.known, low), (found.known, high)):
        weight = columns.counts * share * scale
        sides.append((weight * (right - p), weight * scale * p * (1.0 - p)))
    return sides[0], sides[1]


def _pooled(values: Values, known: Bools) -> Values:
    """The same, with the course's values where a skill has none of its own."""
    course = values.course
    return replace(
        values,
        prior=np.where(known, values.prior, course.prior),
        learn=np.where(known, values.learn, np.array(course.learn)[:, None]),
        guess=np.where(known, values.guess, course.guess),
        gap=np.where(known, values.gap, course.gap),
    )


def _mean(values: Floats, met: Bools) -> float:
    return float(values[met].mean())


def _sigmoid(x: Floats) -> Floats:
    p: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -LIMIT, LIMIT)))
    return p
