"""Answers whose items are known."""

from typing import NamedTuple

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.types import Floats


class IrtWorld(NamedTuple):
    """Answers (n_learners, n_items), NaN where there is none, and what they were drawn from."""

    answers: Floats
    a: Floats
    b: Floats
    c: Floats
    theta: Floats


def irt_world(
    rng: np.random.Generator,
    n_learners: int = 1000,
    n_items: int = 20,
    filled: float = 1.0,
    guessing: float = 0.0,
) -> IrtWorld:
    """Lognormal discriminations, normal difficulties and abilities."""
    a, b = rng.lognormal(0.0, 0.3, n_items), rng.normal(0.0, 1.0, n_items)
    theta = rng.normal(0.0, 1.0, n_learners)
    p = guessing + (1.0 - guessing) / (1.0 + np.exp(-a * (theta[:, None] - b)))
    answers = (rng.random(p.shape) < p).astype(float)
    answers[rng.random(p.shape) >= filled] = np.nan
    return IrtWorld(answers, a, b, np.full(n_items, guessing), theta)


def log_of(answers: Floats, n_skills: int = 4, *, repeats: int = 1) -> AnswerLog:
    """The answers as a log, each given `repeats` times, the later ones wrong."""
    learner, item = np.nonzero(~np.isnan(answers))
    correct = answers[learner, item].astype(np.int8)
    n_learners, n_items = answers.shape
    return AnswerLog.ordered(
        learner_ids=tuple(f"l{i}" for i in range(n_learners)),
        item_ids=tuple(f"i{i}" for i in range(n_items)),
        skill_ids=tuple(f"s{i}" for i in range(n_skills)),
        learner=np.tile(learner, repeats),
        item=np.tile(item, repeats),
        correct=np.concatenate([correct, *[0 * correct] * (repeats - 1)]),
        occurred_us=None,
        skill_starts=np.arange(n_items + 1),
        skill_of=np.arange(n_items) % n_skills,
    )
