"""What came of a retraining? Both models' figures on the same answers, the ruling, and what now.

`retraining_page.py` shows a report in a browser.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from learnloop.core.types import Floats, Ints, Ref
from learnloop.metrics import Bin, Interval, reliability, resample
from learnloop.metrics.bootstrap import METRICS
from learnloop.training.gate import HeldOut, Ruling

N_ROC = 64


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two models, on the held-out answers.

    Attributes:
        figures: `auc`, `log_loss`, `brier`, `accuracy`, `ece`, with 95% intervals by learner.
        reliability: What was said and what happened, in bins.
        roc: (share of wrong answers, share of right ones) above a falling threshold.
    """

    model: Ref
    figures: Mapping[str, Interval]
    reliability: tuple[Bin, ...]
    roc: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A retraining, from the snapshot to the ruling.

    Attributes:
        promoted: Whether the challenger answers from now on.
        because: Why, or why not, in a sentence.
        stored: Whether the challenger is kept; not in a dry run.
        snapshot: Which data it was fitted on and judged by.
        n_answers: Of training learners, `n_learners` of them.
        n_judged: Of held-out learners, `n_judged_learners` of them.
        window_days: Older answers were neither learnt from nor judged; None: all were.
        went_on: Whether the fit went on from the champion's checkpoint.
        groups: How many learners and answers each group has.
        seconds: How long it took.
        notes: What else one should know.
    """

    slot: str
    at: datetime
    promoted: bool
    because: str
    stored: bool
    challenger: Side
    champion: Side
    ruling: Ruling
    snapshot: str
    n_answers: int
    n_learners: int
    n_judged: int
    n_judged_learners: int
    window_days: float | None
    went_on: bool
    groups: Mapping[str, tuple[int, int]]
    seconds: float
    notes: tuple[str, ...] = ()


def sides(
    held_out: HeldOut,
    refs: Sequence[Ref],
    said: Sequence[Floats],
    rng: np.random.Generator,
    n_resamples: int = 400,
) -> tuple[Side, ...]:
    """Each model's figures, on the same resamples of the learners.

    Args:
        held_out: The answers.
        refs: The models.
        said: (n,) chances of each.
        rng: Draws the learners.
        n_resamples: How many times they are drawn.
    """
    draws = resample(held_out.correct, said, held_out.learner, rng, n_resamples)
    return tuple(
        Side(
            ref,
            {name: draws.interval(name, i) for name in METRICS},
            reliability(held_out.correct, p),
            roc(held_out.correct, p),
        )
        for i, (ref, p) in enumerate(zip(refs, said, strict=True))
    )


def roc(correct: Ints, p: Floats) -> tuple[tuple[float, float], ...]:
    """Points of the ROC curve, from (0, 0) to (1, 1); none where all answers are alike."""
    order = np.argsort(-p, kind="stable")
    right = np.cumsum(correct[order] == 1)
    wrong = np.arange(1, len(order) + 1) - right
    if not len(order) or not right[-1] or not wrong[-1]:
        return ()
    last_of_its_value = np.flatnonzero(np.diff(p[order], append=-1.0))
    some = np.linspace(0, len(last_of_its_value) - 1, N_ROC).astype(np.int64)
    rows = last_of_its_value[np.unique(some)]
    points = zip(
        (wrong[rows] / wrong[-1]).tolist(), (right[rows] / right[-1]).tolist(), strict=True
    )
    return ((0.0, 0.0), *points)
