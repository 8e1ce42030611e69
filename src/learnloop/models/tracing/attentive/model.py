"""How well will this learner do, seen through what they did before? The estimator that serves.

Probabilities come from the graph (`train.Served`), one call for an item or a whole table. Mastery
of a skill comes from the record's filter alone:

    mastery = sigmoid(a + b (mu + skill + ability + deviation)),   b > 0

every mean moves with its own answers only in their direction (`record.answered`), so mastery keeps
the law that a right answer never lowers it and a wrong one never raises it, whatever the network
has learnt.
"""

from datetime import datetime
from typing import Final, final

import numpy as np

from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import Estimate, Floats, Interaction, InteractionKind, Item, Ref, Target
from learnloop.models.tracing.attentive.asking import OUTPUTS, Asked, asked_of, inputs, specs
from learnloop.models.tracing.attentive.items import ItemBook, ItemFacts
from learnloop.models.tracing.attentive.linear import Link
from learnloop.models.tracing.attentive.record import NEW_SKILL, latent
from learnloop.models.tracing.attentive.state import (
    RIGHT,
    START,
    STUDIED,
    WRONG,
    AttentiveState,
    advanced,
)
from learnloop.models.tracing.packing import Packed, pack

NAME: Final = "attentive"
FORM: Final = "learnloop/attentive/1"
LAYOUT: Final = 1
"""Part of every model's ref: raised when a state changes its form, so that each is rebuilt."""
LIMIT: Final = 9.0
"""Logits; the model never claims more certainty than this."""
REMEMBERED: Final = 4096
"""Items whose facts are kept at hand."""


@final
class AttentiveModel:
    """An `Estimator` (see `core.protocols`); frozen, and safe to share between threads.

    Attributes:
        ref: `attentive@version+layout`, layout being that of the state.
        state_type: What a store decodes states into.
        book: Item and skill parameters.

    Args:
        version: The version part of the ref.
        packed: The graph, and all that the rest is made of.
        book: Item and skill parameters.
        link: From the record to mastery.
        length: How many events attention looks at.

    Stability: experimental.
    """

    state_type = AttentiveState

    def __init__(
        self, version: str, packed: Packed, book: ItemBook, link: Link, length: int
    ) -> None:
        self.ref = Ref(NAME, f"{version}+{LAYOUT}")
        self.book = book
        self._packed, self._link, self._length = packed, link, length
        self._graph = packed.session(self.ref, specs(length), OUTPUTS)
        # Pure memos.
        self._items: dict[str, tuple[Item, ItemFacts, Asked]] = {}
        self._table: tuple[ItemTable, Asked] | None = None

    def start(self, learner_id: LearnerId) -> AttentiveState:
        """The state of a learner of whom nothing is known."""
        return START

    def update(self, state: AttentiveState, interaction: Interaction, item: Item) -> AttentiveState:
        """The state after one more interaction.

        An answer that nobody could judge counts as practice; kinds that are neither an answer nor
        study pass through.
        """
        if interaction.kind not in (InteractionKind.ANSWERED, InteractionKind.STUDIED):
            return state
        answered = interaction.kind is InteractionKind.ANSWERED
        correct = interaction.correct if answered else None
        result = STUDIED if correct is None else RIGHT if correct else WRONG
        at_us = to_us(interaction.occurred_at)
        return advanced(state, self._of(item)[1], self.book.mu, result, at_us)

    def p_correct(self, state: AttentiveState, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), (0, 1)."""
        return float(self._p(state, self._of(item)[2], at)[0])

    def predict(self, state: AttentiveState, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table: CORRECT, values and stddev (n_items,)."""
        asked = self._of_table(items)
        if not asked.facts:
            return Estimate(Target.CORRECT, np.empty(0), np.empty(0), self.ref, at)
        p = self._p(state, asked, at)
        spreads = [latent(state.learner, state.skills, names)[1] for names, _ in asked.sets]
        doubt = 1.0 - asked.about[:, -1].astype(np.float64)  # of the item, as its record is short
        stddev = p * (1.0 - p) * np.sqrt(np.array(spreads)[asked.set_of] + doubt)
        return Estimate(Target.CORRECT, p, stddev, self.ref, at)

    def mastery(self, state: AttentiveState, items: ItemTable, at: datetime) -> Estimate:
        """MASTERY of every skill of the table, values and stddev (n_skills,).

        The chance of a right answer on an item of the skill's middle difficulty, from the record
        alone; it does not depend on the time that has passed.
        """
        book, me, link = self.book, state.learner, self._link
        known = [book.skills.get(s.skill_id) for s in items.skills]
        traces = [state.skills.get(s.skill_id, NEW_SKILL) for s in items.skills]
        base = np.array([book.mu + (0.0 if own is None else own[1]) for own in known])
        doubt = np.array([1.0 if own is None else 0.0 for own in known])
        logit = base + me.mean + np.array([t.mean for t in traces])
        p = _p(link.constant + link.slope * logit)
        variance = me.variance + np.array([t.variance for t in traces]) + doubt
        stddev = p * (1.0 - p) * link.slope * np.sqrt(variance)
        return Estimate(Target.MASTERY, p, stddev, self.ref, at)

    def export(self) -> bytes:
        """The frozen parameters as an artifact that the model module's `load` reads back."""
        return pack(FORM, self._packed)

    def _p(self, state: AttentiveState, asked: Asked, at: datetime) -> Floats:
        """(m,) P(right)."""
        found = self._graph.predict(inputs(state, asked, to_us(at), self._length))
        return _p(found["logit"][0].astype(np.float64))

    def _of(self, item: Item) -> tuple[Item, ItemFacts, Asked]:
        known = self._items.get(item.item_id)
        if known is None or known[0] is not item:
            if len(self._items) >= REMEMBERED:
                self._items.clear()
            facts = self.book.facts(item.item_id, item.skills)
            known = self._items[item.item_id] = (item, facts, asked_of((facts,)))
        return known

    def _of_table(self, items: ItemTable) -> Asked:
        table = self._table
        if table is None or table[0] is not items:
            facts = [self.book.facts(x.item_id, x.skills) for x in items.items]
            table = self._table = (items, asked_of(facts))
        return table[1]


def _p(logit: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -LIMIT, LIMIT))))
