"""How able is a learner on one scale, and what will they get right? Bayes on a grid of abilities.

    w_q  <-  w_q P(answer | theta_q)^evidence,   then a small share of the weight moves one node up
                                                 after a right answer, down after a wrong one

so that the posterior after a right answer dominates the one before it, stochastically: mastery
never falls with a right answer and never rises with a wrong one, whatever the item.

Reference: Bock and Mislevy (1982), Adaptive EAP estimation of ability in a microcomputer
environment, Applied Psychological Measurement 6(4).
"""

from datetime import datetime
from typing import NamedTuple, final

import numpy as np

from learnloop.core.bank import ItemBank
from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.types import Estimate, Floats, Interaction, InteractionKind, Item, Ref, Target
from learnloop.models.irt.artifact import to_bytes
from learnloop.models.irt.book import ItemBook, curves, p_correct
from learnloop.models.irt.config import Config
from learnloop.models.irt.state import LAYOUT, LEAST, NODES, START, IrtState

NAME = "irt"


class _Known(NamedTuple):
    item: Item
    p: Floats  # (q,)
    right: Floats  # (q,) its likelihood, as far as it counts
    wrong: Floats


class _Scorer(NamedTuple):
    table: ItemTable
    p: Floats  # (n_items, q)
    slope: Floats  # (n_items,) how much a standard deviation of b moves a logit
    guessing: Floats
    mastery: Floats  # (n_skills, q)


@final
class IrtModel:
    """An `Estimator` (see `core.protocols`); frozen, and safe to share between threads.

    Attributes:
        ref: `irt@version+layout`, layout being that of the state.
        state_type: What a store decodes states into.
        config: The constants it was made with.
        book: The calibrated items, and the fallback for others.

    Stability: public.
    """

    state_type = IrtState

    def __init__(self, version: str, config: Config, book: ItemBook) -> None:
        self.ref = Ref(NAME, f"{version}+{LAYOUT}")
        self._version = version
        self.config, self.book = config, book
        # Pure memos: one entry per item id ever asked for, and the table scored last.
        self._known: dict[str, _Known] = {}
        self._scorer: _Scorer | None = None

    @property
    def bank(self) -> ItemBank:
        """The calibrated items: what placement tests choose from."""
        return self.book.bank

    def start(self, learner_id: LearnerId) -> IrtState:
        """The state of a learner of whom nothing is known: N(0, 1)."""
        return START

    def update(self, state: IrtState, interaction: Interaction, item: Item) -> IrtState:
        """The state after one more interaction; all but judged answers pass through."""
        correct = interaction.correct
        if interaction.kind is not InteractionKind.ANSWERED or correct is None:
            return state
        known = self._of(item)
        likelihood = known.right if correct else known.wrong
        weights = _moved(weights_of(state) * likelihood, self.config, correct=correct)
        weights = np.maximum(weights / weights.sum(), LEAST)
        return IrtState(weights.astype("<f8").tobytes(), state.n + 1)

    def p_correct(self, state: IrtState, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), (0, 1)."""
        return float(self._of(item).p @ weights_of(state))

    def predict(self, state: IrtState, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table: CORRECT, values and stddev (n_items,)."""
        scorer, weights = self._score(items), weights_of(state)
        p = scorer.p @ weights
        of_theta = (scorer.p - p[:, None]) ** 2 @ weights
        of_item = scorer.slope * (p - scorer.guessing) * (1.0 - p) / (1.0 - scorer.guessing)
        return Estimate(Target.CORRECT, p, np.sqrt(of_theta + of_item**2), self.ref, at)

    def mastery(self, state: IrtState, items: ItemTable, at: datetime) -> Estimate:
        """MASTERY of every skill of the table, values and stddev (n_skills,).

        The chance of a right answer on an item of the skill's middle difficulty.
        """
        curve, weights = self._score(items).mastery, weights_of(state)
        p = curve @ weights
        stddev = np.sqrt((curve - p[:, None]) ** 2 @ weights)
        return Estimate(Target.MASTERY, p, stddev, self.ref, at)

    def ability(self, state: IrtState) -> tuple[float, float]:
        """Mean and standard deviation of the learner's ability."""
        weights = weights_of(state)
        mean = float(NODES @ weights)
        return mean, float(np.sqrt((NODES - mean) ** 2 @ weights))

    def export(self) -> bytes:
        """The frozen parameters as an artifact that the model module's `load` reads back."""
        return to_bytes(self._version, self.config, self.book)

    def _of(self, item: Item) -> _Known:
        known = self._known.get(item.item_id)
        if known is None or known.item is not item:
            b, slope, c, _ = self.book.curve(item, self.config)
            p = p_correct(np.array([b]), np.array([slope]), np.array([c]), NODES)[0]
            share = self.config.evidence
            known = self._known[item.item_id] = _Known(item, p, p**share, (1.0 - p) ** share)
        return known

    def _score(self, items: ItemTable) -> _Scorer:
        scorer = self._scorer
        if scorer is None or scorer.table is not items:
            b, slope, c, stddev = curves(self.book, items, self.config).T
            middle = self.book.middle(items, self.config)
            a = np.full(len(middle), self.book.discrimination)
            guess = np.full(len(middle), self.book.guessing)
            scorer = self._scorer = _Scorer(
                items,
                p_correct(b, slope, c, NODES),
                slope * stddev,
                c,
                p_correct(middle, a, guess, NODES),
            )
        return scorer


def weights_of(state: IrtState) -> Floats:
    """(41,) the posterior's weights, read-only."""
    return np.frombuffer(state.posterior, "<f8")


def _moved(weights: Floats, config: Config, *, correct: bool) -> Floats:
    """The weights after a share of each moved up (right) or down (wrong) by one node."""
    share = config.rise if correct else config.fall
    if not share:
        return weights
    out = weights * (1.0 - share)
    if correct:
        out[1:] += share * weights[:-1]
        out[-1] += share * weights[-1]
    else:
        out[:-1] += share * weights[1:]
        out[0] += share * weights[0]
    return out
