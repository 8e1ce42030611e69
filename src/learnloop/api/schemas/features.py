"""What does a vector of features look like?"""

from datetime import datetime
from math import isnan

from pydantic import Field

from learnloop.api.schemas.fields import Reply
from learnloop.journeys.results import FeatureVector


class FeaturesOut(Reply):
    """What a learner's log says, as numbers; docs/features.md has the meaning of each."""

    userId: str  # noqa: N815 -- the word of the public contract
    item_id: str | None = Field(description="What was asked about.")
    ref: str = Field(description="Version of the definitions and of the item statistics.")
    at: datetime = Field(description="The instant that the features are of.")
    as_of: datetime | None = Field(
        description="When the latest interaction in them happened; null = none, or none with a "
        "time."
    )
    age_seconds: float | None = Field(description="From `as_of` to `at`.")
    n_interactions: int = Field(description="How many interactions are in them.")
    values: dict[str, float | None] = Field(
        description="By name; the default where it is unknown, null where there is no default."
    )
    unknown: list[str] = Field(description="Names whose value is not known.")


def features_out(found: FeatureVector) -> FeaturesOut:
    """A vector by the names of the public contract."""
    values = [None if isnan(x) else x for x in found.values.tolist()]
    return FeaturesOut(
        userId=found.learner_id,
        item_id=found.item_id,
        ref=str(found.ref),
        at=found.at,
        as_of=found.as_of,
        age_seconds=found.age_seconds,
        n_interactions=found.n_interactions,
        values=dict(zip(found.names, values, strict=True)),
        unknown=[
            n for n, known in zip(found.names, found.known.tolist(), strict=True) if not known
        ],
    )
