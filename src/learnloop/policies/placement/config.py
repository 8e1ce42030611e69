"""How long is a placement, how sure must it be, and how much is left to chance? Every number."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Criterion(StrEnum):
    """Where the information of an item is looked up."""

    POINT = "point"  # at the ability as it is estimated now
    POSTERIOR = "posterior"  # averaged over all abilities, as likely as each is now


class Config(BaseModel):
    """The placement's settings; part of the policy's version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prior_mean: float = Field(0.0, description="Of abilities, in units of the bank.")
    prior_stddev: float = Field(1.0, gt=0, description="Of abilities, in units of the bank.")
    n_grid: int = Field(
        101, ge=21, description="Abilities at which the posterior is kept, evenly spaced."
    )
    grid_stddevs: float = Field(
        5.0, ge=3, description="How far the grid reaches, in prior standard deviations."
    )
    criterion: Criterion = Field(
        Criterion.POINT, description="Where the information of an item is looked up."
    )
    se_target: float = Field(
        0.3, gt=0, description="It ends when the ability's standard error is at most this."
    )
    min_items: int = Field(5, ge=1, description="But not before so many answers.")
    max_items: int = Field(30, ge=1, description="And in any case after so many.")
    shortlist: int = Field(
        5, ge=1, description="The next item is drawn from so many of the most informative, evenly."
    )
