"""Answer logs from columns."""

from collections.abc import Sequence

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.types import Ints


def answers(
    *,
    learner: Sequence[int] | Ints,
    item: Sequence[int] | Ints,
    correct: Sequence[int] | Ints,
    us: Sequence[int] | Ints,
    skills: Sequence[Sequence[int]],
) -> AnswerLog:
    """A log; `skills` has those of each item."""
    n_skills = max((s for own in skills for s in own), default=-1) + 1
    return AnswerLog.ordered(
        learner_ids=tuple(f"u{i}" for i in range(int(np.max(learner)) + 1)),
        item_ids=tuple(f"i{i}" for i in range(len(skills))),
        skill_ids=tuple(f"s{i}" for i in range(n_skills)),
        learner=np.asarray(learner),
        item=np.asarray(item),
        correct=np.asarray(correct, dtype=np.int8),
        occurred_us=np.asarray(us),
        skill_starts=np.cumsum([0, *map(len, skills)]),
        skill_of=np.array([s for own in skills for s in own], dtype=np.int64),
    )
