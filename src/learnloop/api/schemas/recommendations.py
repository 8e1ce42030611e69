"""What does a recommendation look like, and the feedback on it? Never with the answer's key."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from learnloop.api.schemas.fields import Body, Id, Reply, Share
from learnloop.core.types import ItemKind, Metric

MAX_LIMIT = 100
# Facts of the policy, not of the learner: logged with the decision, never sent.
INTERNALS = frozenset({"propensity"})


class ItemOut(Reply):
    """An item as a learner may see it: no answer key, no author's guess of the difficulty."""

    item_id: str
    kind: ItemKind
    title: str
    text: str
    skills: list[str]
    choices: list[str] = Field(description="Options to choose from; empty for a free answer.")
    n_hints: int = Field(ge=0)
    expected_seconds: float | None


class ReasonOut(Reply):
    """One reason, as data and as a sentence; it names facts of the learner's own record."""

    code: str
    weight: float
    detail: dict[str, str | int | float]
    sentence: str


class RecommendationOut(Reply):
    """One item to study next, and why."""

    recommendation_id: str = Field(description="Feedback refers to it.")
    item: ItemOut
    score: float = Field(description="Comparable inside one decision only.")
    p_correct: Share | None = Field(description="Chance of a right answer now.")
    reasons: list[ReasonOut]


class RecommendationsOut(Reply):
    """One logged decision; `decision_id` goes with the interactions that follow from it."""

    decision_id: str
    userId: str  # noqa: N815 -- the word of the public contract
    decided_at: datetime
    policy: str
    models: list[str]
    recommendations: list[RecommendationOut]


class FeedbackIn(Body):
    """What the learner made of a recommendation: an action, a rating, or both."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    # None is never sent: it stands for what was left out.
    action: Literal["accepted", "dismissed", "completed"] = None  # type: ignore[assignment]
    rating: Annotated[int, Field(ge=1, le=5)] = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give an action, a rating, or both")
        return self


class OutcomeOut(Reply):
    """One thing that was logged about a recommendation."""

    metric: Metric
    value: float
    observed_at: datetime


class FeedbackOut(Reply):
    """What was logged; the same feedback again changes nothing."""

    recommendation_id: str
    outcomes: list[OutcomeOut]


class GenerateIn(Body):
    """Ask for a learner's next items."""

    userId: Id  # noqa: N815
    limit: int = Field(5, ge=1, le=MAX_LIMIT)
    type: Annotated[ItemKind, Field(strict=False)] | None = None
