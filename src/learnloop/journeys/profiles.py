"""What is known about a learner: what they said and what the log shows? How is the first changed?

Every field of the profile that the requirements describe is here; what the log shows can't be
edited, only computed again.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from learnloop.core.errors import InvalidInput, VersionConflict
from learnloop.core.ids import LearnerId, id_problem
from learnloop.core.protocols import Transaction
from learnloop.core.types import Goals, Learner, Preferences
from learnloop.features import views
from learnloop.features.profile import ProfileState
from learnloop.journeys import levels, states
from learnloop.journeys.live import Live, learner_of
from learnloop.journeys.results import (
    BehavioralMetrics,
    CompletionRates,
    EngagementPattern,
    Profile,
    SkillLevel,
    SkillProfile,
)
from learnloop.journeys.states import Known


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What is the learner's to say; None leaves a part as it is."""

    preferences: Preferences | None = None
    goals: Goals | None = None
    personalized: bool | None = None


def profile(live: Live, tx: Transaction, learner_id: LearnerId) -> Profile:
    """All that is known about a learner.

    Raises:
        NotFound: No such learner.
    """
    return _assembled(live, learner_of(tx, learner_id), states.current(live, tx, learner_id))


def put_profile(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    change: ProfileChange,
    expected_version: int | None = None,
    *,
    is_demo: bool = False,
) -> tuple[Profile, bool]:
    """Create the learner, or change what is theirs to say; True where they are new.

    Raises:
        VersionConflict: The stored version is not the expected one.
        InvalidInput: A new learner's id can't be one, or a goal names a skill that the catalog
            lacks.
    """
    tx.learners.lock([learner_id])
    stored = tx.learners.get(learner_id)
    if expected_version is not None and (stored is None or stored.version != expected_version):
        raise VersionConflict("the profile has changed; read it again, then repeat the change")
    if change.goals is not None:
        _check_goals(live, change.goals)
    if stored is None and (problem := id_problem(learner_id)):
        raise InvalidInput(f"learner_id: {problem}", field="learner_id")
    base = stored or Learner(learner_id, live.clock.now(), is_demo=is_demo, version=0)
    changed = replace(
        base,
        preferences=base.preferences if change.preferences is None else change.preferences,
        goals=base.goals if change.goals is None else change.goals,
        personalized=base.personalized if change.personalized is None else change.personalized,
    )
    if stored is None or changed != stored:
        changed = replace(changed, version=base.version + 1)
        tx.learners.put(changed)
    return _assembled(live, changed, states.current(live, tx, learner_id)), stored is None


def set_goals(live: Live, tx: Transaction, learner_id: LearnerId, goals: Goals) -> Profile:
    """Set what a learner wants to reach.

    Raises:
        NotFound: No such learner.
        InvalidInput: A goal names a skill that the catalog lacks.
    """
    learner_of(tx, learner_id)
    return put_profile(live, tx, learner_id, ProfileChange(goals=goals))[0]


def analyze(live: Live, tx: Transaction, learner_id: LearnerId) -> Profile:
    """The profile, with every state computed again from the whole log and stored.

    Raises:
        NotFound: No such learner.
    """
    learner_of(tx, learner_id)
    tx.learners.lock([learner_id])
    states.rebuild(live, tx, learner_id)
    return profile(live, tx, learner_id)


def _check_goals(live: Live, goals: Goals) -> None:
    for i, skill_id in enumerate(goals.priority_skills):
        if skill_id not in live.items.column_of:
            where = f"priority_skills[{i}]"
            raise InvalidInput(f"{where}: no skill {skill_id!r} in the catalog", field=where)


def _assembled(live: Live, learner: Learner, known: Known) -> Profile:
    now = live.clock.now()
    facts = views.evidence(known.profile, live.items)
    mastery = live.estimator.mastery(known.knowledge, live.items, now)
    said = learner.preferences.session_minutes
    return Profile(
        learner_id=learner.learner_id,
        is_demo=learner.is_demo,
        personalized=learner.personalized,
        created_at=learner.created_at,
        as_of=now,
        n_interactions=known.n,
        skills=_skills(known, levels.skill_levels(live, known, facts, mastery)),
        preferences=learner.preferences,
        optimal_session_minutes=said or views.mean_session_minutes(known.profile) or None,
        behavior=_behavior(known.profile, now),
        goals=learner.goals,
        dismissed=tuple(sorted(i for i, until in learner.dismissed.items() if until > now)),
        models=(live.estimator.ref, live.profile_fold.ref),
        etag=f"{learner.version}-{known.n}-{live.items.version}-{live.estimator.ref}",
    )


def _skills(known: Known, found: tuple[SkillLevel, ...]) -> SkillProfile:
    velocity = views.learning_velocity(known.profile)
    return SkillProfile(found, levels.weak(found), levels.mastered(found), velocity)


def _behavior(seen: ProfileState, now: datetime) -> BehavioralMetrics:
    return BehavioralMetrics(
        EngagementPattern(
            seen.n_sessions,
            views.mean_session_minutes(seen),
            views.sessions_per_week(seen, now),
            seen.n_days,
            views.last_active_at(seen),
        ),
        CompletionRates(
            seen.n_started, seen.n_completed, seen.n_skipped, views.completion_rate(seen)
        ),
        views.active_times(seen),
    )
