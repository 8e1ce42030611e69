"""`/api/users/{userId}/placement`, `informative-items`: where a learner stands, what would tell."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayRead, MayRecommend
from learnloop.api.schemas.placement import (
    InformativeItemsOut,
    PlacementIn,
    PlacementOut,
    informative_out,
    placement_out,
)
from learnloop.api.work import WITH_BODY, IdempotencyKey, UserId, command, problems, query
from learnloop.core.ids import CourseId, LearnerId, SkillId
from learnloop.core.protocols import Transaction
from learnloop.journeys import placement
from learnloop.journeys.informative import MAX_N, informative_items
from learnloop.journeys.live import Live
from learnloop.journeys.sittings import Scope

router = APIRouter(prefix="/api/users/{userId}", tags=["placement"], route_class=StrictRoute)

# Reading back a sitting and choosing take as long as several answers.
_WEIGHT = 16


@router.post("/placement", response_model=PlacementOut, responses=problems(404, *WITH_BODY))
async def begin(
    key: MayRecommend,
    user_id: UserId,
    request: Request,
    wanted: PlacementIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Begin a placement, or go on with it: the next question, or what was found.

    The answer is recorded like any other (`POST /api/interactions`), with the question's
    `decision_id`; then ask here again. Asked twice, it says the same twice.
    """
    skills = tuple(SkillId(skill) for skill in wanted.skills)
    course = None if wanted.course_id is None else CourseId(wanted.course_id)

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> PlacementOut:
        scope = Scope(skills, course)
        found = placement.begin(live, tx, learner_id, scope, again=wanted.again)
        return placement_out(found, live.items)

    return await command(
        request, key, user_id, journey, idempotency_key=idempotency_key, weight=_WEIGHT
    )


@router.get("/placement", response_model=PlacementOut, responses=problems(404, 422))
async def get_placement(key: MayRead, user_id: UserId, request: Request) -> PlacementOut:
    """How far the learner's last placement is, and what it found; chooses nothing."""
    return await query(
        request,
        key,
        user_id,
        lambda live, tx, who: placement_out(placement.placement(live, tx, who), live.items),
    )


@router.delete("/placement", response_model=PlacementOut, responses=problems(404, 422))
async def abandon(key: MayRecommend, user_id: UserId, request: Request) -> Response:
    """End the placement that goes on, or skip one that was never begun."""

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> PlacementOut:
        return placement_out(placement.abandon(live, tx, learner_id), live.items)

    return await command(request, key, user_id, journey)


@router.get("/informative-items", response_model=InformativeItemsOut, responses=problems(404, 422))
async def get_informative_items(
    key: MayRead,
    user_id: UserId,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MAX_N, description="How many items.")] = 5,
) -> InformativeItemsOut:
    """Which questions would tell most about the learner; nothing is logged."""
    return await query(
        request,
        key,
        user_id,
        lambda live, tx, who: informative_out(informative_items(live, tx, who, limit), live.items),
    )
