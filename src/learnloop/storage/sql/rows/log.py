"""How do interactions and states become rows, and rows the same again? The hottest codec."""

from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.records import StoredState
from learnloop.core.time import from_us, to_us
from learnloop.core.types import Interaction, InteractionKind, OrderKey, Ref
from learnloop.storage.checks import check_interaction, ref_text
from learnloop.storage.sql.rows.cells import Row, bool_or_none, instant_or_none, us_or_none

# The members by value: a dict look-up costs a fifth of calling the enumeration.
_INTERACTION_KINDS = {kind.value: kind for kind in InteractionKind}


def interaction_row(interaction: Interaction) -> Row:
    """The row of `interactions`."""
    check_interaction(interaction)
    return (
        interaction.learner_id,
        interaction.interaction_id,
        interaction.item_id,
        interaction.kind.value,
        to_us(interaction.occurred_at),
        interaction.sequence,
        interaction.correct,
        interaction.score,
        interaction.response_time_ms,
        interaction.hints,
        interaction.decision_id,
        interaction.position_s,
        interaction.moved_s,
        us_or_none(interaction.received_at),
    )


def interaction_of(row: Row) -> Interaction:
    """The interaction that a row holds."""
    learner_id, interaction_id, item_id, kind, occurred, sequence = row[:6]
    correct, score, response_time_ms, hints, decision_id, position_s, moved_s, received = row[6:]
    return Interaction(
        InteractionId(interaction_id),
        LearnerId(learner_id),
        item_id,
        _INTERACTION_KINDS[kind],
        from_us(occurred),
        sequence,
        bool_or_none(correct),
        score,
        response_time_ms,
        hints,
        decision_id,
        position_s,
        moved_s,
        instant_or_none(received),
    )


def state_row(state: StoredState) -> Row:
    """The row of `learner_states`."""
    return state.learner_id, ref_text(state.ref), *state.as_of, state.n, state.blob


def state_of(row: Row, ref: Ref) -> StoredState:
    """The state that a row holds, of a fold that the caller named."""
    learner_id, _, us, sequence, interaction_id, n, blob = row
    return StoredState(learner_id, ref, OrderKey(us, sequence, interaction_id), n, blob)
