"""Which items tell most about a learner? What the live model is least sure of, for want of answers.

A look, and no decision: nothing is logged, for nothing is shown to the learner.
"""

from learnloop.core.context import Context
from learnloop.core.errors import InvalidInput
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.types import Target
from learnloop.features.views import evidence
from learnloop.journeys import states
from learnloop.journeys.live import Live, learner_of
from learnloop.journeys.results import InformativeItem, InformativeItems
from learnloop.policies.placement.eligible import eligible, questions
from learnloop.policies.placement.informative import most_informative

MAX_N = 100


def informative_items(
    live: Live, tx: Transaction, learner_id: LearnerId, n: int = 5
) -> InformativeItems:
    """The `n` questions of the catalog whose answers are expected to tell most.

    Raises:
        NotFound: No such learner.
        InvalidInput: `n` is not in 1-100.
    """
    if not 1 <= n <= MAX_N:
        raise InvalidInput(f"limit: {n} is not in 1-{MAX_N}", field="limit")
    learner, now = learner_of(tx, learner_id), live.clock.now()
    known = states.current(live, tx, learner_id)
    facts = evidence(known.profile, live.items)
    estimates = {Target.CORRECT: live.estimator.predict(known.knowledge, live.items, now)}
    rows = eligible(questions(live.items), live.items, learner, facts, now)
    found = most_informative(Context(learner, now, live.items, rows, estimates, facts, n))
    items = [
        InformativeItem(live.items.items[x.row], x.information, x.p_correct, x.reasons)
        for x in found
    ]
    return InformativeItems(learner_id, now, live.estimator.ref, tuple(items))
