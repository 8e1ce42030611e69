"""What must hold of the ability model whatever happened before."""

from datetime import timedelta
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.models.ability_worlds import T0, Step, answer, fold

from learnloop.core.ids import ItemId, LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import EPOCH, from_us, to_us
from learnloop.core.types import Item
from learnloop.models.ability import AbilityModel, AbilityState
from learnloop.models.ability.state import MEMORY

ROWS = st.integers(0, 28)
STEPS = st.lists(
    st.tuples(ROWS, st.sampled_from([1, 0, -1]), st.sampled_from([0, 30, 4000, 900_000])),
    max_size=25,
)
LAWS = settings(max_examples=60, deadline=None)


def encoded(state: AbilityState) -> bytes:
    return msgspec.msgpack.encode(state)


@LAWS
@given(steps=STEPS, row=ROWS)
def test_mastery_never_falls_after_a_right_answer_nor_rises_after_a_wrong_one(
    model: AbilityModel, items: ItemTable, steps: list[Step], row: int
) -> None:
    state, at_us = fold(model, items, steps)
    at = from_us(at_us)
    before = model.mastery(state, items, at).values
    right = model.mastery(answer(model, items, state, row, 1, at_us), items, at).values
    wrong = model.mastery(answer(model, items, state, row, 0, at_us), items, at).values
    assert (right >= before).all()
    assert (wrong <= before).all()
    for skill in items.items[row].skills:
        column = items.column_of[skill]
        assert right[column] > before[column] > wrong[column]


@LAWS
@given(steps=STEPS, days=st.lists(st.floats(0, 2000), min_size=2, max_size=4))
def test_mastery_never_rises_by_waiting(
    model: AbilityModel, items: ItemTable, steps: list[Step], days: list[float]
) -> None:
    state, at_us = fold(model, items, steps)
    waits = [from_us(at_us) + timedelta(days=d) for d in sorted(days)]
    values = [model.mastery(state, items, at).values for at in waits]
    assert all((b <= a).all() for a, b in pairwise(values))


@LAWS
@given(steps=STEPS, wait=st.sampled_from([-50, 0, 7, 5000]))
def test_predict_says_the_same_as_p_correct_item_by_item(
    model: AbilityModel, items: ItemTable, steps: list[Step], wait: int
) -> None:
    state, at_us = fold(model, items, steps)
    at = from_us(at_us + wait * 1_000_000)
    found = model.predict(state, items, at)
    each = [model.p_correct(state, item, at) for item in items.items]
    np.testing.assert_allclose(found.values, each, rtol=0, atol=1e-12)
    assert ((found.values > 0) & (found.values < 1)).all()
    assert (np.isfinite(found.stddev) & (found.stddev > 0)).all()


@LAWS
@given(steps=STEPS, row=ROWS, result=st.sampled_from([1, 0, -1]))
def test_update_leaves_the_old_state_as_it_was(
    model: AbilityModel, items: ItemTable, steps: list[Step], row: int, result: int
) -> None:
    state, at_us = fold(model, items, steps)
    before = encoded(state)
    answer(model, items, state, row, result, at_us)
    assert encoded(state) == before


@LAWS
@given(steps=STEPS, cut=st.integers(0, 25))
def test_a_stored_state_goes_on_bit_for_bit(
    model: AbilityModel, items: ItemTable, steps: list[Step], cut: int
) -> None:
    whole, _ = fold(model, items, steps)
    state, at_us = fold(model, items, steps[:cut])
    state = msgspec.msgpack.decode(encoded(state), type=model.state_type)
    for row, result, seconds in steps[cut:]:
        at_us += seconds * 1_000_000
        state = answer(model, items, state, row, result, at_us)
    assert state == whole
    assert encoded(state) == encoded(whole)


@LAWS
@given(steps=STEPS, row=ROWS, result=st.sampled_from([1, 0]), others=st.lists(ROWS, max_size=2))
def test_an_answer_that_was_predicted_moves_a_learner_as_one_that_was_not(
    model: AbilityModel,
    items: ItemTable,
    steps: list[Step],
    row: int,
    result: int,
    others: list[int],
) -> None:
    state, at_us = fold(model, items, steps)
    not_asked = answer(model, items, state, row, result, at_us)
    for asked in (row, *others):
        model.p_correct(state, items.items[asked], from_us(at_us))
        assert answer(model, items, state, row, result, at_us) == not_asked
    model.p_correct(state, items.items[row], from_us(at_us + 86_400_000_000))
    assert answer(model, items, state, row, result, at_us) == not_asked


