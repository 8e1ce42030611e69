"""Do the answers of many become parameters of all, and of those alone who differ?"""

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.ids import LearnerId
from learnloop.models import memory
from learnloop.models.memory.curve import DAY_US
from learnloop.models.memory.parameters import DEFAULTS
from learnloop.models.memory.pooling import item_reviews, skill_reviews, spread

N_CARDS, N_EACH = 80, 10


def log(daily, seed=0):
    """Each learner reviews cards at random gaps, and keeps `daily` of what is known for a day."""
    rng = np.random.default_rng(seed)
    n = len(daily) * N_CARDS * N_EACH
    learner = np.repeat(np.arange(len(daily)), N_CARDS * N_EACH)
    item = np.tile(np.repeat(np.arange(N_CARDS), N_EACH), len(daily))
    gap = rng.exponential(8.0, (len(daily) * N_CARDS, N_EACH))
    p = np.array(daily)[learner] ** gap.ravel()
    return AnswerLog.ordered(
        learner_ids=tuple(f"l{i}" for i in range(len(daily))),
        item_ids=tuple(f"i{i}" for i in range(N_CARDS)),
        skill_ids=("even", "odd"),
        learner=learner,
        item=item,
        correct=(rng.random(n) < p).astype(np.int8),
        occurred_us=(np.cumsum(gap, axis=1).ravel() * DAY_US).astype(np.int64) + 10**15,
        skill_starts=np.concatenate([np.arange(0, N_CARDS, 1), [N_CARDS]]),
        skill_of=np.arange(N_CARDS) % 2,
    )


def test_only_who_differs_gets_parameters_of_their_own():
    config = memory.Config(min_reviews=500, min_personal=500)
    model = memory.fit(log([0.99, 0.99, 0.7]), config, version="own")
    assert model.frozen.items != DEFAULTS
    whose = {name: model.start(LearnerId(name)) for name in ("l0", "l2", "nobody")}
    assert whose["l2"].own
    assert whose["nobody"].own == ""
    own, shared = model.parameters(whose["l2"])[0], model.frozen.items
    assert own != shared
    assert model.parameters(whose["nobody"]) == (shared, model.frozen.skills)
    again = memory.load(model.export())
    assert again.parameters(again.start(LearnerId("l2"))) == model.parameters(whose["l2"])


def test_an_answer_is_a_review_of_its_item_and_of_each_skill():
    some = log([0.9, 0.9])
    items, skills = item_reviews(some), skill_reviews(some)
    assert len(items.reviews) == len(skills.reviews) == len(some)
    assert items.reviews.first.sum() == 2 * N_CARDS
    assert skills.reviews.first.sum() == 4
    assert sorted(items.rows) == list(range(len(some)))
    np.testing.assert_array_equal(some.learner[items.rows], items.learner)
    np.testing.assert_array_equal(some.correct[items.rows], items.reviews.recalled)


def test_cards_that_surprise_twice_differ_more():
    rng = np.random.default_rng(1)
    reviews = item_reviews(log([0.95])).reviews
    w = np.array(DEFAULTS)
    hard = rng.random(N_CARDS)[reviews.card] < 0.5
    always = np.where(hard, 1, 3)
    split = type(reviews)(reviews.card, reviews.at_us, reviews.days, always)
    assert spread(split, w, 9.0) > spread(reviews, w, 9.0)
    few = reviews.take(reviews.card < 3)
    assert spread(few, w, 9.0) == 9.0
