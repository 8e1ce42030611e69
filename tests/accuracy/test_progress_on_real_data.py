"""Do 80% ranges hold 75-85% of what learners that nobody fitted on did next? And of the truth?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from learnloop.core.answers import AnswerLog
from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import Estimate, Floats, Interaction, Item, Skill, Target
from learnloop.features.profile import ProfileFold
from learnloop.features.views import velocity_per_week
from learnloop.journeys import forecast
from learnloop.models import ability
from learnloop.models.ability import AbilityModel
from learnloop.simulation.learner import SimulatedLearner, Traits
from learnloop.simulation.study import Habits, history
from learnloop.training.dataset import read_dataset

pytestmark = pytest.mark.accuracy

AFTER = (5, 8, 12, 20, 35, 60)
UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
History = tuple[SimulatedLearner, list[Interaction]]


@pytest.mark.parametrize(
    ("name", "n_next"),
    [("ednet_part", 10), ("algebra05_part", 10), ("statics11", 10), ("mofacts_stats_cloze", 5)],
)
def test_ranges_hold_what_comes_next(kt: Path, name: str, n_next: int) -> None:
    data = read_dataset(kt / name)
    model = ability.fit(data.train, version="band", rng=np.random.default_rng(0))
    values, stddev, right = asked(model, data.test, n_next)
    at = datetime(2026, 1, 5, tzinfo=UTC)
    told = Estimate(Target.MASTERY, values, stddev, model.ref, at)
    low, high = forecast.next_right(told, n_next)
    held = float(((right >= low) & (right <= high)).mean())
    print(f"{name}: {len(right)} ranges of the next {n_next} hold {held:.3f}")
    assert 0.74 < held < 0.86


def asked(model: AbilityModel, log: AnswerLog, n_next: int) -> tuple[Floats, Floats, Floats]:
    """Mastery, its spread and how many of the next answers were right, by learner and skill."""
    table = ItemTable("log", log.items(), log.skills())
    found, starts = [], log.starts
    for learner in range(len(log.learner_ids)):
        state = model.start(LearnerId("u"))
        answers: dict[str, list[int]] = {}
        told: list[tuple[str, int, float, float]] = []
        for row, x in enumerate(log.interactions(learner), start=int(starts[learner])):
            item = table.items[log.item[row]]
            for skill in item.skills if x.correct is not None else ():
                mine = answers.setdefault(skill, [])
                if len(mine) in AFTER:
                    now, s = model.mastery(state, table, x.occurred_at), table.column_of[skill]
                    told.append((skill, len(mine), now.values[s], now.stddev[s]))
                mine.append(int(x.correct))
            state = model.update(state, x, item)
        for skill, n, value, spread in told:
            following = answers[skill][n : n + n_next]
            if len(following) == n_next:
                found.append((value, spread, sum(following)))
    values, stddev, right = np.array(found).T
    return values, stddev, right


def test_intervals_hold_the_truth_of_simulated_learners() -> None:
    level, change = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        table = catalog(rng)
        people = [studied(rng, table, u) for u in range(160)]
        model = ability.fit(log_of(table, people[:100]), version="sim", rng=rng)
        for person in people[100:]:
            of_level, of_change = judged(model, table, person)
            level += of_level
            change += of_change
    print(f"mastery: {len(level)} hold {np.mean(level):.3f}")
    print(f"velocity: {len(change)} hold {np.mean(change):.3f}")
    assert 0.75 < np.mean(level) < 0.85
    assert 0.75 < np.mean(change) < 0.85


def catalog(rng: np.random.Generator) -> ItemTable:
    names = [SkillId(f"s{i}") for i in range(6)]
    skills = [Skill(s, s, (names[i - 1],) if i % 3 else ()) for i, s in enumerate(names)]
    hard = rng.normal(0.0, 1.0, (6, 20))
    items = [
        Item(ItemId(f"{s}-{j}"), (s,), difficulty_logit=float(hard[i, j]))
        for i, s in enumerate(names)
        for j in range(20)
    ]
    return ItemTable("sim", items, skills)


def studied(rng: np.random.Generator, table: ItemTable, u: int) -> History:
    traits = Traits(
        start=rng.normal(0.3, 1.0),
        climb=max(rng.normal(0.5, 0.3), 0.0),
        pace=rng.gamma(2.0, 0.12),
        forgetting=rng.gamma(2.0, 0.01),
        hint_rate=0.0,
        skip_rate=0.0,
    )
    learner = SimulatedLearner(LearnerId(f"u{u}"), traits, table)
    days = tuple(sorted(set(rng.integers(1, 70, int(rng.integers(3, 25))).tolist())))
    habits = Habits(days, int(rng.integers(6, 14)))
    return learner, list(history(learner, habits, table, UNTIL, rng))


def log_of(table: ItemTable, people: list[History]) -> AnswerLog:
    rows = [
        (u, table.row_of[x.item_id], bool(x.correct), to_us(x.occurred_at))
        for u, (_, events) in enumerate(people)
        for x in events
    ]
    learner, item, correct, us = np.array(rows).T
    return AnswerLog.ordered(
        learner_ids=tuple(person.learner_id for person, _ in people),
        item_ids=tuple(x.item_id for x in table.items),
        skill_ids=tuple(x.skill_id for x in table.skills),
        learner=learner,
        item=item,
        correct=correct.astype(np.int8),
        occurred_us=us,
        skill_starts=np.arange(len(table) + 1),
        skill_of=np.array([table.column_of[x.skills[0]] for x in table.items]),
    )


def judged(model: AbilityModel, table: ItemTable, person: History) -> tuple[list[bool], list[bool]]:
    """Whether each interval held the true chance on a middle item, and its true change."""
    learner, events = person
    again = SimulatedLearner(learner.learner_id, learner.traits, table)
    profile, state = ProfileFold(), model.start(learner.learner_id)
    record = profile.start(learner.learner_id)
    truth: dict[str, list[float]] = {}
    level, change = [], []
    for x in events:
        item = table.items[table.row_of[x.item_id]]
        skill = item.skills[0]
        middle = Item(ItemId(""), (skill,), difficulty_logit=middle_of(table, skill))
        before = again.p_correct(middle, x.occurred_at)
        again.meet(item, x.occurred_at, np.random.default_rng(0))
        now = again.p_correct(middle, x.occurred_at)
        state, record = model.update(state, x, item), profile.update(record, x, item)
        past = truth.setdefault(skill, [])
        past.append(before)
        if len(past) not in AFTER:
            continue
        low, high = forecast.interval_80(model.mastery(state, table, x.occurred_at))
        s = table.column_of[skill]
        level.append(bool(low[s] <= now <= high[s]))
        mine = record.skills[skill]
        told = velocity_per_week(mine)
        span = timedelta(minutes=(mine.recent[-1] >> 1) - (mine.recent[0] >> 1))
        weeks = max(span / timedelta(days=7), 1.0)
        assert told is not None
        moved = (now - past[-len(mine.recent)]) / weeks
        change.append(told[1] <= moved <= told[2])
    return level, change


def middle_of(table: ItemTable, skill: SkillId) -> float:
    own = [x.difficulty_logit or 0.0 for x in table.items if skill in x.skills]
    return float(np.median(own))
