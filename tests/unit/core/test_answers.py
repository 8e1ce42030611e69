"""An answer log keeps rows in the total order and groups those of one instant."""

import numpy as np
import pytest

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.types import InteractionKind


def _log(times: list[int] | None) -> AnswerLog:
    return AnswerLog.ordered(
        learner_ids=("a", "b"),
        item_ids=("i", "j"),
        skill_ids=("s", "t"),
        learner=np.array([1, 0, 0, 0]),
        item=np.array([0, 1, 0, 1]),
        correct=np.array([1, 0, -1, 1], np.int8),
        occurred_us=None if times is None else np.array(times),
        skill_starts=np.array([0, 2, 2]),
        skill_of=np.array([0, 1]),
    )


def test_rows_are_sorted_by_learner_then_time_then_given_order() -> None:
    log = _log([5, 9, 3, 9])
    assert log.learner.tolist() == [0, 0, 0, 1]
    assert log.times.tolist() == [3, 9, 9, 5]
    assert log.correct.tolist() == [-1, 0, 1, 1]
    assert log.instant.tolist() == [0, 1, 1, 2]
    assert log.starts.tolist() == [0, 3, 4]


def test_without_times_each_row_is_its_own_instant() -> None:
    assert _log(None).instant.tolist() == [0, 1, 2, 3]


def test_taking_learners_renumbers_them_and_keeps_the_items() -> None:
    log = _log([5, 9, 3, 9]).take_learners(np.array([False, True]))
    assert (log.learner_ids, log.learner.tolist(), len(log.item_ids)) == (("b",), [0], 2)


def test_interactions_and_items_say_the_same_as_the_columns() -> None:
    log = _log([5, 9, 3, 9])
    rows = list(log.interactions(0))
    assert [x.kind for x in rows] == [InteractionKind.STUDIED] + [InteractionKind.ANSWERED] * 2
    assert [x.correct for x in rows] == [None, False, True]
    assert [x.item_id for x in rows] == ["i", "j", "j"]
    assert sorted(rows, key=lambda x: x.order) == rows
    assert [x.skills for x in log.items()] == [("s", "t"), ()]
    assert [s.skill_id for s in log.skills()] == ["s", "t"]


def test_columns_of_different_length_are_refused() -> None:
    log = _log(None)
    with pytest.raises(DataError, match="differ in length"):
        AnswerLog(
            log.learner_ids, log.item_ids, log.skill_ids, log.learner, log.item[:2], log.correct,
            None, log.sequence, log.skill_starts, log.skill_of, log.difficulty_logit,
        )  # fmt: skip
