"""How likely is it that a learner knows a skill, and so answers an item right? The estimator.

`BktModel` joins the frozen book with the fold of `filtering`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import final

import numpy as np

from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import (
    Estimate,
    Floats,
    Interaction,
    InteractionKind,
    Ints,
    Item,
    Ref,
    Target,
)
from learnloop.models.tracing.bkt.artifact import to_bytes
from learnloop.models.tracing.bkt.book import Asked, Book
from learnloop.models.tracing.bkt.config import Config
from learnloop.models.tracing.bkt.filtering import (
    LIMIT,
    PROBIT,
    answered,
    known,
    mastery,
    p_right,
    start,
    studied,
)
from learnloop.models.tracing.bkt.state import LAYOUT, BktState

NAME = "bkt"


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """One table's items as arrays; a pair is an item and one of its skills.

    Attributes:
        table: The table itself.
        skills: The skills of the items, by number.
        skill: (m,) skill number of each pair, the pairs of an item side by side.
        first: (n,) the first pair of each item.
        width: (n,) pairs of each item.
        guess_logit: (m,) of the skill, plus the item's easiness.
        gap: (m,) of the skill.
        variance: (n,) of the item's easiness.
    """

    table: ItemTable
    skills: tuple[str, ...]
    skill: Ints
    first: Ints
    width: Ints
    guess_logit: Floats
    gap: Floats
    variance: Floats


@final
class BktModel:
    """An `Estimator` (see `core.protocols`); frozen, and safe to share between threads.

    Attributes:
        ref: `bkt@version+layout`, layout being that of the state.
        state_type: What a store decodes states into.
        config: The constants it was made with.
        book: Skill and item parameters.

    Stability: public.
    """

    state_type = BktState

    def __init__(self, version: str, config: Config, book: Book) -> None:
        self.ref = Ref(NAME, f"{version}+{LAYOUT}")
        self._version = version
        self.config, self.book = config, book
        self._start = start(book)
        self._known: dict[str, tuple[Item, Asked]] = {}  # a memo: one entry per item ever asked for
        self._scorer: Scorer | None = None

    def start(self, learner_id: LearnerId) -> BktState:
        """The state of a learner of whom nothing is known."""
        return self._start

    def update(self, state: BktState, interaction: Interaction, item: Item) -> BktState:
        """The state after one more interaction.

        Study rows, and answers that nobody could judge, are opportunities to learn; other kinds
        pass through.
        """
        kind = interaction.kind
        if kind is not InteractionKind.ANSWERED and kind is not InteractionKind.STUDIED:
            return state
        at_us, right = to_us(interaction.occurred_at), interaction.correct
        if kind is InteractionKind.STUDIED or right is None:
            return studied(self.book, state, self._asked(item), at_us)
        return answered(self.book, state, self._asked(item), right, at_us)

    def p_correct(self, state: BktState, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), (0, 1)."""
        return p_right(self.book, state, self._asked(item), to_us(at))

    def predict(self, state: BktState, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table: CORRECT, values and stddev (n_items,)."""
        scorer = self._scorer
        if scorer is None or scorer.table is not items:
            scorer = self._scorer = self._scorer_of(items)
        p, stddev = self._score(scorer, state, to_us(at))
        return Estimate(Target.CORRECT, p, stddev, self.ref, at)

    def mastery(self, state: BktState, items: ItemTable, at: datetime) -> Estimate:
        """MASTERY of every skill of the table, values and stddev (n_skills,).

        P(known), and after mistakes the least that it was since the last right answer. Never
        lower after a right answer to the skill, never higher after a wrong one, and never higher
        merely because time has passed.
        """
        at_us, book = to_us(at), self.book
        shown = [mastery(book, state, x.skill_id, at_us) for x in items.skills]
        values = np.array(shown, dtype=np.float64)
        stddev = np.sqrt(values * (1.0 - values))
        return Estimate(Target.MASTERY, values, stddev, self.ref, at)

    def export(self) -> bytes:
        """The frozen parameters as an artifact that the model module's `load` reads back."""
        return to_bytes(self._version, self.config, self.book)

    def _asked(self, item: Item) -> Asked:
        found = self._known.get(item.item_id)
        if found is None or found[0] is not item:
            found = self._known[item.item_id] = (item, self.book.asked(item))
        return found[1]

    def _score(self, scorer: Scorer, state: BktState, at_us: int) -> tuple[Floats, Floats]:
        """(n,) chances and (n,) their standard deviations."""
        if not len(scorer.width):
            return np.empty(0), np.empty(0)
        book = self.book
        p_known = [known(book, book.skill(s), state, s, at_us) for s in scorer.skills]
        p = np.array(p_known).take(scorer.skill)
        doubt = state.variance + scorer.variance
        scale = 1.0 / np.sqrt(1.0 + PROBIT * state.variance)
        level = scorer.guess_logit + state.shift
        low, high = _sigmoid(level * scale), _sigmoid((level + scorer.gap) * scale)
        said, share = low + p * (high - low), 1.0 / scorer.width
        slope = p * high * (1.0 - high) + (1.0 - p) * low * (1.0 - low)
        unsure = p * (1.0 - p) * (high - low) ** 2
        chance = np.add.reduceat(said, scorer.first) * share
        slope = np.add.reduceat(slope, scorer.first) * share
        spread = np.add.reduceat(unsure, scorer.first) * share**2 + doubt * slope**2
        return chance, np.sqrt(spread)

    def _scorer_of(self, table: ItemTable) -> Scorer:
        asked = [self.book.asked(item) for item in table.items]
        number: dict[str, int] = {}
        skill = [number.setdefault(s, len(number)) for x in asked for s in x.skills]
        width = np.array([len(x.skills) for x in asked], dtype=np.int64)
        return Scorer(
            table,
            tuple(number),
            np.array(skill, dtype=np.int64),
            np.cumsum(width) - width,
            width,
            np.array([f.guess_logit + x.easiness for x in asked for f in x.facts]),
            np.array([f.gap for x in asked for f in x.facts]),
            np.array([x.variance for x in asked]),
        )


def _sigmoid(x: Floats) -> Floats:
    """`filtering.sigmoid` of many at once."""
    p: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -LIMIT, LIMIT)))
    return p
