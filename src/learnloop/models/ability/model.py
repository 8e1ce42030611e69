"""How well will this learner do on this item, now? The model that serves by default.

`AbilityModel` joins the frozen parts (item book, readout) with the fold of `latent`.
"""

from datetime import datetime
from typing import final

import numpy as np

from learnloop.core.ids import ItemId, LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import Estimate, Floats, Interaction, InteractionKind, Item, Ref, Target
from learnloop.models.ability.artifact import to_bytes
from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import ItemBook, ItemFacts
from learnloop.models.ability.features import recall, view
from learnloop.models.ability.latent import (
    answered,
    elapsed_us,
    new_skill,
    start,
    studied,
    widened,
)
from learnloop.models.ability.readout import ItemWeights, Readout
from learnloop.models.ability.scoring import Scorer, logits, scorer_of, traces_now
from learnloop.models.ability.state import LAYOUT, AbilityState

NAME = "ability"


@final
class AbilityModel:
    """An `Estimator` (see `core.protocols`); frozen, and safe to share between threads.

    Attributes:
        ref: `ability@version+layout`, layout being that of the state.
        state_type: What a store decodes states into.
        config: The constants it was made with.
        book: Item and skill parameters.
        readout: Weights of the readout.

    Stability: public.
    """

    state_type = AbilityState

    def __init__(self, version: str, config: Config, book: ItemBook, readout: Readout) -> None:
        self.ref = Ref(NAME, f"{version}+{LAYOUT}")
        self._version = version
        self.config, self.book, self.readout = config, book, readout
        self._blank = new_skill(config)
        self._start = start(config)
        # Pure memos: one entry per item id ever asked for, what was said last (an answer is often
        # predicted just before it is learnt from), the table and the state scored last.
        self._known: dict[str, tuple[Item, ItemFacts, ItemWeights]] = {}
        self._said: tuple[AbilityState, Item, int, float] = (self._start, Item(ItemId("")), 0, 0.5)
        self._scorer: Scorer | None = None
        self._latest: tuple[AbilityState, int, Scorer, Floats] | None = None

    def start(self, learner_id: LearnerId) -> AbilityState:
        """The state of a learner of whom nothing is known."""
        return self._start

    def update(self, state: AbilityState, interaction: Interaction, item: Item) -> AbilityState:
        """The state after one more interaction.

        Answers move it; study rows and answers that nobody could judge only count as practice;
        other kinds pass through.
        """
        kind = interaction.kind
        if kind is InteractionKind.ANSWERED:
            correct, at_us = interaction.correct, to_us(interaction.occurred_at)
            if correct is None:
                return studied(state, self._blank, item.item_id, item.skills, at_us)
            of, about, when, said = self._said
            if of is not state or about is not item or when != at_us:
                said = self._p(state, item, at_us)
            facts, config = self._of(item)[1], self.config
            return answered(state, self._blank, config, facts, item.item_id, correct, at_us, said)
        if kind is InteractionKind.STUDIED:
            at_us = to_us(interaction.occurred_at)
            return studied(state, self._blank, item.item_id, item.skills, at_us)
        return state

    def p_correct(self, state: AbilityState, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), (0, 1)."""
        at_us = to_us(at)
        p = self._p(state, item, at_us)
        self._said = (state, item, at_us, p)
        return p

    def _p(self, state: AbilityState, item: Item, at_us: int) -> float:
        me, _, items = state
        trace = items.get(item.item_id)
        met = None if trace is None else recall(trace, me.step, at_us)
        seen = view(state, self._blank, self.config, item.skills, at_us)
        return self._of(item)[2].p(seen, met, me.bias)

    def predict(self, state: AbilityState, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table: CORRECT, values and stddev (n_items,)."""
        at_us = to_us(at)
        scorer, traces = self._now(state, items, at_us)
        logit, variance = logits(scorer, self.config, state, at_us, traces)
        p = 1.0 / (1.0 + np.exp(-logit))
        stddev = p * (1.0 - p) * np.sqrt(variance + scorer.variance)
        return Estimate(Target.CORRECT, p, stddev, self.ref, at)

    def mastery(self, state: AbilityState, items: ItemTable, at: datetime) -> Estimate:
        """MASTERY of every skill of the table, values and stddev (n_skills,).

        The chance of a right answer on an item of the skill's middle difficulty, from the latent
        state alone: never lower after a right answer to the skill, never higher after a wrong one,
        and never higher merely because time has passed.
        """
        at_us, config, me = to_us(at), self.config, state.learner
        scorer, traces = self._now(state, items, at_us)
        elapsed = elapsed_us(me.at_us, at_us)
        variance = widened(me.variance, config.ability_variance, elapsed, config.daily_drift)
        deviation, spread = traces[:2, : items.n_skills]
        a, b = self.readout.link
        p: Floats = 1.0 / (1.0 + np.exp(-a - b * (scorer.latent + (me.mean + deviation))))
        stddev = p * (1.0 - p) * (b * np.sqrt(variance + spread + scorer.doubt))
        return Estimate(Target.MASTERY, p, stddev, self.ref, at)

    def export(self) -> bytes:
        """The frozen parameters as an artifact that the model module's `load` reads back."""
        return to_bytes(self._version, self.config, self.book, self.readout)

    def _of(self, item: Item) -> tuple[Item, ItemFacts, ItemWeights]:
        known = self._known.get(item.item_id)
        if known is None or known[0] is not item:
            facts = self.book.facts(item.item_id, item.skills, item.difficulty_logit)
            known = self._known[item.item_id] = (
                item,
                facts,
                self.readout.of_item(item.item_id, facts),
            )
        return known

    def _now(self, state: AbilityState, items: ItemTable, at_us: int) -> tuple[Scorer, Floats]:
        """The table's scorer, and the traces of its skills at an instant, which is asked twice."""
        scorer, latest = self._scorer, self._latest
        if scorer is None or scorer.table is not items:
            scorer = self._scorer = scorer_of(items, self.book, self.readout)
        if (
            latest is None
            or latest[0] is not state
            or latest[1] != at_us
            or latest[2] is not scorer
        ):
            traces = traces_now(scorer, self.config, state, at_us)
            latest = self._latest = (state, at_us, scorer, traces)
        return scorer, latest[3]
