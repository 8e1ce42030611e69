"""Small worlds for the tests of the ability model."""

from collections.abc import Sequence

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.time import from_us
from learnloop.core.types import Interaction, InteractionKind, Item, Skill
from learnloop.models.ability import AbilityModel, AbilityState

T0 = 1_700_000_000_000_000
SKILLS = ("add", "divide", "fraction", "line")
Step = tuple[int, int, int]  # item row, result (1, 0, -1 studied), seconds since the step before


def answers(seed: int, n_learners: int = 60, length: int = 40, n_items: int = 24) -> AnswerLog:
    """Answers of Rasch learners; items 0, 4, ... carry two skills; some rows share an instant."""
    rng = np.random.default_rng(seed)
    n = n_learners * length
    learner, item = np.repeat(np.arange(n_learners), length), rng.integers(0, n_items, n)
    ability, hard = rng.normal(0, 1, n_learners), np.linspace(-1.5, 1.5, n_items)
    p = 1.0 / (1.0 + np.exp(hard[item] - ability[learner]))
    correct = (rng.random(n) < p).astype(np.int8)
    correct[rng.random(n) < 0.05] = -1
    skills = [[i % 4] if i % 4 else [0, 1] for i in range(n_items)]
    return AnswerLog.ordered(
        learner_ids=tuple(f"u{i}" for i in range(n_learners)),
        item_ids=tuple(f"i{i}" for i in range(n_items)),
        skill_ids=SKILLS,
        learner=learner,
        item=item,
        correct=correct,
        occurred_us=T0 + np.tile(np.arange(length) // 2, n_learners) * 3_600_000_000,
        skill_starts=np.cumsum([0] + [len(s) for s in skills]),
        skill_of=np.concatenate(skills),
    )


def table() -> ItemTable:
    """The items of `answers`, and some that no training answer has touched."""
    log = answers(0, n_learners=1, length=2)
    new = (
        Item(ItemId("new-known-skill"), (SkillId("add"),)),
        Item(ItemId("new-two-skills"), (SkillId("line"), SkillId("unheard"))),
        Item(ItemId("new-unknown-skill"), (SkillId("unheard"),)),
        Item(ItemId("new-authored"), (SkillId("unheard"),), difficulty_logit=1.5),
        Item(ItemId("new-no-skill")),
    )
    return ItemTable("1", (*log.items(), *new), (*log.skills(), Skill(SkillId("unheard"), "")))


def fold(model: AbilityModel, items: ItemTable, steps: Sequence[Step]) -> tuple[AbilityState, int]:
    """The state after the steps, and the microsecond of the last."""
    state, at_us = model.start(LearnerId("u")), T0
    for row, result, seconds in steps:
        at_us += seconds * 1_000_000
        state = answer(model, items, state, row, result, at_us)
    return state, at_us


def answer(
    model: AbilityModel, items: ItemTable, state: AbilityState, row: int, result: int, at_us: int
) -> AbilityState:
    """One more step."""
    item, study = items.items[row], result < 0
    kind = InteractionKind.STUDIED if study else InteractionKind.ANSWERED
    interaction = Interaction(
        InteractionId("x"),
        LearnerId("u"),
        item.item_id,
        kind,
        from_us(at_us),
        correct=None if study else result == 1,
    )
    return model.update(state, interaction, item)
