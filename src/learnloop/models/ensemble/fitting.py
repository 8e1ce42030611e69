"""Where do members and weights come from? Two fits: one to be weighed, one to serve.

    training learners -> judges (a fifth) and others -> members fitted on the others
      -> what they say of the judges' answers, each from before it -> weights
      -> members fitted on all, with these weights

A member that stops early holds out some of the learners it is fitted on itself, so it has not seen
the judges either.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.ids import LearnerId
from learnloop.core.types import Floats, Interaction, Item
from learnloop.models.ensemble.config import Config
from learnloop.models.ensemble.members import MEMBERS, Member
from learnloop.models.ensemble.stack import Stack, fit_stack, logit_of


def fit_members(
    log: AnswerLog, config: Config, version: str, rng: np.random.Generator
) -> tuple[tuple[Member[Any], ...], Stack]:
    """The members and how much they count, from the answers of training learners."""
    n = len(log.learner_ids)
    judges = rng.permutation(n) < max(1, round(config.judged * n))
    members = _fitted(log.take_learners(~judges), config.members, version, rng)
    theirs = log.take_learners(judges)
    answered = theirs.correct != STUDY
    said = logits_before(members, theirs)[answered]
    stack = fit_stack(said, theirs.correct[answered].astype(np.int64), config.ridge)
    # Who has no weight is not asked; but for the first, who says what is mastered.
    kept = [i for i, weight in enumerate(stack.weights) if weight > 0.0 or i == 0]
    stack = Stack(stack.bias, tuple(stack.weights[i] for i in kept))
    if not config.refit:
        return tuple(members[i] for i in kept), stack
    return _fitted(log, tuple(config.members[i] for i in kept), version, rng), stack


def _fitted(
    log: AnswerLog, names: Sequence[str], version: str, rng: np.random.Generator
) -> tuple[Member[Any], ...]:
    return tuple(MEMBERS[name].fit(log, version=version, rng=rng) for name in names)


def logits_before(members: Sequence[Member[Any]], log: AnswerLog) -> Floats:
    """(n, M) what members say of each answer of a log, from before its instant; 0 on study rows."""
    items, item_of = log.items(), log.item.tolist()
    instant_of, answered = log.instant.tolist(), (log.correct != STUDY).tolist()
    p = np.full((len(log), len(members)), 0.5)
    row = 0
    for code, name in enumerate(log.learner_ids):
        states = [member.start(LearnerId(name)) for member in members]
        instant = -1
        waiting: list[tuple[Interaction, Item]] = []
        for event in log.interactions(code):
            item = items[item_of[row]]
            if instant_of[row] != instant:
                instant = instant_of[row]
                for earlier in waiting:
                    states = [m.update(s, *earlier) for m, s in zip(members, states, strict=True)]
                waiting.clear()
            if answered[row]:
                at = event.occurred_at
                p[row] = [m.p_correct(s, item, at) for m, s in zip(members, states, strict=True)]
            waiting.append((event, item))
            row += 1
    return logit_of(p)
