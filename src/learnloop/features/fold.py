"""How are all features kept up to date for one learner? As a fold like any other.

The version of the fold holds a digest of the definitions and that of the item statistics: a changed
definition or a new snapshot is another fold, and its states are rebuilt from the log.
"""

from datetime import datetime
from functools import cache

import numpy as np

from learnloop.core.errors import FeatureMismatch
from learnloop.core.ids import LearnerId
from learnloop.core.time import to_us
from learnloop.core.types import Floats, Interaction, Item, Ref
from learnloop.features.definition import Feature
from learnloop.features.definitions import FEATURES, VERSION
from learnloop.features.digest import digest
from learnloop.features.moments import NO_ITEM, Moment, at_ms, event_part, item_part, time_of
from learnloop.features.online import Compiled, FeatureState, compile_features
from learnloop.features.statistics import NOTHING, ItemStatistics

NAME = "features"


class FeatureFold:
    """All features of `definitions`, as a `Fold`; frozen, and safe to share between threads.

    Attributes:
        ref: `features@<version>-<digest of the definitions>-<version of the statistics>`.
        features: What a vector holds, in its order.
        defaults: (n_features,) what stands in where one is unknown; NaN where nothing does.
        column_of: Where a feature stands in a vector, by name.
    """

    state_type = FeatureState

    def __init__(self, statistics: ItemStatistics = NOTHING) -> None:
        self.ref = Ref(NAME, f"{VERSION}-{_definitions()}-{statistics.version}")
        self.features: tuple[Feature, ...] = FEATURES
        self.defaults = np.array([x.default for x in FEATURES])
        self.column_of = {x.name: i for i, x in enumerate(FEATURES)}
        self.statistics = statistics
        self._compiled = _compiled()
        self._items: dict[str, tuple[Item, Moment]] = {}

    def start(self, learner_id: LearnerId) -> FeatureState:
        """The state before the first event."""
        return self._compiled.start

    def update(self, state: FeatureState, interaction: Interaction, item: Item) -> FeatureState:
        """The state after one more event of any kind."""
        moment = (time_of(interaction), *self._of(item), *event_part(interaction))
        return self._compiled.update(state, moment, item.skills)

    def vector(self, state: FeatureState, at: datetime, item: Item | None = None) -> Floats:
        """(n_features,) what is known at an instant; NaN where it is not.

        Args:
            state: Of the events before that instant.
            item: What is asked about; without one, all that belongs to skills and items is unknown.
        """
        part = NO_ITEM if item is None else self._of(item)
        skills = () if item is None else item.skills
        moment = (at_ms(to_us(at)), *part)
        return np.array(self._compiled.read(state, moment, skills), dtype=np.float64)

    def _of(self, item: Item) -> Moment:
        kept = self._items.get(item.item_id)
        if kept is None or kept[0] is not item:
            kept = self._items[item.item_id] = (item, item_part(item, self.statistics.facts(item)))
        return kept[1]


def require_features(given: Ref, trained_on: Ref) -> None:
    """Pass if a model gets the features that it was trained on.

    Raises:
        FeatureMismatch: They are of other definitions or other item statistics.
    """
    if given != trained_on:
        raise FeatureMismatch(
            f"the model was trained on {trained_on} and is given {given}; fit it again on {given}, "
            f"or load the statistics of {trained_on}"
        )


@cache
def _definitions() -> str:
    return digest(FEATURES)[:8]


@cache
def _compiled() -> Compiled:
    return compile_features([x.value for x in FEATURES])
