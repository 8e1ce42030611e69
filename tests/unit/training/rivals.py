"""Two models of known worth on the answers of simulated learners, for the rates of the gate.

A model says the truth with an error in logits that is drawn for each item and each learner; the
larger the error, the worse the model. What the gate sees is real to it: answers that hang together
by learner, models that are wrong about the same item every time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import comb

import numpy as np

from learnloop.catalog.course import seeded_course
from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.types import Floats, InteractionKind, Ints
from learnloop.simulation.learner import SimulatedLearner, Traits
from learnloop.simulation.study import Habits, history
from learnloop.training.audit import Audit
from learnloop.training.gate import HeldOut, Rules, Ruling, rule

UNTIL = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLEAN = Audit(())
CHAMPION = 0.9
"""Standard deviation of the champion's error, logits."""
WORTH = {"better": 0.3, "equal": CHAMPION, "worse": 1.1}


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers of simulated learners, with the true chance of each being right."""

    learner: Ints
    item: Ints
    correct: Ints
    truth: Floats


class _Watched:
    """A simulated learner whose true chances are written down as they answer."""

    def __init__(self, learner: SimulatedLearner) -> None:
        self._learner = learner
        self.truth: list[float] = []
        self.ability = learner.ability

    def meet(self, item, at, rng):  # type: ignore[no-untyped-def]
        self.truth.append(self._learner.p_correct(item, at))
        return self._learner.meet(item, at, rng)


def simulated_answers(rng: np.random.Generator, n_learners: int) -> Answers:
    """What so many simulated learners answer in three weeks; some study far more than others."""
    course = seeded_course()
    items = ItemTable("course", course.items, course.skills)
    rows = [row for code in range(n_learners) for row in _rows(code, items, rng)]
    learner, item, correct, truth = zip(*rows, strict=True)
    return Answers(np.array(learner), np.array(item), np.array(correct), np.array(truth))


def _rows(
    code: int, items: ItemTable, rng: np.random.Generator
) -> Iterator[tuple[int, int, int, float]]:
    traits = Traits(start=rng.normal(0.5, 0.8), pace=rng.uniform(0.1, 0.45))
    watched = _Watched(SimulatedLearner(LearnerId(f"sim-{code}"), traits, items))
    n_sessions = 1 + int(rng.geometric(0.25))
    days = tuple(sorted(rng.choice(21, min(n_sessions, 20), replace=False).tolist()))
    log = history(watched, Habits(days), items, UNTIL, rng)  # type: ignore[arg-type]
    for n, x in enumerate(log):
        if x.kind is InteractionKind.ANSWERED:
            yield code, items.row_of[x.item_id], int(bool(x.correct)), watched.truth[n]


def said_by(error: float, answers: Answers, rng: np.random.Generator) -> Floats:
    """(n,) what a model says that is wrong by `error` logits."""
    of_item = rng.normal(0.0, error, answers.item.max() + 1)
    of_learner = rng.normal(0.0, error / 2, answers.learner.max() + 1)
    logit = np.log(answers.truth / (1.0 - answers.truth))
    logit += of_item[answers.item] + of_learner[answers.learner]
    said: Floats = 1.0 / (1.0 + np.exp(-logit))
    return said


def held_out(answers: Answers) -> HeldOut:
    """The answers as the gate takes them, with two groups."""
    n = np.bincount(answers.learner)[answers.learner]
    nth = np.arange(len(answers.learner)) - np.searchsorted(answers.learner, answers.learner)
    return HeldOut(answers.learner, answers.correct, {"busy": n > 40, "first answers": nth < 5})


def ruling(
    error: float, answers: Answers, rng: np.random.Generator, rules: Rules | None = None
) -> Ruling:
    """What the gate says of a challenger of that error and a champion of `CHAMPION`."""
    champion, challenger = said_by(CHAMPION, answers, rng), said_by(error, answers, rng)
    return rule(held_out(answers), challenger, champion, CLEAN, rng, rules)


def luck(n: int, k: int, rate: float) -> float:
    """P(k or more of n), when each happens with chance `rate`."""
    return sum(comb(n, i) * rate**i * (1.0 - rate) ** (n - i) for i in range(k, n + 1))
