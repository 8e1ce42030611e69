"""What does a placement look like? Never with an answer's key."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field

from learnloop.api.schemas.fields import Body, Id, Reply, Share
from learnloop.api.schemas.profile import SkillLevelOut, level_out
from learnloop.api.schemas.recommendations import INTERNALS, ItemOut, ReasonOut
from learnloop.core.items import ItemTable
from learnloop.core.types import Item, Reason
from learnloop.journeys.results import (
    InformativeItems,
    Placement,
    PlacementQuestion,
    PlacementStatus,
)
from learnloop.journeys.sittings import Ending
from learnloop.policies.explain import sentence


class PlacementIn(Body):
    """Begin a placement, or go on with it."""

    skills: Annotated[list[Id], Field(max_length=500)] = Field(
        default=[], description="Ask about these alone; empty = the whole catalog."
    )
    course_id: Annotated[Id, Field(description="Ask about this course alone.")] = None  # type: ignore[assignment]
    again: bool = Field(False, description="Begin another where the last one has ended.")


class PlacementQuestionOut(Reply):
    """The question that waits; its answer is an interaction with this `decision_id`."""

    decision_id: str
    recommendation_id: str = Field(description="Feedback refers to it.")
    asked_at: datetime
    item: ItemOut
    reasons: list[ReasonOut]


class PlacementOut(Reply):
    """How far a placement is, and what it found."""

    userId: str  # noqa: N815 -- the word of the public contract
    status: PlacementStatus
    ended: Ending | None = Field(description="Why it ended; null = it has not.")
    placement_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    scope_skills: list[str] = Field(description="What it is about; empty = all.")
    course_id: str | None
    n_asked: int = Field(ge=0)
    n_answers: int = Field(ge=0)
    max_items: int
    se_target: float = Field(description="It ends when `stddev` is at most this.")
    ability: float | None = Field(
        description="In standard deviations of learners; null = no answer yet."
    )
    stddev: float | None = Field(description="The standard error of `ability`.")
    low: float | None = Field(description="With `high`, the 90% interval of `ability`.")
    high: float | None
    skills: list[SkillLevelOut] = Field(description="Where each skill in scope stands now.")
    question: PlacementQuestionOut | None = Field(
        description="null = it has ended, or the next is still to be chosen: POST again."
    )
    policy: str
    bank: str = Field(description="Whose item parameters the ability rests on.")


class InformativeItemOut(Reply):
    """An item that tells much about the learner."""

    item: ItemOut
    information: Share = Field(
        description="Fisher information times prior variance on the logit scale."
    )
    p_correct: Share
    reasons: list[ReasonOut]


class InformativeItemsOut(Reply):
    """The items that tell most about a learner, best first."""

    userId: str  # noqa: N815
    as_of: datetime
    model: str
    items: list[InformativeItemOut]


def placement_out(found: Placement, items: ItemTable) -> PlacementOut:
    """A placement by the names of the public contract."""
    return PlacementOut(
        userId=found.learner_id,
        status=found.status,
        ended=None if found.ended is None else Ending(found.ended),
        placement_id=found.placement_id,
        started_at=found.started_at,
        ended_at=found.ended_at,
        scope_skills=list(found.scope_skills),
        course_id=found.course_id,
        n_asked=found.n_asked,
        n_answers=found.n_answers,
        max_items=found.max_items,
        se_target=found.se_target,
        ability=found.ability,
        stddev=found.stddev,
        low=found.low,
        high=found.high,
        skills=[level_out(level) for level in found.skills],
        question=None if found.question is None else _question_out(found.question, items),
        policy=str(found.policy),
        bank=str(found.bank),
    )


def informative_out(found: InformativeItems, items: ItemTable) -> InformativeItemsOut:
    """The items that tell most, by the names of the public contract."""
    return InformativeItemsOut(
        userId=found.learner_id,
        as_of=found.as_of,
        model=str(found.model),
        items=[
            InformativeItemOut(
                item=_item_out(one.item),
                information=one.information,
                p_correct=one.p_correct,
                reasons=_reasons_out(one.reasons, items),
            )
            for one in found.items
        ],
    )


def _question_out(question: PlacementQuestion, items: ItemTable) -> PlacementQuestionOut:
    return PlacementQuestionOut(
        decision_id=question.decision_id,
        recommendation_id=f"{question.decision_id}.0",
        asked_at=question.asked_at,
        item=_item_out(question.item),
        reasons=_reasons_out(question.reasons, items),
    )


def _item_out(item: Item) -> ItemOut:
    return ItemOut(
        item_id=item.item_id,
        kind=item.kind,
        title=item.title,
        text=item.text,
        skills=list(item.skills),
        choices=list(item.choices),
        n_hints=len(item.hints),
        expected_seconds=item.expected_seconds,
    )


def _reasons_out(reasons: Iterable[Reason], items: ItemTable) -> list[ReasonOut]:
    return [
        ReasonOut(
            code=reason.code,
            weight=reason.weight,
            detail={k: v for k, v in reason.detail.items() if k not in INTERNALS},
            sentence=sentence(reason, items),
        )
        for reason in reasons
    ]
