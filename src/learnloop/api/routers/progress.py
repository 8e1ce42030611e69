"""`/api/users/{userId}/progress-analytics` and `skill-predictions`: how it went, how it will go."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayRead
from learnloop.api.cursors import DEFAULT_LIMIT, Cursor, Limit, page
from learnloop.api.schemas.progress import (
    PredictionsOut,
    ProgressOut,
    predictions_out,
    progress_out,
)
from learnloop.api.work import UserId, problems, query
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.journeys import progress
from learnloop.journeys.live import Live

router = APIRouter(prefix="/api/users/{userId}", tags=["progress"], route_class=StrictRoute)


@router.get("/progress-analytics", response_model=ProgressOut, responses=problems(404, 422))
async def progress_analytics(
    key: MayRead,
    user_id: UserId,
    request: Request,
    days: Annotated[int, Query(ge=1, le=progress.MAX_DAYS, description="How far back.")] = 30,
) -> ProgressOut:
    """Answers per day (UTC), and where each skill stands."""
    return await query(
        request,
        key,
        user_id,
        lambda live, tx, who: progress_out(progress.progress(live, tx, who, days)),
    )


@router.get("/skill-predictions", response_model=PredictionsOut, responses=problems(404, 422))
async def skill_predictions(
    key: MayRead,
    user_id: UserId,
    request: Request,
    in_days: Annotated[
        float, Query(gt=0, le=progress.MAX_DAYS, allow_inf_nan=False, description="How far ahead.")
    ] = 7.0,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> PredictionsOut:
    """Where each skill will stand without practice, and what it takes to reach the goal."""

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> PredictionsOut:
        skills, following = page(live.items.skills, lambda s: s.skill_id, limit, cursor)
        wanted = {s.skill_id for s in skills}
        found = progress.skill_predictions(live, tx, learner_id, in_days, wanted)
        return predictions_out(found, following)

    return await query(request, key, user_id, journey)
