"""How likely is the next answer right, from the features alone? A small network on all of them.

    p = sigmoid(a f(z) + b),   z = the features, filled, clipped and scaled as training rows say

f is a perceptron. How features become z (`features.normalise`) is part of the graph, so nothing has
to be prepared where it is served: a vector goes in as it is, NaN where a feature is unknown. a and
b are fitted on learners that the weights were not fitted on (Platt, 1999).

Start with `fit`; `train.py` has the network.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field

from learnloop.core.artifact import Artifact
from learnloop.core.errors import FeatureMismatch
from learnloop.core.protocols import Predictor
from learnloop.core.search_space import Choice, Float, Space
from learnloop.core.types import Ref
from learnloop.features.definition import Feature
from learnloop.features.rows import FeatureRows
from learnloop.models import runtime
from learnloop.models.tracing.held_back import require_enough
from learnloop.models.tracing.of_features import specs

if TYPE_CHECKING:
    from learnloop.models.train.checkpoint import Checkpoints
    from learnloop.models.train.loop import Report, Tracker

__all__ = ["GOES_ON", "MARGIN", "NAME", "RULE", "SLOT", "SPACE", "Config", "fit", "load"]

NAME: Final = "feature_net"
SLOT: Final = NAME
MARGIN: Final = 0.005
"""How much better, relative in log loss, a new version has to be; it is fitted on the same
features, so what is to be gained is small."""
GOES_ON: Final = True
"""A fit can begin with the weights of an earlier one."""
RULE: Final[Mapping[str, float]] = {"p_correct": 0.65}
"""What is said when no version can be asked."""


class Config(BaseModel):
    """What can be set.

    Attributes:
        hidden: Widths of the perceptron's layers.
        dropout: Of its units while training.
        epochs: At most; the best one on the validation learners is taken.
        batch_size: Answers in a batch.
        learning_rate: The highest; it falls along a cosine.
        weight_decay: Of all weights.
        patience: Stop after so many epochs that brought nothing better.
        validation: Share of the training learners that say when to stop, and how sure to be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden: tuple[int, ...] = (64, 32)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    epochs: int = Field(default=12, ge=1)
    batch_size: int = Field(default=512, ge=1)
    learning_rate: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    patience: int = Field(default=3, ge=1)
    validation: float = Field(default=0.15, gt=0, lt=1)


SPACE: Final[Space] = {
    "learning_rate": Float(3e-4, 1e-2, log=True),
    "weight_decay": Float(1e-4, 1e-1, log=True),
    "dropout": Float(0.0, 0.4),
    "hidden": Choice(("[32]", "[64, 32]", "[128, 64]", "[256, 128]")),
    "batch_size": Choice((256, 512, 1024)),
}
"""What a search may try."""


def fit(
    rows: FeatureRows,
    features: Sequence[Feature],
    config: Config | None = None,
    *,
    version: str,
    seed: int,
    created_at: datetime,
    parent: Artifact | None = None,
    checkpoints: "Checkpoints | None" = None,
    report: "Report | None" = None,
    tracker: "Tracker | None" = None,
) -> Artifact:
    """Fit the network on training learners, export it, and check what was exported.

    Args:
        rows: Answers of training learners only.
        features: What the columns of `rows` are.
        config: None = the defaults, or the parent's.
        version: The version part of the model's ref.
        seed: Of first weights, batches, and who validates.
        created_at: Written into the manifest.
        parent: Go on from its weights, with its way of scaling, instead of from nothing.
        checkpoints: Where a killed run goes on from.
        report: Told of every epoch; may ask to stop.
        tracker: Told of every epoch.

    Raises:
        DataError: Fewer than 200 answers, or of one learner, or all right or all wrong.
        FeatureMismatch: The parent was fitted on other features.
        ArtifactError: What was exported answers in another way than what was trained.
    """
    from learnloop.models.tracing.feature_net import train  # noqa: PLC0415 - needs torch

    require_enough(rows.correct, rows.learner)
    if parent is not None:
        _require(parent.manifest.features, rows.ref)
        config = config or Config(**parent.manifest.config)
    config = config or Config()
    made = train.train(
        rows, features, config, seed, parent=parent, checkpoints=checkpoints, report=report,
        tracker=tracker,
    )  # fmt: skip
    inputs, outputs = specs(len(rows.names))
    artifact = Artifact.build(
        Ref(NAME, version),
        NAME,
        created_at,
        made.files,
        inputs=inputs,
        outputs=outputs,
        features=str(rows.ref),
        parent=None if parent is None else parent.ref,
        config=config.model_dump(mode="json"),
        libraries=made.libraries,
    )
    load(artifact)
    return artifact


def load(artifact: Artifact) -> Predictor:
    """The network of an artifact, checked.

    Raises:
        ArtifactError: See `models.runtime.load`.
    """
    return runtime.load(artifact)


def _require(found: str | None, wanted: Ref) -> None:
    if found != str(wanted):
        raise FeatureMismatch(
            f"the parent was fitted on {found}, these rows are of {wanted}: fit from nothing"
        )
