"""Which features are there? One module per family, one declaration per feature.

`parts.py` names what several of them are made of. To add a feature, write one declaration; the
documentation page, both computations and their parity tests follow from it.
"""

from learnloop.features.definition import Feature
from learnloop.features.definitions import interaction, items, load, performance, temporal

VERSION = 1
"""Grows when a definition changes or is added; states of another version are rebuilt."""

FEATURES: tuple[Feature, ...] = (
    *temporal.FEATURES,
    *interaction.FEATURES,
    *performance.FEATURES,
    *load.FEATURES,
    *items.FEATURES,
)
