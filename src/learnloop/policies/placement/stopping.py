"""Is it enough? A placement ends when it is precise, when it is long, or when nothing is left."""

from enum import StrEnum

from learnloop.policies.placement.ability import Ability
from learnloop.policies.placement.config import Config


class Stop(StrEnum):
    """Why a placement ended."""

    PRECISE = "precise"  # the standard error reached its target
    LONG = "long"  # the most questions were asked
    NOTHING_LEFT = "nothing_left"  # no question is left that may be asked


def why_stop(ability: Ability, n_asked: int, n_left: int, config: Config) -> Stop | None:
    """Why to ask no more; None where the next question is to come.

    Args:
        n_asked: How many questions were asked, also those that say nothing.
        n_left: How many may still be asked.
    """
    if n_asked >= config.min_items and ability.stddev <= config.se_target:
        return Stop.PRECISE
    if n_asked >= config.max_items:
        return Stop.LONG
    return Stop.NOTHING_LEFT if n_left == 0 else None
