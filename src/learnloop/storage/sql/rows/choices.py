"""How do decisions, outcomes and paths become rows, and rows the same again?"""

import msgspec

from learnloop.core.ids import DecisionId, LearnerId, OutcomeId
from learnloop.core.records import LearningPath, PathChange, PathStep
from learnloop.core.time import from_us, to_us
from learnloop.core.types import Choice, Decision, Metric, Outcome, Ref
from learnloop.storage.checks import check_decision, check_outcome, check_path, ref_text
from learnloop.storage.sql.rows.cells import Row, dumps, texts_of

_choices = msgspec.json.Decoder(tuple[Choice, ...]).decode
_steps = msgspec.json.Decoder(tuple[PathStep, ...]).decode
_changes = msgspec.json.Decoder(tuple[PathChange, ...]).decode


def _ref_texts(refs: tuple[Ref, ...]) -> str:
    return dumps([ref_text(ref) for ref in refs])


def decision_row(decision: Decision) -> Row:
    """The row of `decisions`."""
    check_decision(decision)
    return (
        decision.decision_id,
        decision.learner_id,
        to_us(decision.decided_at),
        ref_text(decision.policy),
        _ref_texts(decision.models),
        dumps(decision.choices),
        decision.assignment,
    )


def decision_of(row: Row) -> Decision:
    """The decision that a row holds."""
    decision_id, learner_id, decided_us, policy, models, choices, assignment = row
    return Decision(
        DecisionId(decision_id),
        LearnerId(learner_id),
        from_us(decided_us),
        Ref.parse(policy),
        tuple(map(Ref.parse, texts_of(models))),
        _choices(choices),
        assignment,
    )


def outcome_row(outcome: Outcome) -> Row:
    """The row of `outcomes`."""
    check_outcome(outcome)
    return (
        outcome.outcome_id,
        outcome.decision_id,
        outcome.position,
        outcome.learner_id,
        outcome.metric.value,
        outcome.value,
        to_us(outcome.observed_at),
    )


def outcome_of(row: Row) -> Outcome:
    """The outcome that a row holds."""
    outcome_id, decision_id, position, learner_id, metric, value, observed_us = row
    return Outcome(
        OutcomeId(outcome_id),
        DecisionId(decision_id),
        position,
        LearnerId(learner_id),
        Metric(metric),
        value,
        from_us(observed_us),
    )


def path_row(path: LearningPath) -> Row:
    """The row of `learning_paths`."""
    check_path(path)
    return (
        path.learner_id,
        to_us(path.created_at),
        to_us(path.updated_at),
        dumps(path.steps),
        path.position,
        path.minutes_low,
        path.minutes_high,
        dumps(path.history),
        path.version,
    )


def path_of(row: Row) -> LearningPath:
    """The learning path that a row holds."""
    learner_id, created_us, updated_us, steps, position, low, high, history, version = row
    return LearningPath(
        LearnerId(learner_id),
        from_us(created_us),
        from_us(updated_us),
        _steps(steps),
        position,
        low,
        high,
        _changes(history),
        version,
    )
