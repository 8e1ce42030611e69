"""Which answers are the systems fed one by one? Real ones where the data is there, else simulated.

ASSISTments 2009: item parameters come from the training learners, what is measured are answers of
held-out learners, whose first half has been taken in before (they are warm). The log has no times:
learnloop gets made ones, a minute apart, thirty answers a day, so that its forgetting is at work.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.types import Interaction, Item
from learnloop.training.dataset import read_dataset

FOLDER = "kt/assistments09"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
N_MEASURED = 5
N_PEER_LEARNERS = 300
LENGTHS = (200, 400)

Row = tuple[str, str, str, int]
"""Learner, item, first skill, correct: what the peers are given."""
Step = tuple[Interaction, Item]


@dataclass(frozen=True)
class Answers:
    """Answers to fit on and answers to measure with.

    Attributes:
        label: What they are.
        train: Learners to fit on.
        warm: The measured learners' first halves, learner by learner.
        stream: Their second halves.
    """

    label: str
    train: AnswerLog
    warm: list[Step]
    stream: list[Step]

    def peer_history(self) -> list[Row]:
        """Rows for the peers to fit on: the first 300 training learners, and the warm halves."""
        n = min(N_PEER_LEARNERS, len(self.train.learner_ids))
        items = self.train.items()
        before = [step for learner in range(n) for step in steps_of(self.train, items, learner)]
        return rows([*before, *self.warm])


def steps_of(log: AnswerLog, items: tuple[Item, ...], learner: int) -> list[Step]:
    """The answers of a learner code, in order, a minute apart, thirty a day."""
    starts = log.starts
    codes = log.item[starts[learner] : starts[learner + 1]].tolist()
    return [
        (replace(x, occurred_at=START + timedelta(days=k // 30, minutes=k % 30)), items[code])
        for k, (x, code) in enumerate(zip(log.interactions(learner), codes, strict=True))
    ]


def rows(steps: Iterable[Step]) -> list[Row]:
    """The answers as the peers take them."""
    return [
        (x.learner_id, item.item_id, item.skills[0] if item.skills else "none", int(x.correct))
        for x, item in steps
        if x.correct is not None
    ]


def load_answers(data: Path | None) -> Answers:
    """Real answers from the data folder, or simulated ones without it."""
    folder = data / FOLDER if data else None
    if folder is None or not folder.is_dir():
        log = simulated()
        held_out = np.arange(len(log.learner_ids)) < N_MEASURED
        return _answers("simulated answers (no data folder)", log, held_out)
    dataset = read_dataset(folder)
    return _answers(f"real answers, {folder.name}", dataset.log, dataset.is_test)


def _answers(label: str, log: AnswerLog, is_test: np.ndarray) -> Answers:
    test = log.take_learners(is_test)
    length = np.diff(test.starts)
    chosen = np.flatnonzero((length >= LENGTHS[0]) & (length <= LENGTHS[1]))[:N_MEASURED]
    items = test.items()
    warm: list[Step] = []
    stream: list[Step] = []
    for learner in chosen.tolist():
        steps = steps_of(test, items, learner)
        warm += steps[: len(steps) // 2]
        stream += steps[len(steps) // 2 :]
    return Answers(label, log.take_learners(~is_test), warm, stream)


def simulated(n_learners: int = 305, n_answers: int = 200, seed: int = 1) -> AnswerLog:
    """Answers of a Rasch model: 1,000 items of 100 skills."""
    rng = np.random.default_rng(seed)
    n_items, n_skills = 1000, 100
    learner = np.repeat(np.arange(n_learners), n_answers)
    item = rng.integers(0, n_items, len(learner))
    logit = rng.normal(0, 1, n_learners)[learner] - rng.normal(0, 1, n_items)[item]
    correct = rng.random(len(learner)) < 1 / (1 + np.exp(-logit))
    return AnswerLog.ordered(
        learner_ids=tuple(f"u{k}" for k in range(n_learners)),
        item_ids=tuple(f"i{k}" for k in range(n_items)),
        skill_ids=tuple(f"s{k}" for k in range(n_skills)),
        learner=learner,
        item=item,
        correct=correct.astype(np.int8),
        occurred_us=None,
        skill_starts=np.arange(n_items + 1),
        skill_of=np.arange(n_items) % n_skills,
    )
