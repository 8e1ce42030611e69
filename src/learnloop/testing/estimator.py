"""Does a model keep every promise of `learnloop.core.protocols.Estimator`? Subclass it.

    class TestMyModel(EstimatorSuite):
        def make_estimator(self, items: ItemTable) -> Estimator[Any]:
            return my_model.from_catalog(items)

        def load(self, artifact: bytes) -> Estimator[Any]:
            return my_model.load(artifact)

It reads random logs (`worlds.py`) and the corners: no items, unknown items and skills, one learner
who is always right and one who is always wrong.
"""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from learnloop.core.ids import InteractionId, ItemId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Estimator
from learnloop.core.types import Estimate, Interaction, InteractionKind, Item, Skill, Target
from learnloop.features.state import advance, decode, encode
from learnloop.testing.worlds import LEARNER, START, World, random_world

SEEDS = range(8)
Rows = list[tuple[Interaction, Item]]


class EstimatorSuite(ABC):
    """Every promise; `make_estimator` gives the model for a catalog, `load` reads its export.

    Attributes:
        tolerance: By how much one item's prediction may differ from the whole table's; raise it
            to 1e-5 for a network that works in single precision.

    Stability: stable.
    """

    tolerance = 1e-9

    @abstractmethod
    def make_estimator(self, items: ItemTable) -> Estimator[Any]:
        """A model that may serve this catalog."""

    @abstractmethod
    def load(self, artifact: bytes) -> Estimator[Any]:
        """The model that `export` wrote."""

    @pytest.mark.parametrize("seed", SEEDS)
    def test_update_leaves_the_old_state_as_it_was(self, seed: int) -> None:
        world = random_world(seed)
        model = self.make_estimator(world.items)
        state = model.start(LEARNER)
        for event, item in _rows(world):
            before = encode(state)
            after = model.update(state, event, item)
            assert encode(state) == before
            state = after
        assert encode(model.start(LEARNER)) == encode(
            self.make_estimator(world.items).start(LEARNER)
        )

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_stored_state_goes_on_bit_for_bit_as_a_replay(self, seed: int) -> None:
        world = random_world(seed)
        model, rows = self.make_estimator(world.items), _rows(world)
        whole = advance(model, None, LEARNER, rows, lambda: rows)
        stored = advance(model, None, LEARNER, rows[:1], lambda: rows[:1])
        for row in rows[1:]:
            stored = advance(model, stored, LEARNER, [row], lambda: [])
        assert stored == whole
        middle = len(rows) // 2
        early = rows[:middle] + rows[middle + 1 :]
        stored = advance(model, None, LEARNER, early, lambda: early)
        assert advance(model, stored, LEARNER, [rows[middle]], lambda: rows) == whole

    @pytest.mark.parametrize("seed", SEEDS)
    def test_estimates_are_probabilities_with_a_spread(self, seed: int) -> None:
        world = random_world(seed)
        model = self.make_estimator(world.items)
        for state in (model.start(LEARNER), _folded(model, _rows(world))):
            for at in (world.at, world.at + timedelta(days=3650)):
                _check(model.predict(state, world.items, at), Target.CORRECT, model, at)
                _check(model.mastery(state, world.items, at), Target.MASTERY, model, at)
                assert len(model.predict(state, world.items, at).values) == len(world.items)
                assert len(model.mastery(state, world.items, at).values) == world.items.n_skills

    @pytest.mark.parametrize("seed", SEEDS)
    def test_one_item_is_predicted_as_the_whole_table_is(self, seed: int) -> None:
        world = random_world(seed)
        model = self.make_estimator(world.items)
        state = _folded(model, _rows(world))
        table = model.predict(state, world.items, world.at).values
        alone = [model.p_correct(state, item, world.at) for item in world.items.items]
        np.testing.assert_allclose(alone, table, rtol=0.0, atol=self.tolerance)

    def test_a_table_without_items_or_skills_gives_empty_estimates(self) -> None:
        world = random_world(0)
        model = self.make_estimator(world.items)
        state, empty = _folded(model, _rows(world)), ItemTable("empty", (), ())
        assert model.predict(state, empty, world.at).values.shape == (0,)
        assert model.mastery(state, empty, world.at).stddev.shape == (0,)

    def test_what_the_model_never_met_gets_a_number_all_the_same(self) -> None:
        world = random_world(1)
        model = self.make_estimator(world.items)
        new = (Item(ItemId("new"), (SkillId("unheard-of"),)), Item(ItemId("bare")))
        table = ItemTable("new", new, (Skill(SkillId("unheard-of"), "Unheard of"),))
        state = _folded(model, _rows(world))
        for _ in range(2):
            _check(model.predict(state, table, world.at), Target.CORRECT, model, world.at)
            _check(model.mastery(state, table, world.at), Target.MASTERY, model, world.at)
            for n, item in enumerate(new):
                assert 0.0 < model.p_correct(state, item, world.at) < 1.0
                state = model.update(state, _answer(n, item, world.at, correct=True), item)

    @pytest.mark.parametrize("correct", [True, False])
    def test_a_very_long_streak_stays_inside_zero_and_one(self, correct: bool) -> None:
        world = random_world(2)
        model = self.make_estimator(world.items)
        items = world.items.items
        rows = [
            (_answer(n, items[n % len(items)], START, correct=correct), items[n % len(items)])
            for n in range(1000)
        ]
        state = _folded(model, rows)
        _check(model.predict(state, world.items, world.at), Target.CORRECT, model, world.at)
        _check(model.mastery(state, world.items, world.at), Target.MASTERY, model, world.at)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_right_answer_never_lowers_mastery_nor_does_a_wrong_one_raise_it(
        self, seed: int
    ) -> None:
        world = random_world(seed)
        model = self.make_estimator(world.items)
        state = _folded(model, _rows(world))
        before = model.mastery(state, world.items, world.at).values
        for item in world.items.items:
            columns = [world.items.column_of[s] for s in item.skills]
            for correct in (True, False):
                event = _answer(0, item, world.at, correct=correct)
                after = model.mastery(model.update(state, event, item), world.items, world.at)
                change = (after.values - before)[columns]
                assert (change >= -1e-12).all() if correct else (change <= 1e-12).all()

    def test_the_state_does_not_grow_with_the_history(self) -> None:
        world = random_world(3, n_answers=600)
        model, rows = self.make_estimator(world.items), _rows(world)
        half, whole = _folded(model, rows[:300]), _folded(model, rows)
        assert len(encode(whole)) <= 1.3 * len(encode(half))

    @pytest.mark.parametrize("seed", SEEDS)
    def test_what_was_exported_loads_as_the_same_model(self, seed: int) -> None:
        world = random_world(seed)
        model = self.make_estimator(world.items)
        again = self.load(model.export())
        assert again.ref == model.ref
        assert again.export() == model.export()
        state = _folded(model, _rows(world))
        assert encode(_folded(again, _rows(world))) == encode(state)
        moved = decode(encode(state), again.state_type)
        for ours, theirs in (
            (
                model.predict(state, world.items, world.at),
                again.predict(moved, world.items, world.at),
            ),
            (
                model.mastery(state, world.items, world.at),
                again.mastery(moved, world.items, world.at),
            ),
        ):
            assert ours.values.tobytes() == theirs.values.tobytes()
            assert ours.stddev.tobytes() == theirs.stddev.tobytes()


def _rows(world: World) -> Rows:
    return [(e, world.items.items[world.items.row_of[e.item_id]]) for e in world.log]


def _folded(model: Estimator[Any], rows: Rows) -> Any:
    state = model.start(LEARNER)
    for event, item in rows:
        state = model.update(state, event, item)
    return state


def _answer(n: int, item: Item, at: datetime, *, correct: bool) -> Interaction:
    kind = InteractionKind.ANSWERED
    when = at + timedelta(seconds=n)
    return Interaction(InteractionId(f"a{n}"), LEARNER, item.item_id, kind, when, correct=correct)


def _check(estimate: Estimate, target: Target, model: Estimator[Any], at: datetime) -> None:
    assert (estimate.target, estimate.model, estimate.as_of) == (target, model.ref, at)
    assert estimate.values.shape == estimate.stddev.shape
    assert ((estimate.values > 0.0) & (estimate.values < 1.0)).all()
    assert (np.isfinite(estimate.stddev) & (estimate.stddev >= 0.0)).all()
