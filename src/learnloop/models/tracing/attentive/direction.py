"""Which way should an answer move what is said of its own item, asked again at once? And does it?

A right answer should not lower it and a wrong one not raise it, unless the log itself shows that
they do: where wrong answers are corrected at once, the same item is mostly right when it is asked
again. A result is *held* to its direction if the log has too few such repeats to show anything, or
if they went its way. For a held result the base gets a push on `just_right` or `just_wrong`, the
features that are 1 only when the last event was this item: so large that nearly all answers of the
log move the right way. The network has a penalty for the others.
"""

from typing import Final, NamedTuple

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats
from learnloop.models.tracing.attentive.linear import design, sigmoid
from learnloop.models.tracing.attentive.replay import Rows
from learnloop.models.tracing.attentive.state import FEATURES

JUST_RIGHT, JUST_WRONG = FEATURES.index("just_right"), FEATURES.index("just_wrong")
ENOUGH: Final = 100
"""Repeats that show something."""
SHARE: Final = 0.02
"""Of the answers, that the push may leave to the penalty."""


class Held(NamedTuple):
    """Which results are held to their direction."""

    right: bool
    wrong: bool

    def rows(self, log: AnswerLog) -> Bools:
        """(n,) rows whose result is held."""
        found: Bools = (self.right & (log.correct == 1)) | (self.wrong & (log.correct == 0))
        return found


def held_of(log: AnswerLog, rows: Rows, base: Floats) -> Held:
    """What a log says of answers to an item that was asked just before.

    Args:
        base: Weights of the base.
    """

    def goes(feature: int, sign: float) -> bool:
        again = np.flatnonzero((rows.before[:, feature] > 0.0) & (log.correct != STUDY))
        if len(again) < ENOUGH:
            return True
        expected = sigmoid(design(rows.before[again - 1]) @ base)
        return bool(sign * (log.correct[again].mean() - expected.mean()) >= 0.0)

    return Held(goes(JUST_RIGHT, 1.0), goes(JUST_WRONG, -1.0))


def pushed(log: AnswerLog, rows: Rows, base: Floats, held: Held, margin: float) -> Floats:
    """The base with its pushes.

    Args:
        margin: By how much an answer should at least move what is said, logits.
    """
    found = base.copy()
    for is_held, result, feature, sign in (
        (held.right, 1, JUST_RIGHT, 1.0),
        (held.wrong, 0, JUST_WRONG, -1.0),
    ):
        mine = log.correct == result
        if is_held and mine.any():
            moved = (design(rows.after[mine]) - design(rows.before[mine])) @ base
            found[1 + feature] += sign * max(0.0, margin - float(np.quantile(sign * moved, SHARE)))
    return found
