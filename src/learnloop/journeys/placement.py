"""Where does a new learner stand? A placement: asked one question at a time, each chosen by chance.

    begin -> question -> the platform records the answer with its decision's id -> begin again: the
    next question, or the end

`begin` starts a placement or goes on with it; asked twice, it says the same twice. Each question is
a logged decision that replays from `(seed, decision_id)`; how far a placement is, is read from
those decisions and their outcomes (`sittings.py`). The answers are ordinary interactions: the
profile and the live model learn from them, whatever the placement makes of them.
"""

from dataclasses import replace
from functools import lru_cache

from learnloop.core.bank import ItemBank
from learnloop.core.context import Context
from learnloop.core.errors import InvalidInput, NotFound
from learnloop.core.ids import DecisionId, LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Transaction
from learnloop.core.random import derive_rng
from learnloop.core.types import Choice, Decision, Ref
from learnloop.features.views import evidence
from learnloop.journeys import levels, results, states
from learnloop.journeys.item_bank import item_bank
from learnloop.journeys.live import Live, learner_of
from learnloop.journeys.results import PlacementQuestion, PlacementStatus, SkillLevel
from learnloop.journeys.sittings import Ending, Scope, Sitting, latest_sitting
from learnloop.policies.placement import Blueprint, Config, PlacementPolicy
from learnloop.policies.placement.eligible import eligible
from learnloop.policies.placement.policy import ref_of

CONFIG = Config()


def begin(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    scope: Scope | None = None,
    *,
    again: bool = False,
) -> results.Placement:
    """Start a placement, or go on with it: the next question, or what was found.

    Args:
        scope: What a new one is about; one that goes on stays as it is.
        again: Start another where the last one has ended; without, that is shown.

    Raises:
        NotFound: No such learner, or the catalog has no such skill.
        InvalidInput: Nothing is left in scope that could be asked first.
    """
    learner_of(tx, learner_id)
    tx.learners.lock([learner_id])
    sitting = latest_sitting(tx, learner_id)
    if sitting is None or (again and sitting.ending):
        scope = scope or Scope()
        _check_scope(live, scope)
        sitting = Sitting(learner_id, 1 if sitting is None else sitting.number + 1)
        return _go_on(live, tx, sitting, scope)
    if sitting.waiting or sitting.ending:
        return _shown(live, tx, sitting)
    return _go_on(live, tx, sitting, sitting.scope)


def placement(live: Live, tx: Transaction, learner_id: LearnerId) -> results.Placement:
    """How far the learner's last placement is, and what it found; changes nothing.

    Raises:
        NotFound: No such learner.
    """
    learner_of(tx, learner_id)
    return _shown(live, tx, latest_sitting(tx, learner_id) or Sitting(learner_id, 0))


def abandon(live: Live, tx: Transaction, learner_id: LearnerId) -> results.Placement:
    """End the placement that goes on, or skip one that was never begun; else nothing changes.

    Raises:
        NotFound: No such learner.
    """
    learner_of(tx, learner_id)
    tx.learners.lock([learner_id])
    sitting = latest_sitting(tx, learner_id)
    if sitting is None:
        sitting = _ended(live, tx, Sitting(learner_id, 1), Ending.SKIPPED)
    elif sitting.ending is None:
        sitting = _ended(live, tx, sitting, Ending.ABANDONED)
    return _shown(live, tx, sitting)


def _check_scope(live: Live, scope: Scope) -> None:
    for i, skill_id in enumerate(scope.skills):
        if skill_id not in live.items.column_of:
            where = f"skills[{i}]"
            raise NotFound(f"{where}: no skill {skill_id!r} in the catalog", field=where)


def _go_on(live: Live, tx: Transaction, sitting: Sitting, scope: Scope) -> results.Placement:
    """Ask the next question, or end."""
    bank, parameters = item_bank(live, tx)
    plan = _plan(live.items, parameters, scope)
    policy = PlacementPolicy(plan, sitting.answers, CONFIG, scope.facts())
    context = _context(live, tx, sitting.learner_id, policy)
    decision_id = sitting.next_id
    choices = policy.decide(context, derive_rng(live.seed, decision_id))
    if choices:
        asked = _log(live, tx, sitting.learner_id, decision_id, bank, choices)
        questions = (*sitting.questions, asked)
        return _shown(live, tx, replace(sitting, questions=questions, waiting=asked))
    if not sitting.questions:
        raise InvalidInput("no question is left that this placement could ask; give a wider scope")
    stop = policy.why_stop(context.candidates, policy.ability())
    ending = Ending.NOTHING_LEFT if stop is None else Ending(stop)
    return _shown(live, tx, _ended(live, tx, sitting, ending))


