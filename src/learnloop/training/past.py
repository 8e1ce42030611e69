"""What is there to learn from, and to be judged by? One log on two sides, perhaps only its end.

Learners are held out by the hash of their id, so that they are the same at every retraining: the
champion, which was fitted in the same way, never saw them either. With a window, older answers are
neither learnt from nor judged; they are still the history that a held-out answer is predicted from.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Ints
from learnloop.training.split import is_held_out

N_FIRST, N_MANY = 5, 50


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """A log on two sides; make one with `Past.of`.

    Attributes:
        log: All of it.
        training: What is learnt from: training learners, inside the window.
        held_out: All rows of held-out learners.
        judged: (n,) which of these are predicted and counted.
        sha256: Of the log and the window: who has the same has the same data.
    """

    log: AnswerLog
    training: AnswerLog
    held_out: AnswerLog
    judged: Bools
    sha256: str

    @classmethod
    def of(cls, log: AnswerLog, since_us: int | None = None) -> "Past":
        """The two sides of a log.

        Args:
            log: Everything up to now.
            since_us: Where the window begins, microseconds since 1970; None: at the beginning.

        Raises:
            DataError: A window of a log without times.
        """
        if since_us is not None and log.occurred_us is None and len(log):
            raise DataError("the log has no times, so there are no last days of it")
        out = np.array([is_held_out(name) for name in log.learner_ids], dtype=bool)
        held_out = log.take_learners(out)
        judged = (held_out.correct != STUDY) & _inside(held_out, since_us)
        training = _rows(log.take_learners(~out), since_us)
        return cls(log, training, held_out, judged, _digest(log, since_us))

    @property
    def learner(self) -> Ints:
        """(n_judged,) whose answer it is."""
        return self.held_out.learner[self.judged]

    @property
    def correct(self) -> Ints:
        """(n_judged,) 0 or 1."""
        return self.held_out.correct[self.judged].astype(np.int64)

    def groups(self, course_of_item: tuple[str | None, ...]) -> dict[str, Bools]:
        """Which judged answers belong to learners who might be served worse than most.

        New learners, those with few and with many answers, those who are rarely and mostly right,
        and the answers to each course.

        Args:
            course_of_item: (n_items,) by item code.
        """
        log, learner = self.held_out, self.held_out.learner
        n_learners = len(log.learner_ids)
        nth = np.arange(len(log)) - log.starts[learner]
        answered = log.correct != STUDY
        n = np.bincount(learner[answered], minlength=n_learners)
        right = np.bincount(learner, weights=log.correct == 1, minlength=n_learners)
        share = right / np.maximum(n, 1)
        found: dict[str, Bools] = {
            "first answers": nth < N_FIRST,
            "few answers": (n < N_MANY)[learner],
            "many answers": (n >= N_MANY)[learner],
            "rarely right": (share < 0.5)[learner],
            "mostly right": (share >= 0.5)[learner],
        }
        courses = np.array([name or "" for name in course_of_item])
        for name in sorted(set(courses.tolist()) - {""}):
            found[f"course {name}"] = (courses == name)[log.item]
        return {name: rows[self.judged] for name, rows in found.items()}


def _inside(log: AnswerLog, since_us: int | None) -> Bools:
    return np.ones(len(log), dtype=bool) if since_us is None else log.times >= since_us


def _rows(log: AnswerLog, since_us: int | None) -> AnswerLog:
    """The rows inside the window, of the learners who have any."""
    inside = _inside(log, since_us)
    some = replace(
        log,
        learner=log.learner[inside],
        item=log.item[inside],
        correct=log.correct[inside],
        occurred_us=None if log.occurred_us is None else log.occurred_us[inside],
        sequence=log.sequence[inside],
        seconds=None if log.seconds is None else log.seconds[inside],
    )
    return some.take_learners(np.bincount(some.learner, minlength=len(log.learner_ids)) > 0)


def _digest(log: AnswerLog, since_us: int | None) -> str:
    found = hashlib.sha256(f"{since_us}".encode())
    for names in (log.learner_ids, log.item_ids, log.skill_ids):
        found.update("\0".join((*names, "")).encode())
    columns = (log.learner, log.item, log.correct, log.times, log.sequence, log.skill_starts,
               log.skill_of, log.difficulty_logit, log.seconds)  # fmt: skip
    for column in columns:
        found.update(b"none" if column is None else np.ascontiguousarray(column).tobytes())
    return found.hexdigest()
