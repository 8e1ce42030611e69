"""What did the learner make of a recommendation? Accepted, dismissed, completed, or rated 1-5."""

from dataclasses import replace
from datetime import timedelta

from learnloop.core.errors import InvalidInput, NotFound
from learnloop.core.ids import DecisionId, LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.types import Decision, Metric, Outcome
from learnloop.journeys.live import Live, learner_of
from learnloop.outcomes.attribute import from_feedback

DISMISSED_FOR = timedelta(days=14)


def give_feedback(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    recommendation_id: str,
    action: Metric | None = None,
    rating: int | None = None,
) -> tuple[Outcome, ...]:
    """Log the feedback; the first of each kind counts, and is returned whenever it comes again.

    A dismissed item is not recommended again for 14 days.

    Raises:
        NotFound: No such learner, or no such recommendation of theirs.
        InvalidInput: Neither action nor rating, or one that is not known.
    """
    tx.learners.lock([learner_id])
    learner = learner_of(tx, learner_id)
    decision, position = _recommended(tx, learner_id, recommendation_id)
    if action is None and rating is None:
        raise InvalidInput("action: give an action, a rating, or both", field="action")
    now = live.clock.now()
    outcomes = from_feedback(decision, position, now, action=action, rating=rating)
    is_new = tx.outcomes.append(outcomes)
    # The first of each kind counts, so a repetition is told what was stored then.
    stored = {x.outcome_id: x for x in tx.outcomes.of_decision(decision.decision_id)}
    if action is Metric.DISMISSED and any(is_new):
        item_id = decision.choices[position].action.item_id
        kept = {i: until for i, until in learner.dismissed.items() if until > now}
        dismissed = kept | {item_id: now + DISMISSED_FOR}
        tx.learners.put(replace(learner, dismissed=dismissed, version=learner.version + 1))
    return tuple(stored[x.outcome_id] for x in outcomes)


def _recommended(
    tx: Transaction, learner_id: LearnerId, recommendation_id: str
) -> tuple[Decision, int]:
    decision_id, _, position = recommendation_id.rpartition(".")
    decision = tx.decisions.get(DecisionId(decision_id)) if decision_id else None
    if (
        decision is None
        or decision.learner_id != learner_id
        or not (position.isascii() and position.isdigit())
        or len(position) > 4
        or int(position) >= len(decision.choices)
    ):
        raise NotFound(f"no recommendation {recommendation_id!r} was made to this learner")
    return decision, int(position)
