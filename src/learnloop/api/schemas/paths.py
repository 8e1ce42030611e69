"""What does a learning path look like?"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from learnloop.api.schemas.fields import Body, Id, Reply, Share, Word
from learnloop.core.items import ItemTable
from learnloop.core.records import LearningPath, StepStatus


class PathUpdateIn(Body):
    """Plan the path again, for other priorities where some are given."""

    reason: Word = "asked for"
    priority_areas: Annotated[list[Id], Field(max_length=500)] | None = Field(
        None, description="Skill ids; empty = the whole catalog."
    )


class PathStepOut(Reply):
    """One skill of the path."""

    skill_id: str
    name: str
    status: StepStatus
    level: Share = Field(description="The estimate when the path was made.")
    minutes: float = Field(ge=0, description="Expected from here.")
    item_ids: list[str]
    waits_for: list[str] = Field(description="Prerequisites that are not known yet.")


class PathChangeOut(Reply):
    """Why and when the path was planned again."""

    changed_at: datetime
    reason: str


class PathOut(Reply):
    """The steps to the goal, prerequisites first."""

    userId: str  # noqa: N815 -- the word of the public contract
    created_at: datetime
    updated_at: datetime
    current_position: int = Field(description="The first step that is not done.")
    minutes_low: float = Field(ge=0, description="With `minutes_high`, the time that is left.")
    minutes_high: float = Field(ge=0)
    steps: list[PathStepOut]
    adaptation_history: list[PathChangeOut]
    version: int


def path_out(path: LearningPath, items: ItemTable) -> PathOut:
    """A path by the names of the public contract; `items` knows the skills' names."""
    names = {skill.skill_id: skill.name for skill in items.skills}
    return PathOut(
        userId=path.learner_id,
        created_at=path.created_at,
        updated_at=path.updated_at,
        current_position=path.position,
        minutes_low=path.minutes_low,
        minutes_high=path.minutes_high,
        steps=[
            PathStepOut(
                skill_id=step.skill_id,
                name=names.get(step.skill_id, step.skill_id),
                status=step.status,
                level=step.mastery,
                minutes=step.minutes,
                item_ids=list(step.item_ids),
                waits_for=list(step.waits_for),
            )
            for step in path.steps
        ],
        adaptation_history=[
            PathChangeOut(changed_at=change.changed_at, reason=change.reason)
            for change in path.history
        ],
        version=path.version,
    )
