"""`/api/users/{userId}/profile` and goals: what is known of a learner, what is theirs to say."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from learnloop.accounts import may_see
from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayChange, MayRead
from learnloop.api.schemas.profile import (
    GoalsBody,
    ProfileOut,
    ProfilePut,
    change_of,
    goals_of,
    goals_out,
    profile_out,
)
from learnloop.api.services import services_of
from learnloop.api.work import (
    WITH_BODY,
    IdempotencyKey,
    UserId,
    check_skills,
    command,
    encoded,
    problems,
    query,
)
from learnloop.core.errors import VersionConflict
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.types import Learner, Preferences
from learnloop.journeys import profiles
from learnloop.journeys.live import Live

router = APIRouter(prefix="/api/users/{userId}", tags=["profile"], route_class=StrictRoute)

_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "For If-None-Match and If-Match."}}
_Tags = Annotated[str | None, Header()]
# Described in words: a document that lists it promises that any value of it is taken.
_Condition = Annotated[str | None, Header(include_in_schema=False)]


@router.get(
    "/profile",
    response_model=ProfileOut,
    responses={
        200: {"headers": _ETAG},
        304: {"description": "It has not changed since.", "headers": _ETAG},
        **problems(404, 422),
    },
)
async def get_profile(
    key: MayRead,
    user_id: UserId,
    request: Request,
    if_none_match: _Tags = None,
) -> Response:
    """All that is known about a learner."""
    profile = await query(request, key, user_id, lambda *args: profile_out(profiles.profile(*args)))
    headers = {"ETag": f'"{profile.etag}"'}
    if if_none_match is not None and _tags(if_none_match) & {"*", profile.etag}:
        return Response(status_code=304, headers=headers)
    return Response(encoded(profile), headers=headers, media_type="application/json")


@router.put(
    "/profile",
    response_model=ProfileOut,
    responses={
        200: {"headers": _ETAG},
        201: {"description": "The learner is new.", "model": ProfileOut, "headers": _ETAG},
        **problems(404, 412, *WITH_BODY),
    },
)
async def put_profile(
    key: MayChange,
    user_id: UserId,
    request: Request,
    change: ProfilePut,
    if_match: _Condition = None,
    if_none_match: _Condition = None,
) -> Response:
    """Create a learner, or change what is theirs to say.

    With the header `If-Match: "etag"` it is refused (412) where somebody else has changed that
    meanwhile; answers recorded meanwhile do not count, for they change nothing that is the
    learner's to say. With `If-None-Match: *` it only creates.
    """
    learner_id = LearnerId(user_id)

    def work(live: Live, tx: Transaction) -> tuple[ProfileOut, bool]:
        may_see(tx, key, learner_id)
        stored = tx.learners.get(learner_id)
        _check_conditions(stored, if_match, if_none_match)
        if change.goals is not None:
            check_skills(live, change.goals.priority_areas, "goals.priority_areas")
        said = stored.preferences if stored else Preferences()
        profile, created = profiles.put_profile(live, tx, learner_id, change_of(change, said))
        return profile_out(profile), created

    profile, created = await services_of(request).writer.run(work, [learner_id])
    return Response(
        encoded(profile),
        201 if created else 200,
        {"ETag": f'"{profile.etag}"'},
        "application/json",
    )


@router.post("/profile/analyze", response_model=ProfileOut, responses=problems(404, 422))
async def analyze(
    key: MayChange,
    user_id: UserId,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Compute the profile again from the whole log."""
    return await command(
        request,
        key,
        user_id,
        lambda *args: profile_out(profiles.analyze(*args)),
        idempotency_key=idempotency_key,
    )


@router.post("/goals", response_model=GoalsBody, responses=problems(404, *WITH_BODY))
async def set_goals(
    key: MayChange,
    user_id: UserId,
    request: Request,
    goals: GoalsBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Set what the learner wants to reach; it takes the place of the goals before."""

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> GoalsBody:
        check_skills(live, goals.priority_areas, "priority_areas")
        return goals_out(profiles.set_goals(live, tx, learner_id, goals_of(goals)).goals)

    return await command(request, key, user_id, journey, idempotency_key=idempotency_key)


def _tags(header: str) -> set[str]:
    """The entity tags of a list, without quotes; weak ones count as strong."""
    return {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}


def _check_conditions(
    stored: Learner | None, if_match: str | None, if_none_match: str | None
) -> None:
    if if_match is not None and not _matches(stored, _tags(if_match)):
        raise VersionConflict("the profile has changed; read it again, then repeat the change")
    if if_none_match is not None and _matches(stored, _tags(if_none_match)):
        raise VersionConflict("the learner exists already; change the profile with If-Match")


def _matches(stored: Learner | None, tags: Collection[str]) -> bool:
    versions = {tag.split("-", 1)[0] for tag in tags}
    return stored is not None and ("*" in tags or str(stored.version) in versions)
