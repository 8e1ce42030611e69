"""How well will this learner do, as several models see it together? The estimator that serves.

A state is that of every member, side by side. Mastery is that of `ability`, the first member, and
keeps its laws; the others have no say in it.
"""

from datetime import datetime
from math import exp, log
from typing import Any, Final, cast, final

import numpy as np

from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.types import Estimate, Floats, Interaction, Item, Ref, Target
from learnloop.models.ability import AbilityModel
from learnloop.models.ensemble.artifact import to_bytes
from learnloop.models.ensemble.members import Member
from learnloop.models.ensemble.stack import LEAST, LIMIT, Stack, logit_of

NAME: Final = "ensemble"
States = tuple[Any, ...]


@final
class EnsembleModel:
    """An `Estimator` (see `core.protocols`); frozen, and safe to share between threads.

    Attributes:
        ref: `ensemble@version+layouts`, those being of the members' states.
        state_type: What a store decodes states into.
        members: In the order of the weights; `ability` first.
        stack: The weights.

    Stability: experimental.
    """

    def __init__(self, version: str, members: tuple[Member[Any], ...], stack: Stack) -> None:
        layouts = ".".join(_layout(member.ref) for member in members)
        self.ref = Ref(NAME, f"{version}+{layouts}")
        self._version = version
        self.members, self.stack = members, stack
        kinds = tuple(member.state_type for member in members)
        self.state_type = cast(type[States], tuple.__class_getitem__(kinds))

    def start(self, learner_id: LearnerId) -> States:
        """The state of a learner of whom nothing is known."""
        return tuple(member.start(learner_id) for member in self.members)

    def update(self, state: States, interaction: Interaction, item: Item) -> States:
        """The state after one more interaction, of every member."""
        pairs = zip(self.members, state, strict=True)
        return tuple(member.update(own, interaction, item) for member, own in pairs)

    def p_correct(self, state: States, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), (0, 1)."""
        # Numbers, not arrays: of so few, numpy would take longer than the members.
        logit = self.stack.bias
        for member, own, weight in zip(self.members, state, self.stack.weights, strict=True):
            p = min(max(member.p_correct(own, item, at), LEAST), 1.0 - LEAST)
            logit += weight * log(p / (1.0 - p))
        return 1.0 / (1.0 + exp(-min(max(logit, -LIMIT), LIMIT)))

    def predict(self, state: States, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table: CORRECT, values and stddev (n_items,).

        The stddev is that of `ability` in logits, and how far the members are apart.
        """
        pairs = zip(self.members, state, strict=True)
        found = [member.predict(own, items, at) for member, own in pairs]
        said = logit_of(np.stack([one.values for one in found], axis=1))
        p: Floats = 1.0 / (1.0 + np.exp(-self.stack.logit(said)))
        ability, weights = found[0], np.array(self.stack.weights)
        share = weights / max(weights.sum(), 1e-9)
        apart = said - (said @ share)[:, None]
        slope = ability.values * (1.0 - ability.values)
        variance = (ability.stddev / slope) ** 2 + (apart * apart) @ share
        stddev = p * (1.0 - p) * np.sqrt(variance)
        return Estimate(Target.CORRECT, p, stddev, self.ref, at)

    def mastery(self, state: States, items: ItemTable, at: datetime) -> Estimate:
        """MASTERY of every skill of the table, values and stddev (n_skills,), as `ability` says."""
        ability = cast(AbilityModel, self.members[0])
        found = ability.mastery(state[0], items, at)
        return Estimate(Target.MASTERY, found.values, found.stddev, self.ref, at)

    def export(self) -> bytes:
        """The frozen parameters as an artifact that the model module's `load` reads back."""
        return to_bytes(self._version, self.members, self.stack)


def _layout(ref: Ref) -> str:
    """What a member's ref says of its state; 0 where it says nothing."""
    return ref.version.rpartition("+")[2] if "+" in ref.version else "0"
