"""How would a learner of known ability answer?

The truth, in logits, of skill s at time t:

    ability(s, t) = start - climb * depth(s) + gain(s) * exp(-forgetting * days since practised)
    P(right)      = guess + (1 - guess) * sigmoid(mean ability of the item's skills - difficulty)

where `depth` counts the prerequisite steps below the skill and `guess` is 1 / number of choices.
Each item met adds `pace` to the gain of the item's skills, less as the gain nears `CEILING`.
Nothing of this is the engine's own model: it is judged on learners that it has not imagined.
"""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from learnloop.core.ids import InteractionId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Interaction, InteractionKind, Item, ItemKind

CEILING = 4.0
ANSWERABLE = (ItemKind.EXERCISE, ItemKind.ASSESSMENT)
SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Traits:
    """What makes one simulated learner differ from another.

    Attributes:
        start: Ability in skills without prerequisites, logits.
        climb: How much harder each prerequisite step is, logits.
        pace: Gain of one answer, logits.
        forgetting: Rate at which a gain fades, per day.
        hint_rate: P(asks for a hint before answering), [0, 1].
        skip_rate: P(skips instead of answering), [0, 1].
        seconds: Typical time for an item, seconds.
    """

    start: float = 0.5
    climb: float = 0.5
    pace: float = 0.25
    forgetting: float = 0.02
    hint_rate: float = 0.1
    skip_rate: float = 0.03
    seconds: float = 25.0


class SimulatedLearner:
    """One learner: remembers what was practised, and answers by the law above."""

    def __init__(self, learner_id: LearnerId, traits: Traits, items: ItemTable) -> None:
        self.learner_id = learner_id
        self.traits = traits
        self._depth = _depths(items)
        self._gains: dict[SkillId, tuple[float, datetime]] = {}
        self._n = 0

    def ability(self, skill_id: SkillId, at: datetime) -> float:
        """The true ability in a skill, logits."""
        traits = self.traits
        return traits.start - traits.climb * self._depth[skill_id] + self._gain(skill_id, at)

    def p_correct(self, item: Item, at: datetime) -> float:
        """The true P(right), (0, 1)."""
        abilities = [self.ability(s, at) for s in item.skills] or [self.traits.start]
        logit = sum(abilities) / len(abilities) - (item.difficulty_logit or 0.0)
        guess = 1.0 / len(item.choices) if item.choices else 0.0
        return guess + (1.0 - guess) / (1.0 + math.exp(-logit))

    def meet(self, item: Item, at: datetime, rng: np.random.Generator) -> Interaction:
        """What the learner does with an item that is shown at `at`; practice changes them."""
        skips, asks, right = rng.random(3)
        spent_ms = int(1000 * self.traits.seconds * math.exp(rng.normal(0.0, 0.4)))
        self._n += 1
        who = InteractionId(f"{self.learner_id}-{self._n:05d}"), self.learner_id, item.item_id
        if skips < self.traits.skip_rate:
            return Interaction(*who, InteractionKind.SKIPPED, at)
        correct = bool(right < self.p_correct(item, at))
        self._practise(item, at)
        if item.kind not in ANSWERABLE:
            return Interaction(*who, InteractionKind.STUDIED, at, response_time_ms=spent_ms)
        return Interaction(
            *who,
            InteractionKind.ANSWERED,
            at,
            correct=correct,
            response_time_ms=spent_ms,
            hints=int(bool(item.hints) and asks < self.traits.hint_rate),
        )

    def _gain(self, skill_id: SkillId, at: datetime) -> float:
        gain, since = self._gains.get(skill_id, (0.0, at))
        days = max((at - since).total_seconds(), 0.0) / SECONDS_PER_DAY
        return gain * math.exp(-self.traits.forgetting * days)

    def _practise(self, item: Item, at: datetime) -> None:
        for skill_id in item.skills:
            gain = self._gain(skill_id, at)
            self._gains[skill_id] = (gain + self.traits.pace * (1.0 - gain / CEILING), at)


def _depths(items: ItemTable) -> dict[SkillId, int]:
    """Longest chain of prerequisites below each skill; the table has prerequisites first."""
    depth: dict[SkillId, int] = {}
    for skill in items.skills:
        depth[skill.skill_id] = max((depth[p] + 1 for p in skill.prerequisites), default=0)
    return depth
