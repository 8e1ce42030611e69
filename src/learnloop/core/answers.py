"""How is a log of many learners' answers handed to a fit or an evaluation? As columns.

One row per interaction that teaches or tests (an item with several skills is still one row), sorted
by learner, then by the total order. `instant` groups the rows that were shown at one and the same
time: their answers may not inform each other's prediction.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from learnloop.core.errors import DataError
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.time import EPOCH, from_us
from learnloop.core.types import Bools, Floats, Interaction, InteractionKind, Ints, Item, Skill

STUDY = -1


@dataclass(frozen=True, slots=True, eq=False)
class AnswerLog:
    """Answers and study rows of many learners; build it with `AnswerLog.ordered`.

    Attributes:
        learner_ids: Learner of each learner code.
        item_ids: Item of each item code.
        skill_ids: Skill of each skill code.
        learner: (n,) learner codes, ascending.
        item: (n,) item codes.
        correct: (n,) int8: 1 right, 0 wrong, -1 studied without an answer.
        occurred_us: (n,) microseconds since 1970, ascending inside a learner; None where the log
            has no times (every row is then an instant of its own).
        sequence: (n,) keeps the order inside one instant, or of a log without times.
        skill_starts: (n_items + 1,) item i's skills are
            `skill_of[skill_starts[i]:skill_starts[i + 1]]`.
        skill_of: (m,) skill codes.
        difficulty_logit: (n_items,) the author's guess; NaN where there is none.
        seconds: (n,) how long each answer took, NaN where unknown; None where none is known.
    """

    learner_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    skill_ids: tuple[str, ...]
    learner: Ints
    item: Ints
    correct: NDArray[np.int8]
    occurred_us: Ints | None
    sequence: Ints
    skill_starts: Ints
    skill_of: Ints
    difficulty_logit: Floats
    seconds: Floats | None = None

    def __post_init__(self) -> None:
        n, n_items = len(self.learner), len(self.item_ids)
        columns = (self.item, self.correct, self.sequence)
        if any(len(c) != n for c in columns) or len(self.times) != n:
            raise DataError(f"columns of the answer log differ in length; each needs {n} rows")
        if self.seconds is not None and len(self.seconds) != n:
            raise DataError(f"seconds: each of {n} rows needs one, NaN where it is unknown")
        if len(self.skill_starts) != n_items + 1 or len(self.difficulty_logit) != n_items:
            raise DataError(f"item columns of the answer log need one entry for each of {n_items}")
        if n and (np.diff(self.learner) < 0).any():
            raise DataError("rows of an answer log go by learner; use AnswerLog.ordered")
        if not np.isin(self.correct, (STUDY, 0, 1)).all():
            raise DataError("correct: only 1, 0 and -1 (studied) are known", field="correct")

    @classmethod
    def ordered(
        cls,
        *,
        learner_ids: tuple[str, ...],
        item_ids: tuple[str, ...],
        skill_ids: tuple[str, ...],
        learner: Ints,
        item: Ints,
        correct: NDArray[np.int8],
        occurred_us: Ints | None,
        skill_starts: Ints,
        skill_of: Ints,
        difficulty_logit: Floats | None = None,
        seconds: Floats | None = None,
    ) -> "AnswerLog":
        """The log with its rows put in order; rows given earlier go first inside one instant."""
        given = np.arange(len(learner), dtype=np.int64)
        keys = (given, learner) if occurred_us is None else (given, occurred_us, learner)
        order = np.lexsort(keys)
        return cls(
            learner_ids,
            item_ids,
            skill_ids,
            learner[order].astype(np.int64),
            item[order].astype(np.int64),
            correct[order].astype(np.int8),
            None if occurred_us is None else occurred_us[order].astype(np.int64),
            given[order],
            skill_starts.astype(np.int64),
            skill_of.astype(np.int64),
            np.full(len(item_ids), np.nan) if difficulty_logit is None else difficulty_logit,
            None if seconds is None else seconds[order].astype(np.float64),
        )

    def __len__(self) -> int:
        return len(self.learner)

    @property
    def times(self) -> Ints:
        """(n,) `occurred_us`, or zeros for a log without times."""
        return np.zeros(len(self), np.int64) if self.occurred_us is None else self.occurred_us

    @property
    def starts(self) -> Ints:
        """(n_learners + 1,) learner i's rows are `starts[i]` up to `starts[i + 1]`."""
        return np.searchsorted(self.learner, np.arange(len(self.learner_ids) + 1))

    @property
    def instant(self) -> Ints:
        """(n,) ascending group number; the rows of one learner and one instant share it."""
        if self.occurred_us is None or not len(self):
            return np.arange(len(self), dtype=np.int64)
        new = (np.diff(self.learner) != 0) | (np.diff(self.occurred_us) != 0)
        return np.concatenate(([0], np.cumsum(new)))

    def skills_of(self, item: int) -> Ints:
        """Skill codes of an item code."""
        return self.skill_of[self.skill_starts[item] : self.skill_starts[item + 1]]

    def take_learners(self, mask: Bools) -> "AnswerLog":
        """The rows of the learners where `mask` (n_learners,) holds; items and skills all stay."""
        rows = mask[self.learner]
        code = np.cumsum(mask) - 1
        return AnswerLog(
            tuple(x for x, kept in zip(self.learner_ids, mask, strict=True) if kept),
            self.item_ids,
            self.skill_ids,
            code[self.learner[rows]],
            self.item[rows],
            self.correct[rows],
            None if self.occurred_us is None else self.occurred_us[rows],
            self.sequence[rows],
            self.skill_starts,
            self.skill_of,
            self.difficulty_logit,
            None if self.seconds is None else self.seconds[rows],
        )

    def items(self) -> tuple[Item, ...]:
        """The items, by code, as the core knows them."""
        guesses: list[float] = self.difficulty_logit.tolist()
        return tuple(
            Item(
                ItemId(name),
                tuple(SkillId(self.skill_ids[s]) for s in self.skills_of(i)),
                difficulty_logit=None if math.isnan(guess) else guess,
            )
            for i, (name, guess) in enumerate(zip(self.item_ids, guesses, strict=True))
        )

    def skills(self) -> tuple[Skill, ...]:
        """The skills, by code, as the core knows them."""
        return tuple(Skill(SkillId(name), name) for name in self.skill_ids)

    def interactions(self, learner: int) -> Iterator[Interaction]:
        """The rows of a learner code in order; a log without times is all at 1970-01-01."""
        starts = self.starts
        for row in range(starts[learner], starts[learner + 1]):
            answer = int(self.correct[row])
            studied = answer == STUDY
            yield Interaction(
                InteractionId(f"{row}"),
                LearnerId(self.learner_ids[learner]),
                ItemId(self.item_ids[self.item[row]]),
                InteractionKind.STUDIED if studied else InteractionKind.ANSWERED,
                self._when(row),
                sequence=int(self.sequence[row]),
                correct=None if studied else bool(answer),
            )

    def _when(self, row: int) -> datetime:
        return EPOCH if self.occurred_us is None else from_us(int(self.occurred_us[row]))
