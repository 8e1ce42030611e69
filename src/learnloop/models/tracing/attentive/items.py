"""How hard is an item, for a network that must not learn it by heart? Shrunk easiness by item.

    logit P(right) = mu + ability_u + deviation_{u, skill set} + skill mean_i + rest_i

fitted by posterior mode, all effects Gaussian. So an item with few answers leans on its skills, and
an unknown skill on the course's mean. The network reads the easiness as a number beside the skills:
in training it comes from other learners (out of fold), so that what is put on an item's record is
what it is worth for a learner it was not made of.

Reference: Rasch (1960); Ghosh, Heffernan, Lan (2020), Context-aware attentive knowledge tracing,
for embeddings of questions as skill plus difficulty times variation.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from typing import Final, NamedTuple

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats, Ints

N_SKILLS: Final = 4
"""Skills of an item that are looked at."""
SWEEPS = 8
HALF_KNOWN = 10.0  # answers at which an item's own record counts as much as its skills'
PER_LEARNER, PER_PAIR, PER_SKILL, PER_ITEM = 1.0, 4.0, 1.0, 1.0  # 1 / variance, logits squared


class ItemFacts(NamedTuple):
    """What one item brings to an answer; frozen.

    Attributes:
        code: Of the item in training, 0 = unknown.
        key: Says whether two items are the same, known or not; never 0.
        set_key: Says whether two items have the same skills; 0 without skills.
        skills: (N_SKILLS,) codes, 0 = unknown or none.
        names: Its skill ids.
        easiness: Logits above the course's mean.
        skill_easiness: The part that its skills alone predict.
        reliability: n / (n + 10) for n training answers, [0, 1).
        p_base: P(right) of an average learner.
    """

    code: int
    key: int
    set_key: int
    skills: tuple[int, ...]
    names: tuple[str, ...]
    easiness: float
    skill_easiness: float
    reliability: float
    p_base: float


@dataclass(frozen=True, slots=True)
class ItemBook:
    """What training answers say of items and skills, by id.

    Attributes:
        mu: Logit of an average learner on an average item.
        skills: Skill id -> code (from 1) and easiness.
        items: Item id -> code (from 1), easiness above its skills, training answers.
    """

    mu: float
    skills: Mapping[str, tuple[int, float]]
    items: Mapping[str, tuple[int, float, float]]

    def facts(self, item_id: str, skills: tuple[str, ...]) -> ItemFacts:
        """Of any item: its own record, else its skills, else the mean."""
        known = [self.skills[s] for s in skills if s in self.skills]
        shared = sum(easiness for _, easiness in known) / len(known) if known else 0.0
        code, rest, n = self.items.get(item_id, (0, 0.0, 0.0))
        codes = [self.skills.get(s, (0, 0.0))[0] for s in skills[:N_SKILLS]]
        return ItemFacts(
            code,
            _key(item_id),
            _key("\0".join(sorted(skills))) if skills else 0,
            (*codes, *(0,) * (N_SKILLS - len(codes))),
            skills,
            shared + rest,
            shared,
            n / (n + HALF_KNOWN),
            1.0 / (1.0 + exp(-(self.mu + shared + rest))),
        )


def _key(name: str) -> int:
    """31 bits of a name, above 0."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) % (2**31 - 1) + 1


def fit_book(log: AnswerLog, rows: Bools, scale: float = 1.0) -> ItemBook:
    """The posterior mode from some rows.

    Args:
        log: Answers of training learners.
        rows: (n,) which of them count.
        scale: What the items' counts are multiplied with, so that those of a fold say the same as
            those of all learners.
    """
    found = _Effects(log, rows & (log.correct != STUDY))
    for _ in range(SWEEPS):
        found.sweep()
    skill, rest, n = found.skill.tolist(), found.rest.tolist(), (found.n * scale).tolist()
    return ItemBook(
        found.mu,
        {s: (i + 1, skill[i]) for i, s in enumerate(log.skill_ids)},
        {x: (i + 1, rest[i], n[i]) for i, x in enumerate(log.item_ids) if n[i]},
    )


class _Effects:
    """The effects, and one step of each block towards the mode."""

    def __init__(self, log: AnswerLog, rows: Bools) -> None:
        self.learner, self.item = log.learner[rows], log.item[rows]
        self.y = log.correct[rows].astype(np.float64)
        n_items, width = len(log.item_ids), np.diff(log.skill_starts)
        self.share = 1.0 / np.maximum(width, 1)
        self.skill_of, self.owner = log.skill_of, np.repeat(np.arange(n_items), width)
        first = np.append(log.skill_of, 0)[np.minimum(log.skill_starts[:-1], len(log.skill_of))]
        pairs = (
            self.learner * (len(log.skill_ids) + 1) + np.where(width > 0, first + 1, 0)[self.item]
        )
        self.pair: Ints = np.unique(pairs, return_inverse=True)[1]
        self.n = np.bincount(self.item, minlength=n_items).astype(np.float64)
        rate = (self.y.sum() + 1.0) / (len(self.y) + 2.0)
        self.mu = float(np.log(rate / (1.0 - rate)))
        self.skill, self.rest = np.zeros(len(log.skill_ids)), np.zeros(n_items)
        self.ability = np.zeros(len(log.learner_ids))
        self.deviation = np.zeros(int(self.pair.max(initial=-1)) + 1)

    def sweep(self) -> None:
        """One Newton step of each block, all effects of a block at once."""
        g, w = self._slopes(self.item, len(self.rest))
        self.rest += (g - PER_ITEM * self.rest) / (w + PER_ITEM)
        g, w = (self._to_skills(x) for x in self._slopes(self.item, len(self.rest)))
        self.skill += (g - PER_SKILL * self.skill) / (w + PER_SKILL)
        g, w = self._slopes(self.learner, len(self.ability))
        self.ability += (g - PER_LEARNER * self.ability) / (w + PER_LEARNER)
        g, w = self._slopes(self.pair, len(self.deviation))
        self.deviation += (g - PER_PAIR * self.deviation) / (w + PER_PAIR)
        g, w = self._slopes(np.zeros_like(self.item), 1)
        self.mu += float(g[0] / max(w[0], 1e-9))

    def _slopes(self, group: Ints, n: int) -> tuple[Floats, Floats]:
        """(n,) gradient and information of each group."""
        sums = np.bincount(self.owner, self.skill[self.skill_of], len(self.rest))
        easiness = sums * self.share + self.rest
        eta = self.mu + self.ability[self.learner] + self.deviation[self.pair]
        p = 1.0 / (1.0 + np.exp(-eta - easiness[self.item]))
        return (
            np.bincount(group, self.y - p, n).astype(np.float64),
            np.bincount(group, p * (1.0 - p), n).astype(np.float64),
        )

    def _to_skills(self, per_item: Floats) -> Floats:
        """(n_skills,) sum over items of their equal share."""
        share = (per_item * self.share)[self.owner]
        return np.bincount(self.skill_of, share, len(self.skill)).astype(np.float64)
