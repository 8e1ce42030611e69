"""Where does a learner stand in each skill? The estimate with its range and its evidence."""

from datetime import datetime

from learnloop.core.ids import SkillId
from learnloop.core.time import from_us
from learnloop.core.types import Estimate, Evidence
from learnloop.features.views import is_sure, trend_per_week
from learnloop.journeys.forecast import interval_80
from learnloop.journeys.live import Live
from learnloop.journeys.results import SkillLevel
from learnloop.journeys.states import Known
from learnloop.policies.standing import MASTERED_AT

WEAK_BELOW = 0.5


def skill_levels(
    live: Live, known: Known, facts: Evidence, mastery: Estimate
) -> tuple[SkillLevel, ...]:
    """One level per skill of the catalog, in prerequisite order."""
    low, high = interval_80(mastery)
    records = [known.profile.skills.get(skill.skill_id) for skill in live.items.skills]
    return tuple(
        SkillLevel(
            skill.skill_id,
            skill.name,
            float(mastery.values[s]),
            float(low[s]),
            float(high[s]),
            int(facts.n_answers[s]),
            int(facts.n_correct[s]),
            _instant(int(facts.last_us[s])),
            is_sure(record),
            trend_per_week(record) if record else None,
        )
        for s, (skill, record) in enumerate(zip(live.items.skills, records, strict=True))
    )


def mastered(levels: tuple[SkillLevel, ...]) -> tuple[SkillId, ...]:
    """Skills with enough answers and an estimate of at least 0.85."""
    return tuple(x.skill_id for x in levels if x.sure and x.mastery >= MASTERED_AT)


def weak(levels: tuple[SkillLevel, ...]) -> tuple[SkillId, ...]:
    """Skills with enough answers and an estimate below 0.5, weakest first."""
    found = [x for x in levels if x.sure and x.mastery < WEAK_BELOW]
    return tuple(x.skill_id for x in sorted(found, key=lambda x: x.mastery))


def _instant(us: int) -> datetime | None:
    return from_us(us) if us else None
