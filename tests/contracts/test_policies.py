"""Does every policy keep the promises?"""

from dataclasses import replace

import numpy as np

from learnloop.core.bank import ItemBank
from learnloop.core.context import Context
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Policy
from learnloop.core.types import Choice, ItemKind, Ref, Target
from learnloop.policies import placement
from learnloop.policies.recommend import Config, RecommendPolicy
from learnloop.testing.policy import PolicySuite


class TestRecommendPolicy(PolicySuite):
    def make_policy(self) -> Policy:
        return RecommendPolicy()


class TestGreedyRecommendPolicy(PolicySuite):
    def make_policy(self) -> Policy:
        return RecommendPolicy(Config(epsilon=0.0))


class TestMostlyExploringRecommendPolicy(PolicySuite):
    def make_policy(self) -> Policy:
        return RecommendPolicy(Config(epsilon=1.0, shortlist=4, temperature=0.2, pool=10))


class FirstQuestions:
    """A placement of whatever catalog the suite comes up with, all of it questions."""

    needs: frozenset[Target] = frozenset()

    def __init__(self, config: placement.Config) -> None:
        self.config, self.ref = config, Ref("placement", "1")
        self._plans: dict[ItemTable, placement.Blueprint] = {}

    def decide(self, context: Context, rng: np.random.Generator) -> tuple[Choice, ...]:
        if context.items not in self._plans:
            self._plans[context.items] = plan_of(context.items)
        sitting = placement.PlacementPolicy(self._plans[context.items], (), self.config)
        return sitting.decide(context, rng)


def plan_of(items: ItemTable) -> placement.Blueprint:
    asked = [replace(x, kind=ItemKind.EXERCISE, visible=True) for x in items.items]
    n, ids = len(asked), tuple(x.item_id for x in asked)
    difficulty = np.nan_to_num(items.difficulty_logit)
    bank = ItemBank(ids, np.ones(n), difficulty, np.zeros(n), np.full(n, 0.5))
    return placement.Blueprint.of(ItemTable(items.version, asked, items.skills), bank)


class TestPlacementPolicy(PolicySuite):
    def make_policy(self) -> Policy:
        return FirstQuestions(placement.Config())


class TestPlacementPolicyOfThePosterior(PolicySuite):
    def make_policy(self) -> Policy:
        criterion = placement.Criterion.POSTERIOR
        return FirstQuestions(placement.Config(criterion=criterion, shortlist=3))
