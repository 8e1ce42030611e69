"""What does a model have to beat? Frozen rates that know nothing of the learner.

Every rate is shrunk: (right + k prior) / (n + k), with k = 5 answers of the prior. The overall rate
has the prior 1/2, a skill's rate the overall rate, an item's rate the overall rate.

    baseline/constant   the overall rate for everything
    baseline/skill      the mean rate of the item's skills
    baseline/item       the item's own rate; an unseen item has the overall rate
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Estimate, Floats, Interaction, Ints, Item, Ref, Target

SHRINKAGE = 5.0
VERSION = "1"


@dataclass(frozen=True, slots=True)
class NoState:
    """A baseline remembers nothing of a learner."""


class Rates:
    """P(correct) from frozen rates: the item's, else the mean of its skills', else the overall."""

    state_type = NoState

    def __init__(
        self,
        ref: Ref,
        overall: float,
        skills: Mapping[SkillId, float] | None = None,
        items: Mapping[ItemId, float] | None = None,
    ) -> None:
        self.ref = ref
        self._overall = overall
        self._skills = dict(skills or {})
        self._items = dict(items or {})

    def start(self, learner_id: LearnerId) -> NoState:
        return NoState()

    def update(self, state: NoState, interaction: Interaction, item: Item) -> NoState:
        return state

    def p_correct(self, state: NoState, item: Item, at: datetime) -> float:
        rate = self._items.get(item.item_id)
        if rate is not None:
            return rate
        rates = [self._skills[s] for s in item.skills if s in self._skills]
        return sum(rates) / len(rates) if rates else self._overall

    def predict(self, state: NoState, items: ItemTable, at: datetime) -> Estimate:
        values = np.array([self.p_correct(state, item, at) for item in items.items])
        return self._estimate(Target.CORRECT, values, at)

    def mastery(self, state: NoState, items: ItemTable, at: datetime) -> Estimate:
        rates = [self._skills.get(s.skill_id, self._overall) for s in items.skills]
        return self._estimate(Target.MASTERY, np.array(rates), at)

    def export(self) -> bytes:
        content = {"overall": self._overall, "skills": self._skills, "items": self._items}
        return json.dumps(content, sort_keys=True).encode()

    def _estimate(self, target: Target, values: Floats, at: datetime) -> Estimate:
        # One answer is all that a rate predicts: its deviation is that of the answer itself.
        return Estimate(target, values, np.sqrt(values * (1 - values)), self.ref, at)


def fit_constant(log: AnswerLog) -> Rates:
    """The overall rate for everything."""
    return Rates(Ref("baseline/constant", VERSION), _overall(log))


def fit_skill(log: AnswerLog) -> Rates:
    """The mean rate of the item's skills; an answer counts for each skill of its item."""
    overall = _overall(log)
    answered = log.correct != STUDY
    item, right = log.item[answered], log.correct[answered].astype(np.float64)
    n_items = len(log.item_ids)
    item_of_pair = np.repeat(np.arange(n_items), np.diff(log.skill_starts))
    n = _totals(item, np.ones(len(item)), n_items)[item_of_pair]
    n_right = _totals(item, right, n_items)[item_of_pair]
    rates = _shrunk(log.skill_of, n, n_right, len(log.skill_ids), overall)
    named = {SkillId(s): rate for s, rate in zip(log.skill_ids, rates, strict=True)}
    return Rates(Ref("baseline/skill", VERSION), overall, skills=named)


def fit_item(log: AnswerLog) -> Rates:
    """The item's own rate."""
    overall = _overall(log)
    answered = log.correct != STUDY
    right = log.correct[answered].astype(np.float64)
    ones = np.ones(len(right))
    rates = _shrunk(log.item[answered], ones, right, len(log.item_ids), overall)
    named = {ItemId(i): rate for i, rate in zip(log.item_ids, rates, strict=True)}
    return Rates(Ref("baseline/item", VERSION), overall, items=named)


BASELINES: Mapping[str, Callable[[AnswerLog], Rates]] = {
    "baseline/constant": fit_constant,
    "baseline/skill": fit_skill,
    "baseline/item": fit_item,
}


def _overall(log: AnswerLog) -> float:
    answers = log.correct[log.correct != STUDY]
    return float((answers.sum() + SHRINKAGE / 2) / (len(answers) + SHRINKAGE))


def _shrunk(code: Ints, n: Floats, right: Floats, n_codes: int, prior: float) -> list[float]:
    """The shrunk rate of each code, from counts of answers and right answers to be summed."""
    total, n_right = _totals(code, n, n_codes), _totals(code, right, n_codes)
    rates: list[float] = ((n_right + SHRINKAGE * prior) / (total + SHRINKAGE)).tolist()
    return rates


def _totals(code: Ints, values: Floats, n_codes: int) -> Floats:
    return np.bincount(code, weights=values, minlength=n_codes).astype(np.float64)
