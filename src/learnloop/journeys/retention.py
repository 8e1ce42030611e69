"""What does a learner still remember, and until when? Of skills and items, at an instant.

The state of memory is brought up to date when it is asked for, and stored then at every 64th event
(`states.memory`): an answer pays nothing for it, and a question folds on fewer than 64 events.
"""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import Final

from learnloop.core.errors import InvalidInput, NotFound
from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Transaction
from learnloop.core.registry import ModelRole
from learnloop.core.time import from_us, to_utc
from learnloop.journeys import states
from learnloop.journeys.live import Live, learner_of
from learnloop.journeys.registry import artifact_of
from learnloop.journeys.results import Remembered, Retention
from learnloop.models import memory
from learnloop.models.memory import MemoryModel, Recall
from learnloop.training.golden import GOLDEN_FILE, MODEL_FILE, check_golden
from learnloop.training.memory.asking import as_estimator

DESIRED: Final = 0.9
LEAST_DESIRED: Final = 0.7
MOST_DESIRED: Final = 0.99
MAX_DAYS: Final = 3650
SURE_REVIEWS: Final = 5


def live_memory(tx: Transaction, items: ItemTable) -> MemoryModel:
    """The champion, or the defaults of FSRS-6 where none was promoted.

    Raises:
        ArtifactError: The stored model is missing, its bytes are not those that were stored, or it
            answers in another way than it did when it was fitted.
    """
    champion = tx.models.alias(memory.SLOT, ModelRole.CHAMPION)
    if champion is None:
        return memory.from_catalog(items.skills)
    artifact = artifact_of(tx, champion)
    model = memory.load(artifact.file(MODEL_FILE))
    check_golden(as_estimator(model), artifact.file(GOLDEN_FILE))
    return model


def retention(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    skills: Sequence[SkillId] = (),
    items: Sequence[ItemId] = (),
    *,
    at: datetime | None = None,
    in_days: float | None = None,
    desired: float = DESIRED,
) -> Retention:
    """How well skills and items are remembered, in the order asked for; in a writing transaction.

    Args:
        skills: Without any skill or item, all skills that the learner has practised.
        items: Of the catalog.
        at: Now or later; None: `in_days` from now, or now.
        in_days: Instead of `at`.
        desired: The recall that reviews are to keep, 0.7-0.99.

    Raises:
        NotFound: No such learner, skill or item.
        InvalidInput: The instant is past or given twice, or nobody could keep such a recall.
        NaiveTime: The instant has no time zone.
    """
    learner_of(tx, learner_id)
    if not LEAST_DESIRED <= desired <= MOST_DESIRED:
        message = f"desired_retention: {desired} is not in {LEAST_DESIRED}-{MOST_DESIRED}"
        raise InvalidInput(message, field="desired_retention")
    when = _instant(live.clock.now(), at, in_days)
    _check(skills, live.items.column_of, "skill")
    _check(items, live.items.row_of, "item")
    state, model = states.memory(live, tx, learner_id, keep=True), live.memory
    if not skills and not items:
        skills = [s.skill_id for s in live.items.skills if s.skill_id in state.skills]
    return Retention(
        learner_id,
        when,
        model.ref,
        desired,
        tuple(_remembered(s, model.skill(state, s, when, desired)) for s in skills),
        tuple(_remembered(i, model.item(state, i, when, desired)) for i in items),
    )


def _instant(now: datetime, at: datetime | None, in_days: float | None) -> datetime:
    if at is None:
        if not 0 <= (in_days or 0) <= MAX_DAYS:
            raise InvalidInput(f"in_days: {in_days} is not in 0-{MAX_DAYS}", field="in_days")
        return now + timedelta(days=in_days or 0)
    if in_days is not None:
        raise InvalidInput("at: give this or in_days, not both", field="at")
    when = to_utc(at, field="at")
    if when < now:
        raise InvalidInput("at: ask about now or later; the past is in the log", field="at")
    return when


def _check(asked: Sequence[str], known: Container[str], what: str) -> None:
    for i, name in enumerate(asked):
        if name not in known:
            where = f"{what}s[{i}]"
            raise NotFound(f"{where}: no {what} {name!r} in the catalog", field=where)


def _remembered(name: str, found: Recall | None) -> Remembered:
    if found is None:
        return Remembered(name, 0, False)
    return Remembered(
        name,
        found.n,
        found.n >= SURE_REVIEWS,
        found.p,
        found.low,
        found.high,
        found.stability_days,
        from_us(found.reviewed_us),
        from_us(found.due_us),
        from_us(found.reviewed_us + found.interval_days * memory.DAY_US),
    )
