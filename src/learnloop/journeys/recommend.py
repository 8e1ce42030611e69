"""What should the learner study next, and why? One logged decision.

Eligible candidates first, then estimates, then the policy's choice, with propensities and reasons;
the decision is stored in the same transaction and replays exactly from `(seed, decision_id)`.
"""

from datetime import datetime

from learnloop.core.context import Context
from learnloop.core.errors import InvalidInput
from learnloop.core.ids import DecisionId, ItemId, LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.random import derive_rng
from learnloop.core.types import Decision, ItemKind, Learner, Target
from learnloop.features.views import evidence
from learnloop.journeys import states
from learnloop.journeys.live import Live, learner_of
from learnloop.journeys.results import Recommendation, RecommendationSet
from learnloop.policies.recommend.eligible import eligible

MAX_N = 100


def recommend(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    n: int = 5,
    kind: ItemKind | None = None,
) -> RecommendationSet:
    """The next `n` items for a learner, logged.

    Raises:
        NotFound: No such learner.
        InvalidInput: `n` is not in 1-100.
    """
    if not 1 <= n <= MAX_N:
        raise InvalidInput(f"limit: {n} is not in 1-{MAX_N}", field="limit")
    learner = learner_of(tx, learner_id)
    context = context_of(live, tx, learner, live.clock.now(), n, kind)
    decision = decide(live, DecisionId(live.new_id()), context)
    tx.decisions.append(decision)
    return _shown(live, decision)


def context_of(
    live: Live, tx: Transaction, learner: Learner, at: datetime, n: int, kind: ItemKind | None
) -> Context:
    """All that the policy may see of this learner at this instant."""
    known = states.current(live, tx, learner.learner_id, keep=True)
    facts = evidence(known.profile, live.items)
    mastery = live.estimator.mastery(known.knowledge, live.items, at)
    estimates = {
        Target.CORRECT: live.estimator.predict(known.knowledge, live.items, at),
        Target.MASTERY: mastery,
    }
    rows = eligible(learner, live.items, facts, mastery, at, kind)
    return Context(learner, at, live.items, rows, estimates, facts, n)


def decide(live: Live, decision_id: DecisionId, context: Context) -> Decision:
    """The policy's choice; the same id and context give the same decision, always."""
    choices = live.policy.decide(context, derive_rng(live.seed, decision_id))
    return Decision(
        decision_id,
        context.learner.learner_id,
        context.at,
        live.policy.ref,
        (live.estimator.ref, live.profile_fold.ref),
        choices,
    )


def predict_engagement(
    live: Live, tx: Transaction, learner_id: LearnerId, item_id: ItemId
) -> float:
    """P(the learner takes the item up when it is shown), from what became of earlier ones.

    The mean of a Beta(4, 1) prior updated with the learner's own completed and skipped items; an
    item that the learner has dismissed counts as one more skip.

    Raises:
        NotFound: No such learner or item.
    """
    learner = learner_of(tx, learner_id)
    item = live.item(item_id)
    seen = states.current(live, tx, learner_id).profile
    until = learner.dismissed.get(item.item_id)
    n_skipped = seen.n_skipped + int(until is not None and until > live.clock.now())
    return (seen.n_completed + 4.0) / (seen.n_completed + n_skipped + 5.0)


def _shown(live: Live, decision: Decision) -> RecommendationSet:
    return RecommendationSet(
        decision.decision_id,
        decision.learner_id,
        decision.decided_at,
        decision.policy,
        decision.models,
        tuple(
            Recommendation(
                f"{decision.decision_id}.{position}",
                live.item(choice.action.item_id),
                choice.score,
                choice.propensity,
                choice.p_correct,
                choice.reasons,
            )
            for position, choice in enumerate(decision.choices)
        ),
    )
