"""Which grade is an answer, and whose memory does it test?

    two grades     Good if it was right (or at least half of the score) without a hint, else Again
    four grades    right with a hint, or slower than `slow` times what is expected, is Hard; right
                   and quicker than `quick` times it, Easy

A hint is a part of the answer, so what was right only after it was not recalled; with four grades
it is Hard, because somebody who has four gives Again to what was wrong alone.

An answer tests its item in full. Right, it shows all its skills in full; wrong, one of them failed,
and skill k takes the blame in the share (1 - R_k) / sum_j (1 - R_j): P(k was the one that was
forgotten) if one was. Right, it is a part of a review of the prerequisites below.
"""

from collections.abc import Sequence

from learnloop.core.types import Interaction, InteractionKind, Item
from learnloop.models.memory.config import Config
from learnloop.models.memory.curve import AGAIN, EASY, GOOD, HARD

HALF = 0.5


def grade_of(interaction: Interaction, item: Item, config: Config) -> int | None:
    """1-4, or None for what says nothing of memory."""
    if interaction.kind is not InteractionKind.ANSWERED:
        return None
    right = interaction.correct
    if right is None:
        if interaction.score is None:
            return None
        right = interaction.score >= HALF
    if config.grades == 2:
        return GOOD if right and not interaction.hints else AGAIN
    if not right:
        return AGAIN
    pace = _pace(interaction, item)
    if interaction.hints or (pace is not None and pace >= config.slow):
        return HARD
    return EASY if pace is not None and pace <= config.quick else GOOD


def blame(forgotten: Sequence[float]) -> list[float]:
    """The share of a wrong answer that each skill takes; they sum to one.

    Args:
        forgotten: 1 - R of each skill; of a skill that was never met, 1.
    """
    total = sum(forgotten)
    if total <= 0.0:
        return [1.0 / len(forgotten)] * len(forgotten)
    return [own / total for own in forgotten]


def _pace(interaction: Interaction, item: Item) -> float | None:
    """Time taken over time expected; None where either is unknown."""
    if interaction.response_time_ms is None or not item.expected_seconds:
        return None
    return interaction.response_time_ms / (1000.0 * item.expected_seconds)
