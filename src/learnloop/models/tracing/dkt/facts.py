"""How easy is an item for others, and how sure is that? Partial pooling over training answers.

    logit P(right) = mu + ability_u + skill_i + rest_i
    skill_s ~ N(0, 1), rest_i ~ N(0, 1), ability_u ~ N(0, 1)

fitted by posterior mode (block Newton steps); skill_i is the mean over the item's skills. A network
that learnt an item's easiness from the answers it is trained on would trust it too much: so each
fold of learners sees what the other folds say of an item.

Reference: Rasch (1960); partial pooling as in Gelman and Hill (2007), chapter 12.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.tracing.sequences import Floats32

SWEEPS: Final = 8
HALF_KNOWN: Final = 10.0
"""Answers at which an item's own record counts as much as its skills'."""
N_FACTS: Final = 4
"""rest, skill, log(1 + n) / 3, n / (n + 10)."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What is known of items and skills, by id.

    Attributes:
        mu: Logit of an average learner on an average item.
        skill: Easiness of a skill, logits.
        rest: Easiness of an item above its skills, logits.
        n: Training answers of an item.
    """

    mu: float
    skill: dict[str, float]
    rest: dict[str, float]
    n: dict[str, float]

    def of(self, item_id: str, skills: Sequence[str]) -> tuple[float, float, float, float]:
        """The facts of an item, zeros where nothing is known."""
        known = [self.skill[s] for s in skills if s in self.skill]
        n = self.n.get(item_id, 0.0)
        of_skill = sum(known) / len(known) if known else 0.0
        return _told(self.rest.get(item_id, 0.0), of_skill, n)


def _told(rest: float, skill: float, n: float) -> tuple[float, float, float, float]:
    return rest, skill, float(np.log1p(n)) / 3.0, n / (n + HALF_KNOWN)


def fit_facts(log: AnswerLog, learners: Bools | None = None, scale: float = 1.0) -> Facts:
    """From the answers of some learners.

    Args:
        log: Of training learners.
        learners: (n_learners,) whose answers count; None: all.
        scale: What counts are multiplied with, so that facts from a part say what all would.
    """
    rows = log.correct != STUDY
    if learners is not None:
        rows = rows & learners[log.learner]
    item, learner, y = log.item[rows], log.learner[rows], log.correct[rows].astype(np.float64)
    n_items, n_skills, n_learners = len(log.item_ids), len(log.skill_ids), len(log.learner_ids)
    width = np.diff(log.skill_starts)
    owner = np.repeat(np.arange(n_items), width)
    share = 1.0 / np.maximum(width, 1)

    def to_skills(per_item: Floats) -> Floats:
        return _sums(log.skill_of, (per_item * share)[owner], n_skills)

    mu = float(np.log((y.sum() + 1.0) / (len(y) - y.sum() + 1.0)))
    skill, rest, ability = np.zeros(n_skills), np.zeros(n_items), np.zeros(n_learners)

    def slopes(group: Ints, n: int) -> tuple[Floats, Floats]:
        of_skills = _sums(owner, skill[log.skill_of], n_items) * share
        p = 1.0 / (1.0 + np.exp(-(mu + ability[learner] + (of_skills + rest)[item])))
        return _sums(group, y - p, n), _sums(group, p * (1.0 - p), n)

    for _ in range(SWEEPS):
        g, w = slopes(item, n_items)
        rest += (g - rest) / (w + 1.0)
        g, w = slopes(item, n_items)
        skill += (to_skills(g) - skill) / (to_skills(w) + 1.0)
        g, w = slopes(learner, n_learners)
        ability += (g - ability) / (w + 1.0)
        g, w = slopes(item, n_items)
        mu += float(g.sum() / max(w.sum(), 1e-9))
    n_item = _sums(item, np.full(len(item), scale), n_items)
    n_skill = to_skills(n_item)
    return Facts(
        mu,
        {s: float(skill[i]) for i, s in enumerate(log.skill_ids) if n_skill[i]},
        {x: float(rest[i]) for i, x in enumerate(log.item_ids) if n_item[i]},
        {x: float(n_item[i]) for i, x in enumerate(log.item_ids) if n_item[i]},
    )


def of_others(log: AnswerLog, n_folds: int, rng: np.random.Generator) -> Floats32:
    """(n, N_FACTS) the facts of each row's item as other folds of learners know them."""
    n_learners = len(log.learner_ids)
    n_folds = min(n_folds, max(n_learners, 2))
    fold = rng.permutation(n_learners) % n_folds
    found = np.zeros((len(log), N_FACTS), dtype=np.float32)
    scale = n_folds / (n_folds - 1)
    for k in range(n_folds):
        table = by_item(fit_facts(log, fold != k, scale), log)
        mine = fold[log.learner] == k
        found[mine] = table[log.item[mine]]
    return found


def by_item(facts: Facts, log: AnswerLog) -> Floats32:
    """(n_items, N_FACTS) by item code."""
    rows = [
        facts.of(x, [log.skill_ids[s] for s in log.skills_of(i)])
        for i, x in enumerate(log.item_ids)
    ]
    return np.array(rows, dtype=np.float32).reshape(len(rows), N_FACTS)


def _sums(group: Ints, values: Floats, n: int) -> Floats:
    return np.bincount(group, values, n).astype(np.float64)
