"""How much does each part of a score weigh, and how much is explored? Every number in one place."""

from pydantic import BaseModel, ConfigDict, Field

from learnloop.core.types import ContentType, ItemKind, ProgressionRate

KINDS_OF: dict[ContentType, frozenset[ItemKind]] = {
    ContentType.VISUAL: frozenset((ItemKind.VIDEO,)),
    ContentType.ANALYTICAL: frozenset((ItemKind.READING,)),
    ContentType.INTERACTIVE: frozenset((ItemKind.EXERCISE, ItemKind.CHARACTER)),
    ContentType.MIXED: frozenset(),
}
"""Which kinds of items a preferred content type favours, a little."""


class Weights(BaseModel):
    """Weights of the parts of a score; each part is in [0, 1], the weights add up to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: float = Field(0.30, description="The chance of a right answer is in the target band.")
    gap: float = Field(0.20, description="How far the skill is below the target.")
    review: float = Field(0.15, description="A review is due and the skill is fading.")
    goal: float = Field(0.15, description="The learner's goal names the skill or needs it.")
    unlocks: float = Field(0.05, description="Other skills wait for this one.")
    doubt: float = Field(0.05, description="The estimate of the skill is unsure.")
    retry: float = Field(
        0.05,
        description="The learner's last answer to this item was wrong, and now it can be done.",
    )
    preference: float = Field(0.03, description="The kind of content the learner prefers.")
    time: float = Field(0.02, description="It fits the minutes the learner has.")


class Config(BaseModel):
    """The recommendation policy's settings; part of its version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: Weights = Weights()
    bands: dict[ProgressionRate, tuple[float, float]] = Field(
        {
            ProgressionRate.SLOW: (0.77, 0.90),
            ProgressionRate.MODERATE: (0.70, 0.85),
            ProgressionRate.FAST: (0.60, 0.78),
        },
        description="Target band of P(correct) by the progression rate that the learner chose.",
    )
    easy_edge: float = Field(
        0.30, gt=0, description="How far above the band the zone part reaches 0."
    )
    target: float = Field(
        0.85, gt=0, lt=1, description="Mastery to reach where the learner's goal names none."
    )
    needed_for_goal: float = Field(
        0.6, ge=0, le=1, description="Goal part of a skill that only leads to a named one."
    )
    epsilon: float = Field(
        0.1, ge=0, le=1, description="Share of positions drawn from the shortlist by softmax."
    )
    shortlist: int = Field(8, ge=1, description="How many remaining items exploration draws from.")
    temperature: float = Field(0.05, gt=0, description="Softmax temperature, in units of score.")
    same_skill_penalty: float = Field(
        0.05, ge=0, description="Taken off per item of the same skill earlier in the slate."
    )
    pool: int = Field(256, ge=1, description="The best-scored items that a slate is drawn from.")
