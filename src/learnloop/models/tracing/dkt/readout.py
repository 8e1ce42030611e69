"""How is an item, or a whole catalog, asked of a learner's hidden units? As one matrix product.

    logit = q_i . h + c_i + asked . (A h + a)

q_i and c_i are of the item alone: the mean of its skills' outputs and its own vector. `asked` is in
`encoding`; of it, 1 and the facts go into q_i and c_i too, the times are the same for all items.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from learnloop.core.arrays import Arrays
from learnloop.core.types import Floats, Ints, Item
from learnloop.models.tracing.dkt.encoding import N_TIMES
from learnloop.models.tracing.dkt.facts import N_FACTS, Facts
from learnloop.models.tracing.sequences import Floats32, Vocabulary, shares

SAME = 1 + N_FACTS
"""Entries of `asked` that are of the item alone; the times follow, then the traces."""
TIMED = SAME + N_TIMES


class Asked(NamedTuple):
    """Items as they are asked.

    Attributes:
        query: (n, H) q_i.
        constant: (n,) c_i.
    """

    query: Floats
    constant: Floats

    def logit(self, hidden: Floats) -> Floats:
        """(n,) without times and traces."""
        found: Floats = self.query @ hidden + self.constant
        return found


class Readout:
    """Embeddings and weights around the graph, in double precision where they are multiplied.

    Args:
        weights: As `train.Trained` has them.
        vocabulary: Codes of the embeddings.
        facts: Of items and skills.
    """

    def __init__(self, weights: Arrays, vocabulary: Vocabulary, facts: Facts) -> None:
        self.vocabulary, self.facts = vocabulary, facts
        self.hidden = weights["of_asked.weight"].shape[1]
        wide, own = weights["skill.weight"].shape[1], weights["item.weight"].shape[1]
        self.n_inputs = 3 * wide + 2 * own + 2 * N_FACTS + N_TIMES
        self._skill = weights["skill.weight"].astype(np.float32)
        self._correct = weights["correct.weight"].astype(np.float32)
        self._item = weights["item.weight"].astype(np.float32)
        self._of_skill = weights["of_skill.weight"].astype(np.float64)
        self._of_item = weights["of_item.weight"].astype(np.float64)
        self._of_item_bias = weights["of_item.bias"].astype(np.float64)
        self._asked = weights["of_asked.weight"].astype(np.float64)
        self._asked_bias = weights["of_asked.bias"].astype(np.float64)

    def rows(self, item: Item) -> Floats32:
        """(3, n) what the graph is told of a wrong answer, a study row and a right one.

        The times are still to come behind it.
        """
        codes = list(self.vocabulary.skills_of(item.skills))
        skill = (self._skill[codes] * np.float32(1.0 / len(codes))).sum(0)
        own = self._item[self.vocabulary.item(item.item_id)]
        facts = np.array(self.facts.of(item.item_id, item.skills), dtype=np.float32)
        return np.stack(
            [
                np.concatenate([skill, correct, s * skill, own, s * own, facts, s * facts])
                for s, correct in zip((-1, 0, 1), self._correct, strict=True)
            ]
        ).astype(np.float32)

    def items(self, items: Sequence[Item]) -> Asked:
        """Items as they are asked."""
        item = np.array([self.vocabulary.item(x.item_id) for x in items], dtype=np.int64)
        facts = [self.facts.of(x.item_id, x.skills) for x in items]
        return self._of(item, [x.skills for x in items], facts)

    def skills(self, skill_ids: Sequence[str]) -> Asked:
        """Of each skill an item that nobody has met: what mastery is asked of."""
        own = [(s,) for s in skill_ids]
        item = np.zeros(len(own), dtype=np.int64)
        return self._of(item, own, [self.facts.of("", x) for x in own])

    def timed(self, hidden: Floats, times: Floats) -> float:
        """What the times add to every item's logit."""
        span = slice(SAME, TIMED)
        return float(times @ (self._asked[span] @ hidden + self._asked_bias[span]))

    def per_trace(self, hidden: Floats) -> Floats:
        """(N_TRACES,) what each entry of an item's traces counts."""
        found: Floats = self._asked[TIMED:] @ hidden + self._asked_bias[TIMED:]
        return found

    def _of(
        self, item: Ints, skills: Sequence[Sequence[str]], facts: Sequence[Sequence[float]]
    ) -> Asked:
        codes = self.vocabulary.skill_rows(skills)
        of_skill = np.zeros((len(item), self.hidden + 1))
        for code, share in zip(codes.T, shares(codes).T, strict=True):
            of_skill += self._of_skill[code] * share[:, None]
        own = self._item[item].astype(np.float64)
        same = np.ones((len(item), SAME))
        same[:, 1:] = np.array(facts, dtype=np.float32).reshape(len(item), N_FACTS)
        query = of_skill[:, :-1] + own @ self._of_item + same @ self._asked[:SAME]
        constant = of_skill[:, -1] + own @ self._of_item_bias + same @ self._asked_bias[:SAME]
        return Asked(query, constant)
