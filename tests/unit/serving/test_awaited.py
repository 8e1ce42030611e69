"""What a challenger and the champion said is compared with the answer, once, when it comes."""

import numpy as np
from tests.unit.serving.models import SLOT, Shelf, plan, ref, serving

from learnloop.serving.awaited import P_CORRECT, Awaited, Said
from learnloop.serving.served import Served, ServedBy


def p(*values):
    return {P_CORRECT: np.array(values, np.float32)}


def heard(*values, key="ada", items=("a", "b")):
    return Served(SLOT, key, ServedBy.CHALLENGER, ref("2"), p(*values), (), 1.0, False, items)


def test_each_pair_is_given_once():
    awaited = Awaited()
    awaited.put(heard(0.25, 0.5), p(0.75, 0.125))
    assert awaited.take("ada", "b") == Said(SLOT, ref("2"), 0.5, 0.125)
    assert awaited.take("ada", "b") is None
    assert awaited.take("ben", "a") is None
    assert awaited.take("ada", "a") == Said(SLOT, ref("2"), 0.25, 0.75)


def test_the_oldest_are_forgotten():
    awaited = Awaited(max_entries=3)
    for key in ("ada", "ben"):
        awaited.put(heard(0.5, 0.5, key=key), p(0.5, 0.5))
    assert len(awaited) == 3
    assert awaited.take("ada", "a") is None
    assert awaited.take("ada", "b") is not None


def test_what_is_no_p_correct_of_a_learner_and_an_item_is_not_kept():
    awaited = Awaited()
    awaited.put(heard(0.5, 0.5, key=""), p(0.5, 0.5))
    awaited.put(heard(0.5, items=()), p(0.5))
    awaited.put(heard(0.5, 0.5), {"reward": np.zeros(2)})
    assert len(awaited) == 0


def test_answers_reach_the_guard():
    told = []
    served = serving(Shelf("1", "2"), plan("1", challenger="2", share=0.5), on_breach=told.append)
    for n in range(300):
        served.awaited.put(heard(0.01, items=(f"item-{n}",)), p(0.99))
        served.answered("ada", f"item-{n}", True)
        served.answered("ada", f"item-{n}", True)
    (breach,) = told
    assert breach.guard == "outcome"
    assert breach.n < 100
