"""What does a learner still remember? A fold of their answers into traces, and the curves of those.

    P(recall at t) = sigmoid(logit R(t; S) + bias)

R is the curve of FSRS-6 (`curve.py`); the bias is the learner's own, moved by `bias_rate` times the
surprise of each review that tests memory: one a day or more after the review before. An answer
changes its item's trace and those of its skills; a trace that takes a share c of a review goes that
part of the way, S <- S^(1-c) S'^c and D <- (1-c) D + c D'.

Parameters are those of the population, for items and for skills; a learner may have others, which
are kept under a digest of their id.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from math import exp, log
from typing import Final, NamedTuple, final

from learnloop.core.ids import LearnerId, SkillId
from learnloop.core.time import to_us
from learnloop.core.types import Interaction, Item, Ref
from learnloop.models.memory import curve
from learnloop.models.memory.artifact import Frozen, to_bytes
from learnloop.models.memory.curve import AGAIN, DAY_US, GOOD
from learnloop.models.memory.grades import blame, grade_of
from learnloop.models.memory.parameters import Parameters
from learnloop.models.memory.state import LAYOUT, MemoryState, Trace

NAME: Final = "memory"
MOST: Final = 0.9999
"""Nothing is remembered for sure: the curve begins at 1."""
Z_80: Final = 1.2816


class Recall(NamedTuple):
    """How well something is remembered.

    Attributes:
        p: P(recall), (0, 1).
        low: With `high`, where the chances of 80% of such memories lie.
        stability_days: Days from review to a recall of 90%.
        difficulty: 1-10.
        n: Reviews.
        reviewed_us: When it was last reviewed.
        due_us: When recall falls below what is wanted.
        interval_days: What the scheduler sets from the last review on, whole days.
    """

    p: float
    low: float
    high: float
    stability_days: float
    difficulty: float
    n: int
    reviewed_us: int
    due_us: int
    interval_days: int


@final
class MemoryModel:
    """A `Fold` (see `core.protocols`) that says what is recalled; frozen, safe between threads.

    Attributes:
        ref: `memory@version+layout`.
        state_type: What a store decodes states into.
        frozen: The parameters.

    Stability: public.
    """

    state_type = MemoryState

    def __init__(self, version: str, frozen: Frozen) -> None:
        self.ref = Ref(NAME, f"{version}+{LAYOUT}")
        self._version = version
        self.frozen = frozen

    def start(self, learner_id: LearnerId) -> MemoryState:
        """The state of a learner of whom nothing is known."""
        own = digest_of(learner_id) if self.frozen.personal else ""
        return MemoryState(own if own in self.frozen.personal else "", 0.0, 0.0, {}, {})

    def update(self, state: MemoryState, interaction: Interaction, item: Item) -> MemoryState:
        """The state after one more interaction; only answers that were judged change it."""
        grade = grade_of(interaction, item, self.frozen.config)
        if grade is None:
            return state
        at_us, config = to_us(interaction.occurred_at), self.frozen.config
        w_item, w_skill = self.parameters(state)
        before = state.items.get(item.item_id)
        item_bias = self._surprise(w_item, before, state.item_bias, at_us, grade)
        items = dict(state.items)
        items.pop(item.item_id, None)
        items[item.item_id] = reviewed(w_item, before, at_us, grade)
        if len(items) > config.items:
            del items[next(iter(items))]
        skills, skill_bias = state.skills, state.skill_bias
        if item.skills:
            known = [skills.get(skill) for skill in item.skills]
            moved = [self._surprise(w_skill, t, skill_bias, at_us, grade) for t in known]
            skill_bias = sum(moved) / len(moved)
            skills = self._practised(w_skill, skills, item, at_us, grade)
        return MemoryState(state.own, item_bias, skill_bias, items, skills)

    def item(self, state: MemoryState, item_id: str, at: datetime, desired: float) -> Recall | None:
        """How well an item is remembered at an instant; None where it was never answered."""
        trace = state.items.get(item_id)
        if trace is None:
            return None
        w, spread = self.parameters(state)[0], self.frozen.item_spread
        return _recall(w, trace, state.item_bias, spread, to_us(at), desired)

    def skill(
        self, state: MemoryState, skill_id: str, at: datetime, desired: float
    ) -> Recall | None:
        """How well a skill is remembered at an instant; None where it was never practised."""
        trace = state.skills.get(skill_id)
        if trace is None:
            return None
        w, spread = self.parameters(state)[1], self.frozen.skill_spread
        return _recall(w, trace, state.skill_bias, spread, to_us(at), desired)

    def parameters(self, state: MemoryState) -> tuple[Parameters, Parameters]:
        """Those of items and of skills, for this learner."""
        found = self.frozen.personal.get(state.own)
        return (self.frozen.items, self.frozen.skills) if found is None else found

    def export(self) -> bytes:
        """The frozen parameters as an artifact that the module's `load` reads back."""
        return to_bytes(self._version, self.frozen)

    def _practised(
        self, w: Parameters, skills: Mapping[str, Trace], item: Item, at_us: int, grade: int
    ) -> dict[str, Trace]:
        after = dict(skills)
        shares = [1.0] * len(item.skills)
        if grade == AGAIN and len(shares) > 1:
            shares = blame([_forgotten(w, skills.get(skill), at_us) for skill in item.skills])
        for skill, share in zip(item.skills, shares, strict=True):
            after[skill] = reviewed(w, skills.get(skill), at_us, grade, share)
        if grade > AGAIN and self.frozen.config.encompassing > 0.0:
            for below in self._below(item.skills):
                trace = skills.get(below)
                if trace is not None:
                    after[below] = implied(w, trace, at_us, self.frozen.config.encompassing)
        return after

    def _below(self, skills: tuple[SkillId, ...]) -> list[str]:
        """The prerequisites of some skills that are not among them, each once, in order."""
        of = self.frozen.prerequisites
        found = dict.fromkeys(below for skill in skills for below in of.get(skill, ()))
        return [below for below in found if below not in skills]

    def _surprise(
        self, w: Parameters, trace: Trace | None, bias: float, at_us: int, grade: int
    ) -> float:
        """The bias after a review."""
        if trace is None or at_us - trace.at_us < DAY_US:
            return bias
        p = _shifted(curve.recall(w, trace.stability, days_between(trace.at_us, at_us)), bias)
        return bias + self.frozen.config.bias_rate * ((grade > AGAIN) - p)


