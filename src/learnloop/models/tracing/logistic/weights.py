"""What does a fit hand on? Weights by name, with a fallback for every name it never met."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from learnloop.models.tracing.logistic.windows import Windows

Row = tuple[float, ...]


class Level(NamedTuple):
    """How counts become mastery: right answers only raise it, wrong ones only lower it.

    Attributes:
        bias: Logit of a middle item before the first answer.
        learner: (width,) slopes of the learner's counts: right >= 0 and wrong <= 0, in turns.
        skill: (width,) slopes of the skill's counts, likewise.
        skills: Easiness of each skill.
    """

    bias: float
    learner: Row
    skill: Row
    skills: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted logistic model. An unknown skill has the shared slopes, an unknown item 0.

    Attributes:
        windows: Which numbers `x` holds (`windows.features`).
        bias: The intercept.
        learner: (width,) slopes of the learner's counts.
        shared: (width,) slopes of any skill's counts.
        record: (len(RECORD),) slopes of the item's record, or none.
        skills: Intercept and slopes of each skill, the shared ones included, (1 + width,).
        items: Intercept of each item and its variance.
        item_variance: Variance of an item that is not among them.
        level: Of mastery.
    """

    windows: Windows
    bias: float
    learner: Row
    shared: Row
    record: Row
    skills: Mapping[str, Row]
    items: Mapping[str, tuple[float, float]]
    item_variance: float
    level: Level

    def skill(self, skill_id: str) -> Row:
        """Intercept and slopes, (1 + width,)."""
        return self.skills.get(skill_id) or (0.0, *self.shared)

    def item(self, item_id: str) -> tuple[float, float]:
        """Intercept and its variance."""
        return self.items.get(item_id, (0.0, self.item_variance))
