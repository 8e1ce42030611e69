"""Does every model of the index keep the promises, unfitted and fitted?"""

from functools import cache

import numpy as np
import pytest

from learnloop.core.answers import AnswerLog
from learnloop.models.index import MODELS
from learnloop.testing.estimator import EstimatorSuite

COLD = sorted(name for name, module in MODELS.items() if hasattr(module, "from_catalog"))


class OfTheIndex(EstimatorSuite):
    tolerance = 1e-5  # some of the index work in single precision

    def load(self, artifact):
        return self.module.load(artifact)


class TestFromCatalog(OfTheIndex):
    @pytest.fixture(params=COLD, autouse=True)
    def _module(self, request):
        self.module = MODELS[request.param]

    def make_estimator(self, items):
        return self.module.from_catalog(items)


class TestFitted(OfTheIndex):
    @pytest.fixture(params=sorted(MODELS), autouse=True)
    def _module(self, request):
        self.module = MODELS[request.param]

    def make_estimator(self, items):
        """Fitted on learners of another catalog, so items are new, or known under other skills."""
        return fitted(self.module.NAME)


@cache
def fitted(name):
    rng = np.random.default_rng(11)
    return MODELS[name].fit(answers(rng), version="fitted", rng=rng)


def answers(rng, n_learners=60, n_each=40, n_items=30, n_skills=5):
    """Learners of differing ability on items of differing difficulty."""
    learner = np.repeat(np.arange(n_learners), n_each)
    item = rng.integers(n_items, size=len(learner))
    logit = rng.normal(0.5, 1, n_learners)[learner] - rng.normal(0, 1, n_items)[item]
    correct = (rng.random(len(learner)) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    return AnswerLog.ordered(
        learner_ids=tuple(f"l{i}" for i in range(n_learners)),
        item_ids=tuple(f"item-{i}" for i in range(n_items)),
        skill_ids=tuple(f"skill-{s}" for s in range(n_skills)),
        learner=learner,
        item=item,
        correct=correct,
        occurred_us=np.tile(np.arange(n_each) * 10**9, n_learners),
        skill_starts=np.arange(n_items + 1),
        skill_of=np.arange(n_items) % n_skills,
    )
