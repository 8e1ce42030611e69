"""`/api/users/{userId}/learning-path`: which steps lead to the goal."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayChange, MayRead
from learnloop.api.schemas.paths import PathOut, PathUpdateIn, path_out
from learnloop.api.work import WITH_BODY, UserId, check_skills, command, problems
from learnloop.core.ids import LearnerId, SkillId
from learnloop.core.protocols import Transaction
from learnloop.journeys import paths
from learnloop.journeys.live import Live

router = APIRouter(prefix="/api/users/{userId}", tags=["learning path"], route_class=StrictRoute)


@router.get("/learning-path", response_model=PathOut, responses=problems(404, 422))
async def get_path(
    key: MayRead,
    user_id: UserId,
    request: Request,
) -> Response:
    """The learner's path, brought up to date with what they know now."""

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> PathOut:
        return path_out(paths.learning_path(live, tx, learner_id), live.items)

    return await command(request, key, user_id, journey)


@router.put("/learning-path/update", response_model=PathOut, responses=problems(404, *WITH_BODY))
async def update_path(
    key: MayChange,
    user_id: UserId,
    request: Request,
    update: PathUpdateIn,
) -> Response:
    """Plan the path again, for other priorities where some are given."""
    wanted = update.priority_areas
    priorities = None if wanted is None else tuple(SkillId(skill) for skill in wanted)

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> PathOut:
        check_skills(live, wanted or (), "priority_areas")
        path = paths.update_path(live, tx, learner_id, update.reason, priorities)
        return path_out(path, live.items)

    return await command(request, key, user_id, journey)