@lru_cache(maxsize=8)
def _plan(items: ItemTable, bank: ItemBank, scope: Scope) -> Blueprint:
    return Blueprint.of(items, bank, skills=scope.skills, course_id=scope.course_id)


def _context(
    live: Live, tx: Transaction, learner_id: LearnerId, policy: PlacementPolicy
) -> Context:
    learner, now = learner_of(tx, learner_id), live.clock.now()
    facts = evidence(states.current(live, tx, learner_id, keep=True).profile, live.items)
    rows = eligible(policy.blueprint.may_ask, live.items, learner, facts, now)
    return Context(learner, now, live.items, rows, {}, facts, 1)


def _ended(live: Live, tx: Transaction, sitting: Sitting, ending: Ending) -> Sitting:
    """Log the decision to ask nothing more."""
    end_id = sitting.end_id(ending)
    end = _log(live, tx, sitting.learner_id, end_id, item_bank(live, tx)[0], ())
    return replace(sitting, waiting=None, end=end, ending=ending)


def _log(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    decision_id: DecisionId,
    bank: Ref,
    choices: tuple[Choice, ...],
) -> Decision:
    now, models = live.clock.now(), (bank, live.profile_fold.ref)
    decision = Decision(decision_id, learner_id, now, ref_of(CONFIG), models, choices)
    tx.decisions.append(decision)
    return decision


def _shown(live: Live, tx: Transaction, sitting: Sitting) -> results.Placement:
    bank, parameters = item_bank(live, tx)
    scope, end, asked = sitting.scope, sitting.end, sitting.questions
    plan = _plan(live.items, parameters, scope)
    known = PlacementPolicy(plan, sitting.answers, CONFIG).ability() if sitting.answers else None
    first = asked[0] if asked else end
    return results.Placement(
        learner_id=sitting.learner_id,
        status=_status(sitting),
        ended=sitting.ending,
        placement_id=sitting.sitting_id if sitting.number else None,
        started_at=first.decided_at if first else None,
        ended_at=end.decided_at if end else None,
        scope_skills=scope.skills,
        course_id=scope.course_id,
        n_asked=len(asked),
        n_answers=len(sitting.answers),
        max_items=CONFIG.max_items,
        se_target=CONFIG.se_target,
        ability=known.mean if known else None,
        stddev=known.stddev if known else None,
        low=known.low if known else None,
        high=known.high if known else None,
        skills=_standing(live, tx, sitting.learner_id, plan),
        question=_question(live, sitting.waiting) if sitting.waiting else None,
        policy=ref_of(CONFIG),
        bank=bank,
    )


def _status(sitting: Sitting) -> PlacementStatus:
    if sitting.number == 0:
        return PlacementStatus.NOT_STARTED
    match sitting.ending:
        case None:
            return PlacementStatus.OPEN
        case Ending.ABANDONED:
            return PlacementStatus.ABANDONED
        case Ending.SKIPPED:
            return PlacementStatus.SKIPPED
        case _:
            return PlacementStatus.FINISHED


def _standing(
    live: Live, tx: Transaction, learner_id: LearnerId, plan: Blueprint
) -> tuple[SkillLevel, ...]:
    """Where the skills in scope stand, by the live model: it has seen the answers, too."""
    known = states.current(live, tx, learner_id)
    mastery = live.estimator.mastery(known.knowledge, live.items, live.clock.now())
    found = levels.skill_levels(live, known, evidence(known.profile, live.items), mastery)
    return tuple(x for x, share in zip(found, plan.shares[:-1], strict=True) if share > 0)


def _question(live: Live, decision: Decision) -> PlacementQuestion:
    choice = decision.choices[0]
    item = live.item(choice.action.item_id)
    asked_at = decision.decided_at
    return PlacementQuestion(
        decision.decision_id, item, asked_at, choice.propensity, choice.reasons
    )
