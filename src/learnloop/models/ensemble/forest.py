"""How do trees on the features serve as an estimator? Their state is that of the features.

The trees are those of `models.tracing.boosted`; what goes into them is `features.fold`, with the
item statistics that they were fitted with.
"""

from datetime import datetime
from typing import Final, final

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import ArtifactError
from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import EPOCH
from learnloop.core.types import Estimate, Interaction, Item, Ref, Target
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import FeatureFold, require_features
from learnloop.features.online import FeatureState
from learnloop.features.statistics import ItemStatistics
from learnloop.models.runtime import GOLDEN_FILE, MODEL_FILE
from learnloop.models.tracing import boosted
from learnloop.models.tracing.of_features import specs
from learnloop.models.tracing.packing import Packed, pack, unpack

NAME: Final = boosted.NAME
FORM: Final = "learnloop/forest/1"
STATISTICS: Final = "statistics"
N_FOLDS: Final = 5


@final
class Forest:
    """A member of an ensemble; frozen, and safe to share between threads.

    Attributes:
        ref: `boosted@version`.
        state_type: That of the features.

    Args:
        packed: The graph, its features' ref and their item statistics.

    Raises:
        ArtifactError: See `packing.Packed.session`.
        FeatureMismatch: This release computes other features.
    """

    state_type = FeatureState

    def __init__(self, packed: Packed) -> None:
        self.ref = Ref(NAME, str(packed.about["version"]))
        self._packed = packed
        statistics = ItemStatistics.load(packed.arrays[STATISTICS].tobytes())
        self._fold = FeatureFold(statistics)
        require_features(self._fold.ref, Ref.parse(str(packed.about["features"])))
        inputs, outputs = specs(len(FEATURES))
        self._graph = packed.session(self.ref, inputs, outputs)

    def start(self, learner_id: LearnerId) -> FeatureState:
        """The state of a learner of whom nothing is known."""
        return self._fold.start(learner_id)

    def update(self, state: FeatureState, interaction: Interaction, item: Item) -> FeatureState:
        """The state after one more interaction of any kind."""
        return self._fold.update(state, interaction, item)

    def p_correct(self, state: FeatureState, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), [0, 1]."""
        x = self._fold.vector(state, at, item).astype(np.float32)[None]
        return float(self._graph.predict({"features": x})["p_correct"][0])

    def predict(self, state: FeatureState, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table, values (n_items,); it knows no stddev: 0."""
        x = np.empty((len(items), len(FEATURES)), dtype=np.float32)
        for row, item in zip(x, items.items, strict=True):
            row[:] = self._fold.vector(state, at, item)
        none = np.zeros(len(items))
        p = self._graph.predict({"features": x})["p_correct"].astype(np.float64) if len(x) else none
        return Estimate(Target.CORRECT, p, none, self.ref, at)

    def export(self) -> bytes:
        """The trees, and the item statistics of their features."""
        return pack(FORM, self._packed)


def fit(
    data: AnswerLog,
    config: boosted.Config | None = None,
    *,
    version: str,
    rng: np.random.Generator,
) -> Forest:
    """Grow the trees on training learners; their rows read item statistics of other folds.

    Raises:
        DataError: There is too little to learn from.
    """
    # Only here: they bring polars, which a serving process has no use for.
    from learnloop.models.ability.folded_rows import two_sides  # noqa: PLC0415
    from learnloop.models.ability.item_statistics import deal  # noqa: PLC0415

    sides = two_sides(data, deal(len(data.learner_ids), N_FOLDS, rng))
    seed = int(rng.integers(2**31))
    made = boosted.fit(sides.train, FEATURES, config, version=version, seed=seed, created_at=EPOCH)
    statistics = np.frombuffer(sides.statistics.export(), dtype=np.uint8)
    about = {"version": version, "features": made.manifest.features}
    files = made.file(MODEL_FILE), made.file(GOLDEN_FILE)
    return Forest(Packed(about, {STATISTICS: statistics}, *files))


def load(artifact: bytes) -> Forest:
    """The trees that `Forest.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another form; onnxruntime is missing.
        FeatureMismatch: This release computes other features: fit again.
    """
    packed = unpack(FORM, artifact)
    try:
        return Forest(packed)
    except KeyError as error:
        raise ArtifactError(f"the artifact of {FORM} lacks {error}") from None
