"""What happens when the form on the page is sent? The answer is graded and recorded, once.

The interaction's id is made from the recommendation's, so a form that is sent twice counts once.
"""

import re
from datetime import datetime

from learnloop.api.web.session import News
from learnloop.api.web.view import answer_id, words
from learnloop.catalog.grading import asks_for_number, grade, number
from learnloop.core.errors import InvalidInput, NotFound
from learnloop.core.ids import DecisionId, LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.types import Decision, Interaction, InteractionKind, Item
from learnloop.events.ingest import MAX_RESPONSE_TIME_MS
from learnloop.journeys import profiles
from learnloop.journeys.live import Live
from learnloop.journeys.record import record


def take_answer(live: Live, tx: Transaction, learner_id: LearnerId, form: dict[str, str]) -> News:
    """Record what the form says and tell what was known before.

    Raises:
        NotFound: The recommendation was not made to this learner.
        InvalidInput: There is no answer in the form, or it can't be taken; where the learner can
            put it right, `field` is "answer".
    """
    decision = _decision(tx, learner_id, form.get("recommendation", ""))
    item = live.item(decision.choices[0].action.item_id)
    given = _interaction(decision, item, form, live.clock.now())
    known = profiles.profile(live, tx, learner_id).skills.current_levels
    before = {str(x.skill_id): words(x) for x in known if x.skill_id in item.skills}
    for rejection in record(live, tx, [given]).rejected:
        if rejection.code != "conflicting_duplicate":  # sent twice: the first one counts
            raise InvalidInput(rejection.message, field=rejection.field)
    return News(given.interaction_id, decision.decision_id, before)


def _decision(tx: Transaction, learner_id: LearnerId, recommendation_id: str) -> Decision:
    decision = tx.decisions.get(DecisionId(recommendation_id.rpartition(".")[0]))
    if decision is None or decision.learner_id != learner_id or not decision.choices:
        raise NotFound("this question is no longer open; go back to the start page")
    return decision


def _interaction(
    decision: Decision, item: Item, form: dict[str, str], now: datetime
) -> Interaction:
    hints = form.get("hints", "0")
    correct = None if item.answer is None else _graded(item, form.get("answer", "").strip())
    taken_ms = round((now - decision.decided_at).total_seconds() * 1000)
    return Interaction(
        answer_id(decision.decision_id),
        decision.learner_id,
        item.item_id,
        InteractionKind.STUDIED if correct is None else InteractionKind.ANSWERED,
        decision.decided_at,
        correct=correct,
        response_time_ms=max(0, min(taken_ms, MAX_RESPONSE_TIME_MS)),
        hints=min(int(hints), len(item.hints)) if re.fullmatch("[0-9]{1,3}", hints) else 0,
        decision_id=decision.decision_id,
    )


def _graded(item: Item, answer: str) -> bool:
    if not answer:
        raise InvalidInput("Choose or write an answer first.", field="answer")
    if asks_for_number(item) and number(answer) is None:
        raise InvalidInput("Write a number, such as 12, 0.75 or 3/4.", field="answer")
    return grade(item, answer)
