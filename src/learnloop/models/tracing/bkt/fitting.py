"""Where do the numbers of the book come from? The course first, then its skills, then the effects.

All skills taken as one give the course's values. Each skill's own are held near them by Beta
priors, and a skill with few answers has them unchanged (`pooled`). With effects, EM goes on from
there (`effects`).
"""

from dataclasses import replace

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats
from learnloop.models.tracing.bkt.book import (
    NO_SKILL,
    Book,
    Forgetting,
    LearnerFacts,
    SkillFacts,
    Source,
)
from learnloop.models.tracing.bkt.columns import columns_of, scales, shifts_before
from learnloop.models.tracing.bkt.config import Config
from learnloop.models.tracing.bkt.effects import Shifts, Values, first_values, improved
from learnloop.models.tracing.bkt.sequences import Opportunities, collapsed, opportunities
from learnloop.models.tracing.bkt.standard import (
    FIRST,
    FORGET,
    GUESS,
    LEARN,
    PRIOR,
    SLIP,
    Problem,
    fit,
)

TOLERANCE = 1e-2  # of a skill, log likelihood
COURSE_TOLERANCE = 1e-4  # of the course, log likelihood for each opportunity
NO_FORGETTING = Forgetting(0.0, 0.0)


def fit_book(log: AnswerLog, config: Config) -> Book:
    """All frozen parameters, from the answers of training learners."""
    given = opportunities(log)
    known = enough(log, given, config)
    names = (*log.skill_ids, NO_SKILL)
    if config.has_effects:
        return fit_effects(log, given, known, config)
    course, values = fit_standard(log, given, config)
    skills = {
        name: _facts(values[s] if known[s] else course, known[s]) for s, name in enumerate(names)
    }
    population = _facts(course, fitted=False)
    return Book(skills, population, {}, 0.0, learners_of(config), NO_FORGETTING)


def fit_standard(log: AnswerLog, given: Opportunities, config: Config) -> tuple[Floats, Floats]:
    """(5,) prior, learn, guess, slip, forget of the course, and (n_skills + 1, 5) of each skill."""
    as_one = replace(given, skill=np.zeros_like(given.skill))
    one = Problem(collapsed(log, as_one, 1), FIRST, 0.0, config.forgetting)
    enough_gain = COURSE_TOLERANCE * len(given.row)
    course = fit(one, enough_gain, config.most_passes).values[0]
    forest = collapsed(log, given, len(log.skill_ids) + 1)
    each = Problem(forest, course, config.beta_strength, config.forgetting)
    return course, fit(each, TOLERANCE, config.most_passes).values


def fit_effects(log: AnswerLog, given: Opportunities, known: Bools, config: Config) -> Book:
    """The book with effects: the learners' shifts are filtered anew in each round."""
    columns, learner = columns_of(log, given), learners_of(config)
    values = first_values(columns, config)
    for _ in range(config.rounds):
        shift, variance = shifts_before(log, book_of(log, values, known, learner))
        shifts = Shifts(shift[columns.row], scales(variance)[columns.row])
        for _ in range(config.steps):
            values, _ = improved(columns, shifts, values, known, config)
    return book_of(log, values, known, learner)


def learners_of(config: Config) -> LearnerFacts:
    """What holds of every learner, by the switches."""
    if not config.learner_effects:
        return LearnerFacts(0.0, 0.0)
    return LearnerFacts(config.learner_variance, config.learner_drift)


def enough(log: AnswerLog, given: Opportunities, config: Config) -> Bools:
    """(n_skills + 1,) whether a skill has answers and learners enough for values of its own."""
    n = len(log.skill_ids) + 1
    answered = log.correct[given.row] != STUDY
    n_answers = np.bincount(given.skill[answered], minlength=n)
    n_learners = np.bincount(given.skill[given.first], minlength=n)
    return (n_answers >= config.min_answers) & (n_learners >= config.min_learners)


def book_of(log: AnswerLog, values: Values, known: Bools, learner: LearnerFacts) -> Book:
    """The book of fitted effects."""
    names = (*log.skill_ids, NO_SKILL)
    rows = zip(
        values.prior.tolist(), values.learn.T.tolist(), values.guess.tolist(), values.gap.tolist(),
        known.tolist(), strict=True,
    )  # fmt: skip
    facts = [
        SkillFacts(prior, (learn[0], learn[1], learn[2]), guess, gap, 0.0, _source(own))
        for prior, learn, guess, gap, own in rows
    ]
    by_item = zip(values.items.tolist(), values.item_doubt.tolist(), strict=True)
    seen = np.bincount(log.item[log.correct != STUDY], minlength=len(log.item_ids)) > 0
    items = {x: own for x, own, met in zip(log.item_ids, by_item, seen, strict=True) if met}
    c = values.course
    population = SkillFacts(
        c.prior, (c.learn[0], c.learn[1], c.learn[2]), c.guess, c.gap, 0.0, Source.POOLED
    )
    forgetting = Forgetting(float(values.forgetting[0]), float(values.forgetting[1]))
    skills = dict(zip(names, facts, strict=True))
    return Book(skills, population, items, values.item_variance, learner, forgetting)


def _source(fitted: bool) -> Source:
    return Source.FITTED if fitted else Source.POOLED


def _facts(values: Floats, fitted: bool) -> SkillFacts:
    """Values as logits: the gap is what brings the guess to 1 - slip."""
    logit = np.log(values[:FORGET] / (1.0 - values[:FORGET]))
    learn, guess = float(values[LEARN]), float(logit[GUESS])
    return SkillFacts(
        float(logit[PRIOR]),
        (learn, learn, learn),
        guess,
        float(-logit[SLIP]) - guess,
        float(values[FORGET]),
        _source(fitted),
    )
