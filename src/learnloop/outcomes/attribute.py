"""Which decision does an answer or a feedback belong to, and what does it say of it?

An answer belongs to a choice when it names the decision, is the decision's learner's own, and is
to an item of the slate. The id of an outcome follows from what it is made of, so the same answer
or feedback sent again is the same outcome.
"""

from datetime import datetime
from hashlib import blake2b

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import OutcomeId
from learnloop.core.types import Decision, Interaction, InteractionKind, Metric, Outcome

FEEDBACK = frozenset((Metric.ACCEPTED, Metric.DISMISSED, Metric.COMPLETED))

_METRICS = {
    InteractionKind.ANSWERED: Metric.CORRECT,
    InteractionKind.STUDIED: Metric.COMPLETED,
    InteractionKind.COMPLETED: Metric.COMPLETED,
}


def from_answer(interaction: Interaction, decision: Decision) -> list[Outcome]:
    """The outcome of an answer: right (1), wrong (0), or its score; empty where it is none's.

    What was worked through without an answer (studied, completed) is completed (1).

    A slate shows an item once, so there is at most one outcome. Every answer to a recommended item
    is an outcome of its own; the earliest `observed_at` is the first try.
    """
    if (
        interaction.kind not in _METRICS
        or interaction.decision_id != decision.decision_id
        or interaction.learner_id != decision.learner_id
    ):
        return []
    metric = _METRICS[interaction.kind]
    value = interaction.score if interaction.correct is None else float(interaction.correct)
    if metric is Metric.COMPLETED:
        value = 1.0
    shown = [choice.action.item_id for choice in decision.choices]
    if value is None or interaction.item_id not in shown:
        return []
    tail = blake2b(interaction.interaction_id.encode(), digest_size=12).hexdigest()
    position = shown.index(interaction.item_id)
    return [_outcome(decision, position, metric, value, interaction.occurred_at, tail)]


def from_feedback(
    decision: Decision,
    position: int,
    at: datetime,
    *,
    action: Metric | None = None,
    rating: int | None = None,
) -> list[Outcome]:
    """What the learner made of choice `position`: the action counts 1, the rating 1-5.

    The first of each kind counts: the same metric again has the same outcome id.

    Raises:
        InvalidInput: An action that is not feedback, a rating outside 1-5, a position outside the
            slate.
    """
    if not 0 <= position < len(decision.choices):
        raise InvalidInput(f"position: {position} is not in the slate", field="position")
    if action is not None and action not in FEEDBACK:
        known = ", ".join(sorted(FEEDBACK))
        raise InvalidInput(f"action: {action!r} is not one of {known}", field="action")
    if rating is not None and rating not in range(1, 6):
        raise InvalidInput(f"rating: {rating!r} is not a whole number from 1 to 5", field="rating")
    outcomes = []
    if action is not None:
        outcomes.append(_outcome(decision, position, action, 1.0, at))
    if rating is not None:
        outcomes.append(_outcome(decision, position, Metric.RATING, float(rating), at))
    return outcomes


def _outcome(
    decision: Decision, position: int, metric: Metric, value: float, at: datetime, tail: str = ""
) -> Outcome:
    name = ".".join(filter(None, (decision.decision_id, str(position), metric.value, tail)))
    return Outcome(
        OutcomeId(name), decision.decision_id, position, decision.learner_id, metric, value, at
    )
