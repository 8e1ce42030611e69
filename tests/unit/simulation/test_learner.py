"""Does a simulated learner obey the law in its docstring?"""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import InteractionKind, Item, ItemKind, Skill
from learnloop.simulation.learner import CEILING, SimulatedLearner, Traits
from learnloop.simulation.study import Habits, history

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
ADD, TIMES = SkillId("add"), SkillId("times")
EASY = Item(ItemId("easy"), (ADD,), difficulty_logit=0.0)
CHOICE = Item(ItemId("choice"), (ADD,), difficulty_logit=0.0, choices=("1", "2", "3", "4"))
HARD = Item(ItemId("hard"), (TIMES,), difficulty_logit=1.0, hints=("count",))
TABLE = ItemTable("1", [EASY, CHOICE, HARD], [Skill(ADD, "Add"), Skill(TIMES, "Times", (ADD,))])


def learner(**traits: float) -> SimulatedLearner:
    return SimulatedLearner(LearnerId("demo-x"), Traits(skip_rate=0.0, **traits), TABLE)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_truth_follows_the_formula() -> None:
    someone = learner(start=0.5, climb=0.7)
    assert someone.ability(ADD, NOW) == 0.5
    assert someone.ability(TIMES, NOW) == pytest.approx(-0.2)
    assert someone.p_correct(EASY, NOW) == pytest.approx(sigmoid(0.5))
    assert someone.p_correct(CHOICE, NOW) == pytest.approx(0.25 + 0.75 * sigmoid(0.5))
    assert someone.p_correct(HARD, NOW) == pytest.approx(sigmoid(-1.2))


def test_practice_helps_up_to_a_ceiling_and_fades() -> None:
    someone = learner(start=0.0, pace=0.5, forgetting=0.1)
    rng = np.random.default_rng(1)
    levels = [someone.ability(ADD, NOW)]
    for _ in range(200):
        someone.meet(EASY, NOW, rng)
        levels.append(someone.ability(ADD, NOW))
    assert levels == sorted(levels)
    assert levels[1] == 0.5
    assert levels[-1] == pytest.approx(CEILING)
    later = someone.ability(ADD, NOW + timedelta(days=10))
    assert later == pytest.approx(levels[-1] * math.exp(-1.0))


def test_answers_come_out_as_often_as_the_truth_says() -> None:
    rng = np.random.default_rng(2)
    right = [learner(start=0.5).meet(CHOICE, NOW, rng).correct for _ in range(4000)]
    assert np.mean(right) == pytest.approx(0.25 + 0.75 * sigmoid(0.5), abs=0.025)


@given(seed=st.integers(0, 2**32))
def test_a_history_is_in_order_named_once_and_past(seed: int) -> None:
    habits = Habits((9, 3, 0), n_items=5, hour=14)
    rows = list(history(learner(), habits, TABLE, NOW, np.random.default_rng(seed)))
    assert [r.order for r in rows] == sorted(r.order for r in rows)
    assert len({r.interaction_id for r in rows}) == len(rows) >= 10
    assert all(r.occurred_at < NOW for r in rows)
    assert {r.kind for r in rows} <= {InteractionKind.ANSWERED}


def test_the_same_seed_gives_the_same_history() -> None:
    habits = Habits((5, 2))
    first, second = (
        list(history(learner(), habits, TABLE, NOW, np.random.default_rng(7))) for _ in range(2)
    )
    assert first == second
    assert first != list(history(learner(), habits, TABLE, NOW, np.random.default_rng(8)))


def test_what_is_read_is_studied_and_not_answered() -> None:
    page = Item(ItemId("page"), (ADD,), ItemKind.READING)
    someone = learner()
    met = someone.meet(page, NOW, np.random.default_rng(1))
    assert met.kind is InteractionKind.STUDIED
    assert met.correct is None
    assert someone.ability(ADD, NOW) > Traits().start


def test_someone_who_knows_everything_reviews_all_of_it() -> None:
    expert = learner(start=9.0)
    habits = Habits(tuple(range(1, 20)))
    met = list(history(expert, habits, TABLE, NOW, np.random.default_rng(3)))
    assert {row.item_id for row in met} == {"easy", "choice", "hard"}


def test_someone_who_skips_everything_learns_nothing() -> None:
    idle = SimulatedLearner(LearnerId("demo-idle"), Traits(skip_rate=1.0), TABLE)
    met = idle.meet(EASY, NOW, np.random.default_rng(1))
    assert met.kind is InteractionKind.SKIPPED
    assert met.correct is None
    assert idle.ability(ADD, NOW) == Traits().start
