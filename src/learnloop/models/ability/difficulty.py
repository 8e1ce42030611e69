"""How hard is an item, and how sure is that? Shrunk item parameters from training answers.

    logit P(right) = mu + ability_u + deviation_{u, skill set} + skill_i + rest_i
    skill_s ~ N(0, skill_spread^2), rest_i ~ N(0, item_spread^2), learners likewise

fitted by posterior mode (block Newton steps, all items of a block at once). So an item with few
answers leans on its skills, an unknown skill on the author's guess, and that on the course's mean.

Reference: Rasch (1960); partial pooling as in Gelman and Hill (2007), chapter 12.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log1p
from typing import NamedTuple

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.items import ItemTable
from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.ability.config import Config

SWEEPS = 8
HALF_KNOWN = 10.0  # answers at which an item's own record counts as much as its skills'


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    z = exp(x)
    return z / (1.0 + z)


class ItemFacts(NamedTuple):
    """What one item brings to an answer; frozen.

    Attributes:
        base: mu + easiness: the logit for an average learner.
        p_base: Its sigmoid.
        easiness: Logits above the course's mean, own record and skills together.
        skill_easiness: The part that its skills alone predict.
        reliability: n / (n + 10) for n training answers, [0, 1).
        ln_n: log(1 + n).
        variance: Posterior variance of `easiness`, logits squared.
        skills: Its skill ids.
    """

    base: float
    p_base: float
    easiness: float
    skill_easiness: float
    reliability: float
    ln_n: float
    variance: float
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difficulties:
    """Fitted parameters of the items and skills of a log, by code.

    Attributes:
        mu: Logit of an average learner on an average item.
        skill: (n_skills,) easiness of a skill, logits; 0 where never answered.
        skill_n: (n_skills,) training answers.
        rest: (n_items,) easiness above the item's skills.
        n: (n_items,) training answers.
        variance: (n_items,) posterior variance of `rest`.
    """

    mu: float
    skill: Floats
    skill_n: Floats
    rest: Floats
    n: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class ItemBook:
    """Fitted parameters by id, and the fallback for what is not in them.

    Attributes:
        mu: Logit of an average learner on an average item.
        skills: Easiness by skill id.
        items: `(rest, n, variance)` by item id.
        item_variance: Prior variance of an item inside its skills.
        skill_variance: Prior variance of a skill.
    """

    mu: float
    skills: Mapping[str, float]
    items: Mapping[str, tuple[float, float, float]]
    item_variance: float
    skill_variance: float

    def facts(self, item_id: str, skills: tuple[str, ...], authored: float | None) -> ItemFacts:
        """The item's parameters: its own record, else its skills, else the author, else the mean.

        Args:
            authored: The author's difficulty guess, logits.
        """
        known = [self.skills[s] for s in skills if s in self.skills]
        own = self.items.get(item_id)
        if known:
            skill_easiness, variance = sum(known) / len(known), self.item_variance
        else:
            skill_easiness = 0.0 if own or authored is None else -authored - self.mu
            variance = self.item_variance + self.skill_variance
        rest, n, variance = own or (0.0, 0.0, variance)
        easiness = skill_easiness + rest
        base = self.mu + easiness
        reliability = n / (n + HALF_KNOWN)
        return ItemFacts(
            base, sigmoid(base), easiness, skill_easiness, reliability, log1p(n), variance, skills
        )


def book_of(log: AnswerLog, found: Difficulties, config: Config, scale: float = 1.0) -> ItemBook:
    """The answered items and skills of a fit, by id.

    Args:
        scale: What the items' counts are multiplied with. The readout is fitted on the books of
            folds and used with that of all learners: its weights on counts are right only if a
            count says the same in both.
    """
    counts = found.n * scale
    rest, n, variance = found.rest.tolist(), counts.tolist(), found.variance.tolist()
    skill, skill_n = found.skill.tolist(), found.skill_n.tolist()
    return ItemBook(
        found.mu,
        {s: skill[i] for i, s in enumerate(log.skill_ids) if skill_n[i]},
        {x: (rest[i], n[i], variance[i]) for i, x in enumerate(log.item_ids) if n[i]},
        config.item_spread**2,
        config.skill_spread**2,
    )


def authored_book(table: ItemTable, config: Config) -> ItemBook:
    """The author's difficulties alone; a skill is as hard as the mean of its items."""
    guesses = -np.nan_to_num(table.difficulty_logit)
    given = ~np.isnan(table.difficulty_logit)
    of_skill: dict[str, list[float]] = {}
    for item, guess in zip(table.items, guesses.tolist(), strict=True):
        for skill in item.skills:
            of_skill.setdefault(skill, []).append(guess)
    skills = {skill: sum(all_) / len(all_) for skill, all_ in of_skill.items()}
    items = {}
    for item, guess, known in zip(table.items, guesses.tolist(), given.tolist(), strict=True):
        if known:
            means = [skills[s] for s in item.skills]
            rest = guess - sum(means) / (len(means) or 1)
            items[str(item.item_id)] = (rest, 0.0, config.item_spread**2)
    return ItemBook(0.0, skills, items, config.item_spread**2, config.skill_spread**2)