def digest_of(learner_id: str) -> str:
    """Under which name a learner's own parameters are kept."""
    return blake2b(learner_id.encode(), digest_size=12).hexdigest()


def days_between(before_us: int, after_us: int) -> int:
    """Whole days, as the `fsrs` library counts them."""
    return max(after_us - before_us, 0) // DAY_US


def reviewed(
    w: Parameters, trace: Trace | None, at_us: int, grade: int, share: float = 1.0
) -> Trace:
    """A trace after a review, of which it takes a share."""
    lapsed = int(grade == AGAIN)
    if trace is None:
        return Trace(*curve.first(w, grade), at_us, 1, lapsed)
    s, d = _moved(w, trace, at_us, grade, share)
    return Trace(s, d, max(at_us, trace.at_us), trace.n + 1, trace.n_lapses + lapsed)


def implied(w: Parameters, trace: Trace, at_us: int, share: float) -> Trace:
    """A trace after a share of a review that nobody asked for: its age shrinks by that share."""
    s, d = _moved(w, trace, at_us, GOOD, share)
    younger = round(share * max(at_us - trace.at_us, 0))
    return trace._replace(
        stability=max(s, trace.stability), difficulty=d, at_us=trace.at_us + younger
    )


def _moved(
    w: Parameters, trace: Trace, at_us: int, grade: int, share: float
) -> tuple[float, float]:
    before_s, before_d = trace.stability, trace.difficulty
    days = days_between(trace.at_us, at_us)
    s, d = curve.reviewed(w, before_s, before_d, days, grade)
    if share >= 1.0:
        return s, d
    s = exp((1.0 - share) * log(before_s) + share * log(s))
    return s, (1.0 - share) * before_d + share * d


def _forgotten(w: Parameters, trace: Trace | None, at_us: int) -> float:
    if trace is None:
        return 1.0
    return 1.0 - curve.recall(w, trace.stability, (at_us - trace.at_us) / DAY_US)


def _shifted(p: float, bias: float) -> float:
    p = min(p, MOST)
    return 1.0 / (1.0 + (1.0 - p) / p * exp(-bias))


def _recall(
    w: Parameters, trace: Trace, bias: float, spread: float, at_us: int, desired: float
) -> Recall:
    r = curve.recall(w, trace.stability, (at_us - trace.at_us) / DAY_US)
    wanted = _shifted(desired, -bias)  # what the curve has to say for that
    due = trace.at_us + round(curve.days_until(w, trace.stability, wanted) * DAY_US)
    return Recall(
        _shifted(r, bias),
        _shifted(r, bias - Z_80 * spread),
        _shifted(r, bias + Z_80 * spread),
        trace.stability,
        trace.difficulty,
        trace.n,
        trace.at_us,
        due,
        curve.interval_days(w, trace.stability, wanted),
    )
