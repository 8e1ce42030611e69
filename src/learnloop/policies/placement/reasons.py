"""Why is this question asked? One to three reasons, as data.

The first says what chose it: that the answer tells most, the draw among those that do, or the
learner's wish for no personal choices. Then, where a test has several areas, whose turn it is; the
last counts the questions, and says what the test is about. The sentences: `policies/explain.py`.
"""

import numpy as np

from learnloop.core.types import Floats, Reason
from learnloop.policies.placement.ability import Ability
from learnloop.policies.placement.blueprint import Blueprint
from learnloop.policies.placement.config import Config

Facts = dict[str, str | int | float]
_SURE = 1e-6


class Why:
    """The reasons of one decision."""

    def __init__(
        self,
        blueprint: Blueprint,
        ability: Ability,
        config: Config,
        scope: Facts,
        *,
        personal: bool,
    ) -> None:
        self._blueprint, self._config, self._scope = blueprint, config, scope
        self._n_answers, self._personal = ability.n_answers, personal
        self._theta = ability.mean

    def p_correct(self, row: int) -> float:
        """P(right), going by the answers of the sitting."""
        own = self._blueprint.bank_row[[row]]
        p = self._blueprint.bank.p_correct(self._theta, own)[0]
        return float(np.clip(p, _SURE, 1.0 - _SURE))

    def reasons(
        self, row: int, p_correct: float, place: int, n_best: int, counts: Floats, n_asked: int
    ) -> tuple[Reason, ...]:
        """Of the item of a row, drawn as number `place` of `n_best`."""
        found = [self._chosen(p_correct, place, n_best)]
        if self._blueprint.n_areas > 1:
            found += self._turn(row, counts)
        longest = self._config.max_items
        facts: Facts = {"number": n_asked + 1, "max_items": longest} | self._scope
        return (*found, Reason("placement", 0.0, facts))

    def _chosen(self, p_correct: float, place: int, n_best: int) -> Reason:
        if not self._personal:
            return Reason("personalization_off", 1.0, {})
        if place > 0:
            return Reason("spread", 1.0, {"n_best": n_best, "propensity": round(1.0 / n_best, 6)})
        facts: Facts = {"p_correct": round(p_correct, 4), "n_answers": self._n_answers}
        return Reason("informative", 1.0, facts)

    def _turn(self, row: int, counts: Floats) -> list[Reason]:
        items = self._blueprint.items
        real = self._blueprint.weights[row] > 0
        own = [s for s in self._blueprint.areas[row, real].tolist() if s < items.n_skills]
        if not own:
            return []
        s = min(own, key=lambda s: counts[s])
        facts: Facts = {"skill": items.skills[s].skill_id, "n_asked": round(float(counts[s]), 2)}
        return [Reason("coverage", 0.0, facts)]
