"""How well will this learner do on this item? Weighted counts, and nothing else.

`LogisticModel` joins the frozen weights with the fold: `windows` (counts) and `record` (items).
"""

from collections.abc import Sequence
from datetime import datetime
from math import exp
from operator import mul
from typing import final

import numpy as np

from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import Estimate, Floats, Interaction, InteractionKind, Item, Ref, Target
from learnloop.models.tracing.logistic.artifact import to_bytes
from learnloop.models.tracing.logistic.config import Config
from learnloop.models.tracing.logistic.record import NEW, met, record_features, remembered
from learnloop.models.tracing.logistic.scoring import Scorer, scorer_of
from learnloop.models.tracing.logistic.state import LAYOUT, LogisticState
from learnloop.models.tracing.logistic.weights import Weights
from learnloop.models.tracing.logistic.windows import Counts, counted, features, no_counts

NAME = "logistic"
LIMIT = 30.0  # logits stay inside, so that no chance is 0 or 1
SUREST = 30  # answers to a skill beyond which a level is not surer: learners change
_JUDGED = InteractionKind.ANSWERED
_PRACTISED = (InteractionKind.ANSWERED, InteractionKind.STUDIED)


@final
class LogisticModel:
    """An `Estimator` (see `core.protocols`); frozen, and safe to share between threads.

    Attributes:
        ref: `logistic@version+layout`, layout being that of the state.
        state_type: What a store decodes states into.
        config: The constants it was made with.
        weights: What was fitted.

    Stability: public.
    """

    state_type = LogisticState

    def __init__(self, version: str, config: Config, weights: Weights) -> None:
        self.ref = Ref(NAME, f"{version}+{LAYOUT}")
        self._version = version
        self.config, self.weights = config, weights
        self._blank = no_counts(weights.windows)
        self._start = LogisticState(self._blank, {}, {}, 0)
        self._scorer: Scorer | None = None

    def start(self, learner_id: LearnerId) -> LogisticState:
        """The state of a learner of whom nothing is known."""
        return self._start

    def update(self, state: LogisticState, interaction: Interaction, item: Item) -> LogisticState:
        """The state after one more interaction.

        Answers count; study rows and answers that nobody could judge only mark the item as met;
        other kinds pass through.
        """
        if interaction.kind not in _PRACTISED:
            return state
        learner, skills, items, step = state
        correct = interaction.correct if interaction.kind is _JUDGED else None
        at_us, windows, step = to_us(interaction.occurred_at), self.weights.windows, step + 1
        if self.weights.record:
            record = met(items.get(item.item_id, NEW), correct, step, at_us)
            items = remembered(items, item.item_id, record, self.config.item_memory)
        if correct is None:
            return LogisticState(learner, skills, items, step)
        skills = skills.copy()
        for skill in item.skills:
            skills[skill] = counted(skills.get(skill, self._blank), windows, correct, at_us)
        return LogisticState(counted(learner, windows, correct, at_us), skills, items, step)

    def p_correct(self, state: LogisticState, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), (0, 1)."""
        at_us, weights = to_us(at), self.weights
        logit = weights.bias + weights.item(item.item_id)[0] + self._of_learner(state, at_us)
        for skill in item.skills:
            own = weights.skill(skill)
            logit += own[0]
            if (counts := state.skills.get(skill)) is not None:
                logit += self._dot(own[1:], counts, at_us)
        record = state.items.get(item.item_id)
        if record is not None and weights.record:
            logit += _dot(weights.record, record_features(record, state.step, at_us))
        return 1.0 / (1.0 + exp(-min(max(logit, -LIMIT), LIMIT)))

    def predict(self, state: LogisticState, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table: CORRECT, values and stddev (n_items,)."""
        at_us, weights, scorer = to_us(at), self.weights, self._of(items)
        moved, doubt = np.zeros((2, len(scorer.number) + 1))
        doubt[:-1] = self.config.level_variance
        for skill, counts in state.skills.items():
            if (s := scorer.number.get(skill)) is not None:
                moved[s] = self._dot(weights.skill(skill)[1:], counts, at_us)
                doubt[s] = self._variance(counts)
        logit = scorer.constant + self._of_learner(state, at_us) + scorer.sums(moved)
        if weights.record:
            for item_id, record in state.items.items():
                if (row := items.row_of.get(item_id)) is not None:
                    seen = record_features(record, state.step, at_us)
                    logit[row] += _dot(weights.record, seen)
        p = 1.0 / (1.0 + np.exp(-np.clip(logit, -LIMIT, LIMIT)))
        stddev = p * (1.0 - p) * np.sqrt(scorer.sums(doubt) * scorer.share + scorer.variance)
        return Estimate(Target.CORRECT, p, stddev, self.ref, at)

    def mastery(self, state: LogisticState, items: ItemTable, at: datetime) -> Estimate:
        """MASTERY of every skill of the table, values and stddev (n_skills,).

        The chance of a right answer on an item of the skill's middle difficulty, from slopes that
        no right answer can lower and no wrong one raise; it never rises by waiting.
        """
        at_us, level, scorer = to_us(at), self.weights.level, self._of(items)
        logit = scorer.level + self._dot(level.learner, state.learner, at_us)
        variance = np.full(items.n_skills, self.config.level_variance)
        for skill, counts in state.skills.items():
            if (s := items.column_of.get(skill)) is not None:  # type: ignore[call-overload]
                logit[s] += self._dot(level.skill, counts, at_us)
                variance[s] = self._variance(counts)
        p: Floats = 1.0 / (1.0 + np.exp(-np.clip(logit, -LIMIT, LIMIT)))
        return Estimate(Target.MASTERY, p, p * (1.0 - p) * np.sqrt(variance), self.ref, at)

    def export(self) -> bytes:
        """The frozen weights as an artifact that the model module's `load` reads back."""
        return to_bytes(self._version, self.config, self.weights)

    def _of_learner(self, state: LogisticState, at_us: int) -> float:
        return self._dot(self.weights.learner, state.learner, at_us)

    def _dot(self, slopes: Sequence[float], counts: Counts, at_us: int) -> float:
        return _dot(slopes, features(counts, self.weights.windows, at_us))

    def _variance(self, counts: Counts) -> float:
        """Of a level in logits: a normal prior and a quarter's worth of information an answer."""
        n = min(counts.right + counts.wrong, SUREST)
        return 1.0 / (1.0 / self.config.level_variance + 0.25 * n)

    def _of(self, items: ItemTable) -> Scorer:
        scorer = self._scorer
        if scorer is None or scorer.table is not items:
            scorer = self._scorer = scorer_of(items, self.weights)
        return scorer


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    total: float = sum(map(mul, a, b))
    return total
