"""Which features are there? One module per family, one declaration per feature.

`parts.py` names what several of them are made of. To add a feature, write one declaration; the
documentation page, both computations and their parity tests follow from it.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from learnloop.core.errors import InvalidInput
from learnloop.features.definition import Feature
from learnloop.features.definitions import (
    expectation,
    interaction,
    items,
    load,
    performance,
    temporal,
)

VERSION = 1
"""Grows with a release that adds features, and when a rule changes that their digest can't see."""

FEATURES: tuple[Feature, ...] = (
    *temporal.FEATURES,
    *interaction.FEATURES,
    *performance.FEATURES,
    *expectation.FEATURES,
    *load.FEATURES,
    *items.FEATURES,
)

BY_NAME = {x.name: x for x in FEATURES}


def named(names: Iterable[str]) -> tuple[Feature, ...]:
    """The features of these names, in their order.

    Raises:
        InvalidInput: There is none of a name; the message says which come close.
    """
    asked = tuple(names)
    for name in asked:
        if name not in BY_NAME:
            close = get_close_matches(name, BY_NAME)
            hint = f"; close to it: {', '.join(close)}" if close else ""
            raise InvalidInput(f"there is no feature {name!r}{hint}", field="features")
    return tuple(BY_NAME[name] for name in asked)
