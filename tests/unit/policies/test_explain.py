"""Every reason has a sentence a twelve-year-old can read, and a line in the documentation."""

import re
from pathlib import Path

import numpy as np
import pytest

from learnloop.core.ids import SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Reason, Skill
from learnloop.models.index import DEFAULT, MODELS
from learnloop.policies.explain import SENTENCES, UNSURE, sentence
from learnloop.policies.recommend import Config, RecommendPolicy
from learnloop.policies.recommend.config import Weights
from learnloop.policies.recommend.reasons import FACTS
from learnloop.testing.worlds import context_of, random_world

DOCS = (Path(__file__).parents[3] / "docs" / "recommendations.md").read_text(encoding="utf-8")
NAMES = ItemTable("1", (), (Skill(SkillId("add"), "Adding"), Skill(SkillId("sub"), "Taking away")))


def section(title):
    return re.split(r"\n## ", DOCS.split(f"\n## {title}\n", 1)[1])[0]


def codes_in(text):
    return re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)


def test_documented_codes_are_the_codes_there_are():
    assert sorted(codes_in(section("Reasons"))) == sorted(SENTENCES)
    others = {"explore", "curriculum", "no_estimate", "personalization_off"}
    others |= {"informative", "spread", "coverage", "placement"}
    assert set(FACTS) | others == set(SENTENCES)
    assert set(UNSURE) <= set(SENTENCES)


def test_documented_weights_and_settings_are_those_there_are():
    documented = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", section("Score"), re.MULTILINE))
    assert {k: float(v) for k, v in documented.items()} == Weights().model_dump()
    assert sorted(codes_in(section("Settings"))) == sorted(set(Config.model_fields) - {"weights"})


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (
            Reason("zone", 1, {"p_correct": 0.804, "n_answers": 12}),
            "At this level you get about 80% right, going by your 12 answers: not too easy, "
            "not too hard.",
        ),
        (
            Reason("gap", 1, {"skill": "add", "mastery": 0.61, "n_answers": 1, "target": 0.85}),
            "You have given 1 answer in Adding: we are not sure yet how well you know it.",
        ),
        (
            Reason(
                "review_due",
                1,
                {
                    "skill": "add",
                    "days": 1,
                    "last_answered_at": "2026-02-01T02:43:40+00:00",
                    "n_answers": 3,
                },
            ),
            "You last practised Adding yesterday, on 1 February 2026: time to refresh it.",
        ),
        (
            Reason("goal", 1, {"skill": "add", "goal": "unheard"}),
            "You said that unheard matters to you, and this leads there.",
        ),
    ],
)
def test_sentences(reason, expected):
    assert sentence(reason, NAMES) == expected


def test_an_unknown_code_is_an_error():
    with pytest.raises(KeyError, match="nonsense"):
        sentence(Reason("nonsense", 1.0, {}))


def syllables(word):
    return max(len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e"))), 1)


def test_the_sentences_read_easily():
    """Flesch-Kincaid grade of all sentences that 200 slates give, under 7 (age 12)."""
    spoken = []
    for seed in range(40):
        world = random_world(seed)
        context = context_of(world, MODELS[DEFAULT].from_catalog(world.items), 5)
        for choice in RecommendPolicy().decide(context, np.random.default_rng(seed)):
            spoken += [sentence(r, world.items) for r in choice.reasons]
    words = [w for s in spoken for w in re.findall(r"[A-Za-z']+", s)]
    per_sentence = len(words) / len(spoken)
    per_word = sum(map(syllables, words)) / len(words)
    assert 0.39 * per_sentence + 11.8 * per_word - 15.59 < 7.0
    assert not any("{" in s or "skill-" in s for s in spoken)
