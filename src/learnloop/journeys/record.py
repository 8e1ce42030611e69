"""What becomes of interactions that arrive? Checked, appended once, folded in, joined to decisions.

Everything happens in the caller's transaction: the log, the states and the outcomes are stored
together or not at all. `(learner_id, interaction_id)` is the idempotency key.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from learnloop.core.errors import ConflictingDuplicate, Rejection
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.types import Interaction
from learnloop.events.ingest import check
from learnloop.journeys import states
from learnloop.journeys.live import Live
from learnloop.journeys.results import Receipt
from learnloop.outcomes.attribute import from_answer

Numbered = tuple[int, Interaction]


def record(
    live: Live,
    tx: Transaction,
    interactions: Sequence[Interaction],
    lines: Sequence[int] | None = None,
    newcomers: Collection[LearnerId] = (),
) -> Receipt:
    """Take a batch in; each element is accepted, known already, or rejected with a reason.

    Args:
        interactions: Any order, any mixture of learners.
        lines: What to call each element in a rejection; by default its index.
        newcomers: Learners created in this transaction: the log holds nothing of them yet.
    """
    numbered = list(zip(lines or range(len(interactions)), interactions, strict=True))
    good, rejected = _checked(live, tx, numbered)
    tx.learners.lock(sorted({x.learner_id for _, x in good}))
    is_new = tx.interactions.append([x for _, x in good])
    new = [x for (_, x), fresh in zip(good, is_new, strict=True) if fresh]
    known = [pair for pair, fresh in zip(good, is_new, strict=True) if not fresh]
    conflicts = _conflicts(tx, known) if known else []
    if new:
        _fold_in(live, tx, new, newcomers)
        _attribute(tx, new)
    every = sorted([*rejected, *conflicts], key=lambda r: r.line)
    return Receipt(len(new), len(known) - len(conflicts), tuple(every))


def _checked(
    live: Live, tx: Transaction, numbered: Iterable[Numbered]
) -> tuple[list[Numbered], list[Rejection]]:
    now = live.clock.now()
    good: list[Numbered] = []
    rejected: list[Rejection] = []
    for line, interaction in numbered:
        problem = check(interaction, now, live.items)
        if problem is None:
            stamped = interaction.received_at is not None
            good.append((line, interaction if stamped else replace(interaction, received_at=now)))
        else:
            rejected.append(replace(problem, line=line))
    ids = {x.learner_id for _, x in good}
    unknown = ids - tx.learners.known(ids)
    if unknown:
        rejected += [_unknown(line, x.learner_id) for line, x in good if x.learner_id in unknown]
        good = [pair for pair in good if pair[1].learner_id not in unknown]
    return good, rejected


def _unknown(line: int, learner_id: LearnerId) -> Rejection:
    message = f"learner_id: no learner {learner_id!r}; create the learner first (PUT profile)"
    return Rejection(line, "unknown_learner", message, "learner_id")


def _conflicts(tx: Transaction, known: Sequence[Numbered]) -> list[Rejection]:
    """Elements whose id is stored with other content: those are mistakes, not repetitions."""
    conflicts = []
    for learner_id, pairs in _by_learner(known):
        stored = tx.interactions.get(learner_id, [x.interaction_id for _, x in pairs])
        for line, interaction in pairs:
            first = stored[interaction.interaction_id]
            if replace(interaction, received_at=first.received_at) != first:
                message = (
                    f"interaction_id: {interaction.interaction_id!r} is stored with other content; "
                    "send a new id for a new interaction"
                )
                conflicts.append(
                    Rejection(line, ConflictingDuplicate.code, message, "interaction_id")
                )
    return conflicts


def _by_learner(numbered: Iterable[Numbered]) -> list[tuple[LearnerId, list[Numbered]]]:
    groups: dict[LearnerId, list[Numbered]] = {}
    for pair in numbered:
        groups.setdefault(pair[1].learner_id, []).append(pair)
    return list(groups.items())


def _fold_in(
    live: Live, tx: Transaction, new: Sequence[Interaction], newcomers: Collection[LearnerId]
) -> None:
    groups: dict[LearnerId, list[Interaction]] = {}
    for interaction in new:
        groups.setdefault(interaction.learner_id, []).append(interaction)
    advanced = []
    for who, xs in groups.items():
        advanced += states.advance(live, tx, who, xs, is_all=who in newcomers)
    tx.states.put(advanced)


def _attribute(tx: Transaction, new: Sequence[Interaction]) -> None:
    outcomes = []
    for interaction in new:
        if interaction.decision_id is not None:
            decision = tx.decisions.get(interaction.decision_id)
            if decision is not None:
                outcomes += from_answer(interaction, decision)
    if outcomes:
        tx.outcomes.append(outcomes)
