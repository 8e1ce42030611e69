"""Small worlds for the tests of knowledge tracing."""

from collections.abc import Sequence

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Floats

HOUR_US = 3_600_000_000


def log_of(
    answers: Sequence[tuple[int, int, int]], skills: Sequence[Sequence[int]], n_skills: int
) -> AnswerLog:
    """A log without times.

    Args:
        answers: Rows of learner, item, result (1, 0, -1 studied), in order.
        skills: Skill codes of each item.
        n_skills: How many skills there are.
    """
    learner, item, correct = np.array(answers, dtype=np.int64).reshape(-1, 3).T
    return AnswerLog.ordered(
        learner_ids=tuple(f"u{i}" for i in range(int(learner.max(initial=-1)) + 1)),
        item_ids=tuple(f"i{i}" for i in range(len(skills))),
        skill_ids=tuple(f"s{i}" for i in range(n_skills)),
        learner=learner,
        item=item,
        correct=correct.astype(np.int8),
        occurred_us=None,
        skill_starts=np.cumsum([0] + [len(own) for own in skills]),
        skill_of=np.array([s for own in skills for s in own], dtype=np.int64),
    )


def tracing_log(
    rng: np.random.Generator, values: Floats, n_learners: int, n_each: int, n_items: int = 4
) -> AnswerLog:
    """Answers of learners who know or do not: rows of `values` are prior, learn, guess, slip.

    Each skill has `n_items` items, alike; skills take turns.
    """
    rows, n_skills = [], len(values)
    for learner in range(n_learners):
        knows = rng.random(n_skills) < values[:, 0]
        for nth in range(n_each):
            skill = nth % n_skills
            _, learn, guess, slip = values[skill]
            right = rng.random() < (1.0 - slip if knows[skill] else guess)
            rows.append((learner, skill * n_items + int(rng.integers(n_items)), int(right)))
            knows[skill] |= rng.random() < learn
    items = [[s] for s in range(n_skills) for _ in range(n_items)]
    return log_of(rows, items, n_skills)


def any_log(rng: np.random.Generator, n_rows: int = 60) -> AnswerLog:
    """A little of everything: studied rows, items of no skill or two, instants of several rows."""
    skills: list[list[int]] = [[0], [1], [0, 2], [], [2], [1, 2]]
    learner = np.sort(rng.integers(5, size=n_rows))
    correct = rng.choice([1, 0, STUDY], n_rows, p=[0.55, 0.35, 0.1])
    return AnswerLog.ordered(
        learner_ids=tuple(f"u{i}" for i in range(5)),
        item_ids=tuple(f"i{i}" for i in range(len(skills))),
        skill_ids=("s0", "s1", "s2"),
        learner=learner,
        item=rng.integers(len(skills), size=n_rows),
        correct=correct.astype(np.int8),
        occurred_us=HOUR_US * np.sort(rng.integers(1, 40, size=n_rows)),
        skill_starts=np.cumsum([0] + [len(own) for own in skills]),
        skill_of=np.array([s for own in skills for s in own], dtype=np.int64),
    )
