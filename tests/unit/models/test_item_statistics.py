"""Do item statistics see the item, and not who was given it?"""

from dataclasses import replace

import numpy as np
from tests.unit.training.answers import answers

from learnloop.core.answers import STUDY
from learnloop.models.ability.item_statistics import deal, item_statistics


def test_an_item_is_not_easy_for_being_given_to_the_able() -> None:
    rng = np.random.default_rng(0)
    learner = np.repeat(np.arange(200), 12)
    able = learner % 2 == 0
    # Items 0-3 go to all, 4 to the able, 5 to the others; 4 is the harder one.
    item = np.tile([0, 1, 2, 3, 4, 4, 0, 1, 2, 3, 4, 4], 200)
    item = np.where((item == 4) & ~able, 5, item)
    logit = np.where(able, 2.0, -2.0) + np.where(item == 4, -0.7, np.where(item == 5, 0.7, 0.0))
    right = rng.random(len(item)) < 1.0 / (1.0 + np.exp(-logit))
    log = answers(
        learner=learner, item=item, correct=right.astype(int), us=np.arange(1, len(item) + 1),
        skills=[[0]] * 6,
    )  # fmt: skip
    share = [right[item == i].mean() for i in (4, 5)]
    seeming = np.log(share[0] / (1 - share[0])) - np.log(share[1] / (1 - share[1]))
    found = item_statistics(log).items
    assert seeming > 2.0
    assert found["i4"].easiness - found["i5"].easiness < seeming / 4


def test_an_item_without_answers_is_as_easy_as_its_skills_or_unknown() -> None:
    log = answers(
        learner=[0] * 30 + [1] * 30, item=[0] * 60, correct=[1] * 50 + [0] * 10,
        us=range(1, 61), skills=[[0], [0], [1], []],
    )  # fmt: skip
    found = item_statistics(replace(log, seconds=np.full(60, 8.0))).items
    assert set(found) == {"i0", "i1"}
    assert found["i1"].easiness > 0.0
    assert found["i1"].ln_n == 0.0
    assert found["i0"].seconds == found["i1"].seconds == 8.0


def test_slopes_show_which_items_follow_ability() -> None:
    rng = np.random.default_rng(1)
    learner = np.repeat(np.arange(150), 40)
    item = np.concatenate([rng.permutation(np.repeat(np.arange(10), 4)) for _ in range(150)])
    ability = rng.normal(0, 1.2, 150)[learner]
    logit = ability * np.where(item == 0, 0.0, np.where(item == 1, 2.5, 1.0))
    right = (rng.random(len(item)) < 1.0 / (1.0 + np.exp(-logit))).astype(int)
    log = answers(
        learner=learner, item=item, correct=right, us=np.arange(1, len(item) + 1),
        skills=[[i] for i in range(10)],
    )  # fmt: skip
    slopes = [item_statistics(log).items[f"i{i}"].ability_slope for i in range(10)]
    assert slopes[0] < min(slopes[2:])
    assert slopes[1] > max(slopes[2:])


def test_a_log_without_answers_knows_no_item() -> None:
    log = answers(learner=[0], item=[0], correct=[STUDY], us=[1], skills=[[0]])
    assert item_statistics(log).items == {}


def test_folds_are_even() -> None:
    fold = deal(23, 5, np.random.default_rng(0))
    assert sorted(np.bincount(fold)) == [4, 4, 5, 5, 5]
