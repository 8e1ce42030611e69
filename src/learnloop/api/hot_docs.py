"""How do the hot routes look in the OpenAPI document? Like the others: by a signature.

These functions are never called. `api.hot` serves the routes, and the tests hold both to the same
paths, bodies and replies.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query

from learnloop.api.callers import MayRecommend, MayRecord, MayRun
from learnloop.api.hot import DEFAULT_N
from learnloop.api.schemas.interactions import Batch, InteractionIn, ReceiptOut
from learnloop.api.schemas.predict import PredictIn, PredictOut
from learnloop.api.schemas.recommendations import (
    MAX_LIMIT,
    FeedbackIn,
    FeedbackOut,
    RecommendationsOut,
)
from learnloop.api.work import WITH_BODY, UserId, problems
from learnloop.core.types import ItemKind

router = APIRouter()


@router.post(
    "/api/interactions",
    response_model=ReceiptOut,
    tags=["interactions"],
    responses=problems(404, 409, *WITH_BODY),
)
async def record_interactions(
    key: MayRecord,
    interactions: Annotated[InteractionIn | Batch, Body()],
) -> None:
    """Record what learners did: one interaction, or up to 1,000.

    One object is taken whole or refused (404 unknown learner, 409 known id with other content, 422
    a wrong field). Of an array the good elements are kept and the receipt names the others. An
    interaction that is known already counts as a duplicate and changes nothing, so sending again is
    always safe.
    """


@router.get(
    "/api/users/{userId}/recommendations",
    response_model=RecommendationsOut,
    tags=["recommendations"],
    responses=problems(404, 422),
)
async def get_recommendations(
    key: MayRecommend,
    user_id: UserId,
    kind: Annotated[
        ItemKind | None, Query(alias="type", description="Only items of this kind.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_N,
) -> None:
    """What to study next, and why.

    Each request is a decision and is logged, so ask when the learner is about to see the answer.
    """


@router.post(
    "/api/users/{userId}/recommendations/{recommendationId}/feedback",
    response_model=FeedbackOut,
    tags=["recommendations"],
    responses=problems(404, *WITH_BODY),
)
async def give_feedback(
    key: MayRecommend,
    user_id: UserId,
    recommendation_id: Annotated[str, Path(alias="recommendationId")],
    feedback: FeedbackIn,
) -> None:
    """Say what the learner made of a recommendation; the same again changes nothing.

    A dismissed item is not recommended again for 14 days.
    """


@router.post(
    "/api/ml/models/{name}/predict",
    response_model=PredictOut,
    tags=["back end"],
    responses=problems(404, *WITH_BODY),
)
async def predict(
    key: MayRun,
    name: Annotated[str, Path(description="The model's name.")],
    question: PredictIn,
) -> None:
    """Ask a model: with its own inputs, or about a learner and items.

    The reply says which version answered, in which role, and what went wrong before it, if anything
    did. Nothing is changed.
    """
