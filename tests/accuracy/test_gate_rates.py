"""How often does the gate promote what it should, and what it should not? On simulated learners.

200 schools with 80 held-out learners each. In each, challengers of known worth meet the same
champion once; and, with no margin at all, twelve challengers that are no better try one after
another. The figures are in docs/guides/retraining.md.
"""

from collections import Counter

import numpy as np
import pytest
from tests.unit.training.rivals import (
    CHAMPION,
    CLEAN,
    WORTH,
    Answers,
    held_out,
    luck,
    ruling,
    said_by,
    simulated_answers,
)

from learnloop.training.gate import Rules, rule

pytestmark = pytest.mark.accuracy

N_SCHOOLS, N_LEARNERS, N_TRIES = 200, 80, 12
BELOW_MARGIN = 0.8  # a true gain of about 3%
NO_MARGIN = Rules(margin=0.0, ece_slack=1.0, group_slack=1.0)


def _lucky(answers: Answers, rng: np.random.Generator) -> bool:
    """Whether one of many that are no better gets through.

    For each learner a coin decides which of two models is the champion and which the challenger: so
    the expected gain is 0, whatever the models are.
    """
    one, other = said_by(CHAMPION, answers, rng), said_by(CHAMPION, answers, rng)
    for attempt in range(1, N_TRIES + 1):
        coin = rng.random(N_LEARNERS)[answers.learner] < 0.5
        a, b = np.where(coin, one, other), np.where(coin, other, one)
        if rule(held_out(answers), a, b, CLEAN, rng, NO_MARGIN, attempt=attempt).promote:
            return True
    return False


def test_the_rates_of_the_gate() -> None:
    n: Counter[str] = Counter()
    for school in range(N_SCHOOLS):
        rng = np.random.default_rng([2026, school])
        answers = simulated_answers(rng, N_LEARNERS)
        for name, error in {**WORTH, "a little better": BELOW_MARGIN}.items():
            n[name] += ruling(error, answers, rng).promote
        n["lucky"] += _lucky(answers, rng)
    print({name: n[name] / N_SCHOOLS for name in (*WORTH, "a little better", "lucky")})
    assert luck(N_SCHOOLS, N_SCHOOLS - n["better"], 0.05) > 1e-3
    assert n["worse"] == 0
    assert luck(N_SCHOOLS, n["equal"], 0.025) > 1e-3
    assert luck(N_SCHOOLS, n["lucky"], 0.05) > 1e-3
