"""What does one ask a model over HTTP, and what does it say?"""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from learnloop.api.schemas.fields import Body, Id, Reply

MAX_ITEMS = 200
WHICH = "give either inputs, or userId and perhaps itemIds"


class PredictIn(Body):
    """A question: the model's own inputs, or a learner and items whose features are looked up."""

    inputs: dict[str, list[Any]] | None = Field(
        None, description="Each input of the model by name; the first axis is the batch."
    )
    userId: Id | None = Field(  # noqa: N815 -- the word of the public contract
        None,
        description="The learner. With `inputs` it only says whether the challenger is asked.",
    )
    itemIds: Annotated[list[Id], Field(min_length=1, max_length=MAX_ITEMS)] | None = Field(  # noqa: N815
        None, description="What is asked about: a row each."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.inputs is None) == (self.userId is None) and self.inputs is None:
            raise PydanticCustomError("which", WHICH)
        if self.inputs is not None and self.itemIds is not None:
            raise PydanticCustomError("which", WHICH)
        return self


class ServedReasonOut(Reply):
    """What went wrong before there was an answer."""

    code: str = Field(description="`fell_back`: a version was passed over.")
    detail: dict[str, str] = Field(description="`from`: which version; `why`: see the docs.")


class PredictOut(Reply):
    """An answer, and where it comes from."""

    outputs: dict[str, list[Any]] = Field(
        description="Each output of the model by name; the first axis is the batch."
    )
    model: str = Field(description="`name@version` of who answered; `SLOT@rule` if no model could.")
    role: str = Field(description="champion, challenger, previous or rule")
    reasons: list[ServedReasonOut]
    degraded: bool = Field(description="The champion before, or no model, answered.")
