"""How often does the gate promote what it should, and what it should not? On simulated learners.

200 schools with 80 held-out learners each. In each, challengers of known worth meet the same
champion once; and, with no margin at all, twelve challengers that are no better try one after
another. The figures are in docs/guides/retraining.md.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from tests.unit.training.rivals import (
    CHAMPION,
    CLEAN,
    WORTH,
    Answers,
    held_out,
    luck,
    said_by,
    simulated_answers,
)

from learnloop.core.types import Floats
from learnloop.training.gate import Rules, rule

pytestmark = pytest.mark.accuracy

N_SCHOOLS, N_LEARNERS, N_TRIES = 200, 80, 12
BELOW_MARGIN = 0.8  # a true gain of about 3%
NO_MARGIN = Rules(margin=0.0, ece_slack=1.0, group_slack=1.0)


def _alike(answers: Answers, rng: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
    """Champions and challengers that are exactly as good, so that all is luck.

    For each learner a coin decides which of two models is the champion and which the challenger: so
    the expected gain is 0, whatever the models are.
    """
    one, other = said_by(CHAMPION, answers, rng), said_by(CHAMPION, answers, rng)
    while True:
        coin = rng.random(N_LEARNERS)[answers.learner] < 0.5
        yield np.where(coin, one, other), np.where(coin, other, one)


def _true_loss(p: Floats, answers: Answers) -> float:
    """The log loss to be expected of what a model says, by the true chances."""
    losses = answers.truth * np.log(p) + (1.0 - answers.truth) * np.log(1.0 - p)
    return -float(losses.mean())


def test_better_is_promoted_worse_and_uncertain_never() -> None:
    n: Counter[str] = Counter()
    for school in range(N_SCHOOLS):
        rng = np.random.default_rng([2026, school])
        answers = simulated_answers(rng, N_LEARNERS)
        for name, error in {**WORTH, "a little better": BELOW_MARGIN}.items():
            champion, challenger = said_by(CHAMPION, answers, rng), said_by(error, answers, rng)
            found = rule(held_out(answers), challenger, champion, CLEAN, rng)
            n[name] += found.promote
            truly = _true_loss(challenger, answers) < _true_loss(champion, answers)
            n["promoted, and truly not better"] += found.promote and not truly
        champion, challenger = next(_alike(answers, rng))
        n["exactly equal"] += rule(held_out(answers), challenger, champion, CLEAN, rng).promote
    print(N_SCHOOLS, dict(n))
    assert luck(N_SCHOOLS, N_SCHOOLS - n["better"], 0.05) > 1e-3
    assert n["worse"] == 0
    assert luck(N_SCHOOLS, n["exactly equal"], 0.01) > 1e-3
    assert luck(4 * N_SCHOOLS, n["promoted, and truly not better"], 0.005) > 1e-3


def test_trying_again_and_again_brings_no_luck() -> None:
    n_lucky = 0
    for school in range(N_SCHOOLS):
        rng = np.random.default_rng([2027, school])
        answers = simulated_answers(rng, N_LEARNERS)
        tries = zip(range(1, N_TRIES + 1), _alike(answers, rng), strict=False)
        n_lucky += any(
            rule(held_out(answers), a, b, CLEAN, rng, NO_MARGIN, attempt=attempt).promote
            for attempt, (b, a) in tries
        )
    print(N_SCHOOLS, "lucky", n_lucky)
    assert luck(N_SCHOOLS, n_lucky, 0.05) > 1e-3
