"""How does an embedding platform feed learnloop, and keep its models fresh? With two calls.

pipeline = PersonalizationDataPipeline(engine)
pipeline.process_user_data(interactions)      # as they happen
pipeline.update_models()                      # every night or week
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from learnloop.core.ids import LearnerId
from learnloop.core.registry import ModelRole
from learnloop.core.types import Interaction
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.results import FeatureVector, Receipt
from learnloop.models.index import DEFAULT, MODELS, PREDICTORS

if TYPE_CHECKING:
    from learnloop.training.retraining import Report


@dataclass(frozen=True, slots=True)
class ProcessedData:
    """What came of some interactions.

    Attributes:
        receipt: What was new, what was known, and what was refused and why.
        features: What is known now of each learner of whom something was accepted.
    """

    receipt: Receipt
    features: Mapping[LearnerId, FeatureVector]


class PersonalizationDataPipeline:
    """Data in, models out, around an engine.

    Stability: experimental.
    """

    def __init__(self, engine: PersonalizationEngine) -> None:
        self._engine = engine

    def process_user_data(self, user_interactions: Sequence[Interaction]) -> ProcessedData:
        """Record interactions, each once, and read the features of their learners.

        Raises:
            StoreUnavailable: The database can't take the work now; nothing was recorded.
        """
        engine = self._engine
        receipt = engine.record(user_interactions)
        refused = {rejection.line for rejection in receipt.rejected}
        learners = dict.fromkeys(
            x.learner_id for i, x in enumerate(user_interactions) if i not in refused
        )
        return ProcessedData(receipt, {who: engine.features(who) for who in learners})

    def update_models(
        self,
        models: Sequence[str] | None = None,
        *,
        window: timedelta | None = None,
        incremental: bool = False,
    ) -> "tuple[Report, ...]":
        """Retrain models on the log; each takes over only if it is better (`engine.retrain`).

        Args:
            models: Their names; by default the one that serves, and all others that have a
                champion.
            window: Learn from answers of this long only; None: all.
            incremental: Go on from the champions' checkpoints, where models can.

        Raises:
            InvalidInput: There is no model of that name.
            DataError: There is too little to learn from.
        """
        names = self._in_service() if models is None else models
        return tuple(
            self._engine.retrain(name, window=window, incremental=incremental) for name in names
        )

    def _in_service(self) -> list[str]:
        with self._engine.store.begin(write=False) as tx:
            champions = {a.ref.name for a in tx.models.aliases() if a.role is ModelRole.CHAMPION}
        known = [name for name in (*MODELS, *PREDICTORS) if name in champions]
        return known or [DEFAULT]
