"""Which way leads to the learner's goal? The skills it needs, in prerequisite order."""

from dataclasses import replace

from learnloop.core.ids import LearnerId, SkillId
from learnloop.core.protocols import Transaction
from learnloop.core.records import LearningPath, PathChange, StepStatus
from learnloop.core.types import Goals
from learnloop.features.views import evidence
from learnloop.journeys import profiles, states
from learnloop.journeys.live import Live, learner_of
from learnloop.policies.path import plan

HISTORY = 20


def learning_path(live: Live, tx: Transaction, learner_id: LearnerId) -> LearningPath:
    """The learner's path, brought up to date with what they know now.

    Raises:
        NotFound: No such learner.
    """
    tx.learners.lock([learner_id])
    stored = tx.paths.get(learner_id)
    fresh = _planned(live, tx, learner_id, stored)
    if stored is None:
        return _store(tx, fresh, "first plan", stored)
    if [s.skill_id for s in stored.steps] != [s.skill_id for s in fresh.steps]:
        return _store(tx, fresh, "the goal or the catalog changed", stored)
    if [s.status for s in stored.steps] != [s.status for s in fresh.steps]:
        return _store(tx, fresh, "progress", stored)
    # Estimates drift with every second and answer: shown as they are now, but no change of plan.
    return replace(
        fresh,
        updated_at=stored.updated_at,
        history=stored.history,
        version=stored.version,
    )


def update_path(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    reason: str,
    priority_skills: tuple[SkillId, ...] | None = None,
) -> LearningPath:
    """Plan again, for another goal where one is given.

    Raises:
        NotFound: No such learner.
        InvalidInput: A skill that the catalog lacks.
    """
    tx.learners.lock([learner_id])
    learner = learner_of(tx, learner_id)
    if priority_skills is not None:
        goals = replace(learner.goals, priority_skills=priority_skills)
        profiles.set_goals(live, tx, learner_id, goals)
    stored = tx.paths.get(learner_id)
    return _store(tx, _planned(live, tx, learner_id, stored), reason, stored)


def _planned(
    live: Live, tx: Transaction, learner_id: LearnerId, stored: LearningPath | None
) -> LearningPath:
    learner = learner_of(tx, learner_id)
    known = states.current(live, tx, learner_id, keep=True)
    now = live.clock.now()
    mastery = live.estimator.mastery(known.knowledge, live.items, now)
    goals: Goals = learner.goals
    planned = plan(live.items, mastery, evidence(known.profile, live.items), goals)
    done = [step.status is StepStatus.DONE for step in planned.steps]
    return LearningPath(
        learner_id,
        stored.created_at if stored else now,
        now,
        planned.steps,
        done.index(False) if False in done else len(done),
        planned.minutes_low,
        planned.minutes_high,
    )


def _store(
    tx: Transaction, fresh: LearningPath, reason: str, stored: LearningPath | None
) -> LearningPath:
    earlier = stored.history if stored else ()
    version = stored.version + 1 if stored else 1
    change = PathChange(fresh.updated_at, reason)
    path = replace(fresh, history=(*earlier, change)[-HISTORY:], version=version)
    tx.paths.put(path)
    return path
