"""What an answer may do to P(known): Bayes' rule, and nothing that a learner would call unfair."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.models.bkt_worlds import any_log, log_of, tracing_log

from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.time import EPOCH
from learnloop.core.types import Item, Skill
from learnloop.models.tracing import bkt
from learnloop.models.tracing.bkt.book import (
    Book,
    Forgetting,
    LearnerFacts,
    SkillFacts,
    Source,
    cold_book,
)
from learnloop.models.tracing.bkt.filtering import (
    answered,
    chances,
    known,
    mastery,
    p_right,
    start,
    studied,
)
from learnloop.models.tracing.bkt.sequences import chains, opportunities
from learnloop.models.tracing.bkt.smoothing import expect
from learnloop.models.tracing.bkt.standard import chances_of
from learnloop.training.predict import predict_rows

HOUR = 3_600_000_000
RATE = st.floats(0.001, 0.95)
FACTS = st.builds(
    SkillFacts,
    st.floats(-4, 4),
    st.tuples(RATE, RATE, RATE),
    st.floats(-4, 0),
    st.floats(0.3, 8),
    st.floats(0, 0.4),
    st.just(Source.FITTED),
)
BOOKS = st.builds(
    Book,
    st.fixed_dictionaries({"a": FACTS, "b": FACTS}),
    FACTS,
    st.fixed_dictionaries(
        {x: st.tuples(st.floats(-3, 3), st.floats(0, 1)) for x in ("of-a", "of-b", "of-both")}
    ),
    st.floats(0, 2),
    st.builds(LearnerFacts, st.floats(0, 2), st.floats(0, 0.01)),
    st.builds(Forgetting, st.floats(0, 0.5), st.floats(0, 0.5)),
)
A, B = SkillId("a"), SkillId("b")
ITEMS = (Item(ItemId("of-a"), (A,)), Item(ItemId("of-b"), (B,)), Item(ItemId("of-both"), (A, B)))
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([True, False, None]), st.floats(0, 500)),
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(BOOKS, STEPS)
def test_mastery_goes_the_way_of_the_answer_and_never_up_by_waiting(book, steps):
    state, at_us = start(book), HOUR
    for nth, right, hours in steps:
        asked, before = book.asked(ITEMS[nth]), at_us
        at_us += int(hours * HOUR)
        for skill in asked.skills:
            waited = mastery(book, state, skill, at_us)
            assert waited <= mastery(book, state, skill, before) + 1e-12
            if right is None:
                after = studied(book, state, asked, at_us)
            else:
                after = answered(book, state, asked, right, at_us)
            change = mastery(book, after, skill, at_us) - waited
            assert change <= 1e-12 if right is False else change >= -1e-12
            assert 0.0 < mastery(book, after, skill, at_us) < 1.0
            assert 0.0 < known(book, book.skill(skill), after, skill, at_us) < 1.0
        state = after


@settings(max_examples=40, deadline=None)
@given(BOOKS, st.booleans(), st.lists(st.booleans(), max_size=4))
def test_an_answer_to_one_skill_is_learnt_from_by_bayes_rule(book, right, earlier):
    asked, state = book.asked(ITEMS[0]), start(book)
    for before in earlier:
        state = answered(book, state, asked, before, HOUR)
    facts = book.skill("a")
    p = known(book, facts, state, "a", HOUR)
    ((low, high),) = chances(asked, state)
    if_known, if_not = (high, low) if right else (1.0 - high, 1.0 - low)
    bayes = p * if_known / (p * if_known + (1.0 - p) * if_not)
    expected = bayes + (1.0 - bayes) * facts.learn[right]
    now = answered(book, state, asked, right, HOUR).skills["a"].known
    assert now == pytest.approx(expected, abs=2e-6)


@settings(max_examples=40, deadline=None)
@given(BOOKS, st.booleans())
def test_an_answer_to_two_skills_hinges_on_one_of_them(book, right):
    """All eight cases listed: which skill the answer hinges on, and which of them are known."""
    asked, state = book.asked(ITEMS[2]), start(book)
    p = [known(book, f, state, s, HOUR) for s, f in zip(asked.skills, asked.facts, strict=True)]
    cases = {}
    for hinge in (0, 1):
        for states in np.ndindex(2, 2):
            chance = 0.5 * np.prod([x if k else 1 - x for x, k in zip(p, states, strict=True)])
            said = chances(asked, state)[hinge][states[hinge]]
            cases[hinge, *states] = chance * (said if right else 1 - said)
    total = sum(cases.values())
    assert p_right(book, state, asked, HOUR) == pytest.approx(total if right else 1 - total)
    after = answered(book, state, asked, right, HOUR)
    for s, skill in enumerate(asked.skills):
        bayes = sum(x for case, x in cases.items() if case[1 + s]) / total
        learn = asked.facts[s].learn[right]
        assert after.skills[skill].known == pytest.approx(bayes + (1 - bayes) * learn, abs=2e-6)


def test_the_fold_predicts_what_the_fit_takes_the_likelihood_of():
    rng = np.random.default_rng(3)
    log = tracing_log(rng, np.array([[0.3, 0.2, 0.15, 0.1], [0.6, 0.1, 0.3, 0.05]]), 30, 12)
    model = bkt.fit(log, bkt.STANDARD, version="1", rng=rng)
    p = predict_rows(model, log)
    taken = opportunities(log)
    forest, node = chains(log, taken)
    values = np.zeros((3, 5))
    for s, skill in enumerate(log.skill_ids):
        f = model.book.skill(skill)
        logits = np.array([f.prior_logit, f.guess_logit, -f.guess_logit - f.gap])
        values[s, [0, 2, 3]] = 1 / (1 + np.exp(-logits))
        values[s, 1] = f.learn[0]
    said = expect(forest, chances_of(forest, values)).log_likelihood
    rows = taken.row[node]
    likely = np.where(log.correct[rows] == 1, p[rows], 1 - p[rows])
    np.testing.assert_allclose(np.log(likely), said, atol=1e-5)


def test_studying_is_an_opportunity_to_learn():
    book = cold_book(LearnerFacts(0.5, 0.0), ItemTable("1", ITEMS, ()))
    asked, state = book.asked(ITEMS[0]), start(book)
    after = studied(book, state, asked, HOUR)
    assert mastery(book, after, "a", HOUR) > mastery(book, state, "a", HOUR)
    assert p_right(book, after, asked, HOUR) > p_right(book, state, asked, HOUR)
    assert after.shift == state.shift


def test_a_learner_who_does_well_elsewhere_is_expected_to_here_and_a_harder_item_is_harder():
    book = cold_book(LearnerFacts(0.8, 0.001), ItemTable("1", ITEMS, ()))
    asked, state = book.asked(ITEMS[0]), start(book)
    good = bad = state
    for _ in range(5):
        good = answered(book, good, book.asked(ITEMS[1]), True, HOUR)
        bad = answered(book, bad, book.asked(ITEMS[1]), False, HOUR)
    chance = [p_right(book, x, asked, HOUR) for x in (bad, state, good)]
    assert chance == sorted(chance)
    hard = Item(ItemId("hard"), (A,), difficulty_logit=2.0)
    easy = Item(ItemId("easy"), (A,), difficulty_logit=-2.0)
    assert p_right(book, state, book.asked(hard), HOUR) < chance[1]
    assert p_right(book, state, book.asked(easy), HOUR) > chance[1]


@pytest.mark.parametrize("timed", [True, False])
def test_what_was_known_is_forgotten_by_the_hour_only_where_the_log_has_times(timed):
    rng = np.random.default_rng(1)
    log = any_log(rng, 200) if timed else log_of([(0, 0, 1)] * 9 + [(1, 0, 0)] * 9, [[0]], 1)
    model = bkt.fit(log, version="1", rng=rng)
    state = model.start(LearnerId("u"))
    for event in log.interactions(0):
        item = log.items()[log.item_ids.index(event.item_id)]
        state = model.update(state, event, item)
    table = ItemTable("1", log.items(), [Skill(SkillId("s0"), "")])
    year = timedelta(days=366)
    last = max(x.at_us for x in state.skills.values())
    then = EPOCH + timedelta(microseconds=last)
    now, later = (model.mastery(state, table, at).values[0] for at in (then, then + year))
    assert later < now if timed else later == now
