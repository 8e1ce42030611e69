"""What does the log hold, as columns to fit from? The answers of a catalog's items, with times."""

from collections.abc import Iterable

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.items import ItemTable
from learnloop.core.types import Interaction, InteractionKind
from learnloop.features.moments import answer_seconds


def answer_log(interactions: Iterable[Interaction], items: ItemTable) -> AnswerLog:
    """Answers (right or wrong) and study rows; interactions of other kinds say nothing here.

    Args:
        interactions: Each learner's in the total order.
        items: The catalog; interactions with items that it lacks are left out.
    """
    learner_codes: dict[str, int] = {}
    rows: list[tuple[int, int, int, int]] = []
    seconds: list[float] = []
    for x in interactions:
        answer = _answer(x)
        item = items.row_of.get(x.item_id)
        if answer is not None and item is not None:
            code = learner_codes.setdefault(x.learner_id, len(learner_codes))
            rows.append((code, item, answer, x.order.occurred_us))
            seconds.append(answer_seconds(x))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
    skills = [[items.column_of[s] for s in x.skills if s in items.column_of] for x in items.items]
    return AnswerLog.ordered(
        learner_ids=tuple(learner_codes),
        item_ids=tuple(items.row_of),
        skill_ids=tuple(items.column_of),
        learner=columns[:, 0],
        item=columns[:, 1],
        correct=columns[:, 2].astype(np.int8),
        occurred_us=columns[:, 3] if columns[:, 3].any() else None,
        skill_starts=np.cumsum([0, *map(len, skills)], dtype=np.int64),
        skill_of=np.array([s for own in skills for s in own], dtype=np.int64),
        difficulty_logit=items.difficulty_logit,
        seconds=np.array(seconds),
    )


def _answer(interaction: Interaction) -> int | None:
    if interaction.kind is InteractionKind.STUDIED:
        return STUDY
    if interaction.kind is InteractionKind.ANSWERED and interaction.correct is not None:
        return int(interaction.correct)
    return None
