"""`/api/users/{userId}/features`: what a learner's log says, as numbers."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayRead
from learnloop.api.schemas.features import FeaturesOut, features_out
from learnloop.api.schemas.fields import Id
from learnloop.api.work import UserId, problems, query
from learnloop.core.ids import ItemId
from learnloop.journeys.features import features

router = APIRouter(prefix="/api/users/{userId}", tags=["features"], route_class=StrictRoute)

# Described in words: a document that lists it promises that any value of it is taken.
_Names = Annotated[list[str] | None, Query(include_in_schema=False)]


@router.get("/features", response_model=FeaturesOut, responses=problems(404, 422))
async def get_features(
    key: MayRead,
    user_id: UserId,
    request: Request,
    item_id: Annotated[Id | None, Query(description="What is asked about, perhaps.")] = None,
    names: _Names = None,
) -> FeaturesOut:
    """The learner's features now, and how fresh they are.

    With `?names=n_sessions&names=accuracy` only these, in this order; a name that no feature has is
    refused (422).
    """
    item = None if item_id is None else ItemId(item_id)
    return await query(
        request,
        key,
        user_id,
        lambda live, tx, who: features_out(features(live, tx, who, item, names=names)),
    )