@LAWS
@given(steps=STEPS, row=ROWS)
def test_the_bias_goes_with_the_answers_and_gets_surer(
    model: AbilityModel, items: ItemTable, steps: list[Step], row: int
) -> None:
    state, at_us = fold(model, items, steps)
    before = state.learner
    wrong, right, none = (
        answer(model, items, state, row, result, at_us).learner for result in (0, 1, -1)
    )
    assert wrong.bias < before.bias == none.bias < right.bias
    assert right.bias_variance == wrong.bias_variance < before.bias_variance


def test_the_state_does_not_grow_with_the_history(fitted: AbilityModel) -> None:
    many = ItemTable("2", _new_items(MEMORY + 50), [])
    state, _ = fold(fitted, many, [(row, 1, 60) for row in range(len(many))])
    assert list(state.items) == [x.item_id for x in many.items[-MEMORY:]]


def test_an_item_met_again_is_kept_longest(fitted: AbilityModel) -> None:
    many = ItemTable("2", _new_items(MEMORY + 1), [])
    steps = [(row, 1, 60) for row in [*range(MEMORY), 0, MEMORY]]
    state, _ = fold(fitted, many, steps)
    assert many.items[0].item_id in state.items
    assert many.items[1].item_id not in state.items


def test_extreme_histories_stay_finite(model: AbilityModel, items: ItemTable) -> None:
    for result in (0, 1):
        state, at_us = fold(model, items, [(3, result, 1)] * 3000)
        found = model.predict(state, items, from_us(at_us))
        assert np.isfinite(found.values).all()
        assert state.learner.variance > 0
        assert all(trace.variance > 0 for trace in state.skills.values())


@LAWS
@given(results=st.lists(st.tuples(ROWS, st.sampled_from([1, 0, -1])), max_size=25))
def test_a_log_without_times_is_not_old(
    model: AbilityModel, items: ItemTable, results: list[tuple[int, int]]
) -> None:
    state = model.start(LearnerId("u"))
    for row, result in results:
        state = answer(model, items, state, row, result, to_us(EPOCH))
    today = from_us(T0)
    for ask in (model.predict, model.mastery):
        then, now = ask(state, items, EPOCH), ask(state, items, today)
        np.testing.assert_array_equal(now.values, then.values)
        np.testing.assert_array_equal(now.stddev, then.stddev)
    each = [model.p_correct(state, item, today) for item in items.items]
    assert each == [model.p_correct(state, item, EPOCH) for item in items.items]
    np.testing.assert_allclose(model.predict(state, items, today).values, each, rtol=0, atol=1e-12)


@LAWS
@given(
    results=st.lists(st.tuples(ROWS, st.sampled_from([1, 0, -1])), max_size=25),
    row=ROWS,
    result=st.sampled_from([1, 0, -1]),
)
def test_the_first_answer_with_a_time_moves_a_learner_without_times_as_one_more_would(
    model: AbilityModel, items: ItemTable, results: list[tuple[int, int]], row: int, result: int
) -> None:
    state = model.start(LearnerId("u"))
    for earlier, its_result in results:
        state = answer(model, items, state, earlier, its_result, to_us(EPOCH))
    timed = answer(model, items, state, row, result, T0)
    untimed = answer(model, items, state, row, result, to_us(EPOCH))
    np.testing.assert_array_equal(
        model.mastery(timed, items, from_us(T0)).values,
        model.mastery(untimed, items, EPOCH).values,
    )


def test_an_answer_before_the_last_one_does_not_break_the_clock(
    fitted: AbilityModel, items: ItemTable
) -> None:
    state, at_us = fold(fitted, items, [(3, 1, 60), (3, 1, 60)])
    earlier = answer(fitted, items, state, 3, 1, at_us - 10_000_000)
    assert np.isfinite(fitted.p_correct(earlier, items.items[3], from_us(T0)))


def _new_items(n: int) -> list[Item]:
    return [Item(ItemId(f"n{i}")) for i in range(n)]


@pytest.mark.parametrize("row", [24, 25, 26, 28])
def test_what_training_never_saw_is_predicted_with_less_certainty(
    fitted: AbilityModel, items: ItemTable, row: int
) -> None:
    found = fitted.predict(fitted.start("u"), items, from_us(T0))  # type: ignore[arg-type]
    logit_spread = found.stddev / (found.values * (1 - found.values))
    assert logit_spread[row] > logit_spread[:24].max()
