"""Does every policy keep the promises?"""

from learnloop.core.protocols import Policy
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
