"""An answer or a feedback becomes the outcome of the choice it belongs to, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import DecisionId, InteractionId, ItemId, LearnerId
from learnloop.core.types import Choice, InteractionKind, Metric, ShowItem
from learnloop.outcomes.attribute import from_answer, from_feedback
from learnloop.testing.builders import NOON, a_decision, an_answer

CHOICES = tuple(Choice(ShowItem(ItemId(f"q{i}")), 1.0, 1.0) for i in range(3))
DECISION = replace(a_decision(), choices=CHOICES)
ANSWER = replace(an_answer(item_id="q1"), decision_id=DecisionId("d1"))


@pytest.mark.parametrize(
    ("correct", "score", "value"),
    [(True, None, 1.0), (False, None, 0.0), (None, 0.25, 0.25), (True, 0.9, 1.0)],
)
def test_an_answer_to_an_item_of_the_slate_is_its_outcome(correct, score, value):
    (outcome,) = from_answer(replace(ANSWER, correct=correct, score=score), DECISION)
    assert (outcome.metric, outcome.value, outcome.position) == (Metric.CORRECT, value, 1)
    assert (outcome.decision_id, outcome.learner_id) == ("d1", "ana")
    assert outcome.observed_at == ANSWER.occurred_at


@pytest.mark.parametrize("kind", [InteractionKind.STUDIED, InteractionKind.COMPLETED])
def test_what_was_worked_through_is_completed(kind):
    (outcome,) = from_answer(replace(ANSWER, kind=kind, correct=None), DECISION)
    assert (outcome.metric, outcome.value, outcome.position) == (Metric.COMPLETED, 1.0, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"item_id": ItemId("q9")},
        {"learner_id": LearnerId("ben")},
        {"decision_id": DecisionId("d2")},
        {"decision_id": None},
        {"kind": InteractionKind.VIEWED, "correct": None},
        {"correct": None},
    ],
    ids=str,
)
def test_what_does_not_belong_is_not_attributed(change):
    assert from_answer(replace(ANSWER, **change), DECISION) == []


def test_the_same_again_is_the_same_outcome_and_another_answer_is_another():
    first = from_answer(ANSWER, DECISION)
    assert from_answer(replace(ANSWER, received_at=NOON + timedelta(days=1)), DECISION) == first
    second = from_answer(replace(ANSWER, interaction_id=InteractionId("i7")), DECISION)
    assert second[0].outcome_id != first[0].outcome_id
    longest = replace(ANSWER, interaction_id=InteractionId("x" * 200))
    assert len(from_answer(longest, DECISION)[0].outcome_id) < 100


def test_feedback_is_an_action_a_rating_or_both():
    both = from_feedback(DECISION, 2, NOON, action=Metric.ACCEPTED, rating=4)
    assert [(o.metric, o.value, o.position) for o in both] == [
        (Metric.ACCEPTED, 1.0, 2),
        (Metric.RATING, 4.0, 2),
    ]
    later = from_feedback(DECISION, 2, NOON + timedelta(days=1), action=Metric.ACCEPTED, rating=5)
    assert [o.outcome_id for o in later] == [o.outcome_id for o in both]
    dismissed = from_feedback(DECISION, 2, NOON, action=Metric.DISMISSED)
    other = from_feedback(DECISION, 1, NOON, action=Metric.DISMISSED)
    assert len({o.outcome_id for o in (*both, *dismissed, *other)}) == 4


@pytest.mark.parametrize(
    ("position", "feedback", "field"),
    [
        (3, {"rating": 1}, "position"),
        (-1, {"rating": 1}, "position"),
        (0, {"rating": 0}, "rating"),
        (0, {"rating": 6}, "rating"),
        (0, {"action": Metric.CORRECT}, "action"),
        (0, {"action": Metric.RATING}, "action"),
    ],
)
def test_nonsense_feedback_is_refused_by_field(position, feedback, field):
    with pytest.raises(InvalidInput) as refused:
        from_feedback(DECISION, position, NOON, **feedback)
    assert refused.value.field == field