class _Design:
    """Which rows touch which parameters, once for all sweeps."""

    def __init__(self, log: AnswerLog, rows: Bools) -> None:
        self.learner: Ints = log.learner[rows]
        self.item: Ints = log.item[rows]
        self.y: Floats = log.correct[rows].astype(np.float64)
        self.n_items, self.n_skills = len(log.item_ids), len(log.skill_ids)
        self.skill_of = log.skill_of
        self.width: Ints = np.diff(log.skill_starts)
        self.owner: Ints = np.repeat(np.arange(self.n_items), self.width)
        sets = skill_sets(log)[self.item]
        pairs = self.learner * (self.n_items + 1) + sets
        self.pair: Ints = np.unique(pairs, return_inverse=True)[1]

    def over_skills(self, per_skill: Floats) -> Floats:
        """(n_items,) mean of a per-skill value over each item's skills."""
        sums = np.bincount(self.owner, per_skill[self.skill_of], self.n_items)
        return sums / np.maximum(self.width, 1)

    def to_skills(self, per_item: Floats) -> Floats:
        """(n_skills,) sum over items of their equal share."""
        share = (per_item / np.maximum(self.width, 1))[self.owner]
        return _sums(self.skill_of, share, self.n_skills)


def skill_sets(log: AnswerLog) -> Ints:
    """(n_items,) a number for each item, the same for items with the same skills."""
    numbers: dict[tuple[int, ...], int] = {}
    skills, starts = log.skill_of.tolist(), log.skill_starts.tolist()
    found = (tuple(skills[a:b]) for a, b in pairwise(starts))
    return np.array([numbers.setdefault(x, len(numbers)) for x in found], dtype=np.int64)


def _sums(groups: Ints, values: Floats, n: int) -> Floats:
    return np.bincount(groups, values, n).astype(np.float64)


def fit_difficulties(log: AnswerLog, rows: Bools, config: Config) -> Difficulties:
    """The posterior mode from the answers where `rows` (n,) holds."""
    d = _Design(log, rows & (log.correct != STUDY))
    rate = (d.y.sum() + 1.0) / (len(d.y) + 2.0)
    mu = float(np.log(rate / (1.0 - rate)))
    skill, rest = np.zeros(d.n_skills), np.zeros(d.n_items)
    ability = np.zeros(len(log.learner_ids))
    pair = np.zeros(int(d.pair.max(initial=-1)) + 1)
    n = np.bincount(d.item, minlength=d.n_items).astype(np.float64)
    weight = np.zeros(d.n_items)
    per_item, per_skill = config.item_spread**-2, config.skill_spread**-2
    per_learner, per_pair = 1.0, 4.0

    def slopes() -> tuple[Floats, Floats]:
        eta = mu + ability[d.learner] + pair[d.pair] + (d.over_skills(skill) + rest)[d.item]
        p = 1.0 / (1.0 + np.exp(-eta))
        return d.y - p, p * (1.0 - p)

    for _ in range(SWEEPS):
        g, w = slopes()
        weight = _sums(d.item, w, d.n_items)
        rest += (_sums(d.item, g, d.n_items) - per_item * rest) / (weight + per_item)
        g, w = slopes()
        skill_g = d.to_skills(_sums(d.item, g, d.n_items)) - per_skill * skill
        skill += skill_g / (d.to_skills(_sums(d.item, w, d.n_items)) + per_skill)
        g, w = slopes()
        size = len(ability)
        ability_g = np.bincount(d.learner, g, size) - per_learner * ability
        ability += ability_g / (np.bincount(d.learner, w, size) + per_learner)
        g, w = slopes()
        pair_g = np.bincount(d.pair, g, len(pair)) - per_pair * pair
        pair += pair_g / (np.bincount(d.pair, w, len(pair)) + per_pair)
        g, w = slopes()
        mu += float(g.sum() / max(w.sum(), 1e-9))
    return Difficulties(mu, skill, d.to_skills(n), rest, n, 1.0 / (weight + per_item))
