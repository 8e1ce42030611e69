"""How likely is the next answer right, from the features alone? Boosted trees on all of them.

    p = sigmoid(a mean_k f_k(x) + b),   f_k = sum of its trees' leaves

Training learners are dealt into folds. Model k learns from the other folds and stops when fold k no
longer gets better; a and b are fitted on what each model says of its own fold, which it did not
learn from (Platt, 1999). All trees go into one node of one ONNX graph. A feature that is unknown
(NaN) goes the way that its split found better in training.

Start with `fit`; `train.py` grows the trees, `graph.py` writes them down.

Reference: Friedman (2001), Greedy function approximation; Ke et al. (2017), LightGBM.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field

from learnloop.core.artifact import Artifact
from learnloop.core.errors import InvalidInput
from learnloop.core.protocols import Predictor
from learnloop.core.search_space import Float, Int, Space
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

NAME: Final = "boosted"
SLOT: Final = NAME
MARGIN: Final = 0.005
"""How much better, relative in log loss, a new version has to be; as of `feature_net`."""
GOES_ON: Final = False
"""Trees are grown anew: there are no weights to go on from."""
RULE: Final[Mapping[str, float]] = {"p_correct": 0.65}
"""What is said when no version can be asked."""


class Config(BaseModel):
    """What can be set.

    Attributes:
        folds: Of learners; as many models are averaged.
        rounds: Trees of a model, at most.
        patience: A model stops after so many trees that brought its fold nothing.
        learning_rate: Share of what a tree says that is taken.
        leaves: Of a tree, at most.
        min_rows: Answers in a leaf, at least.
        feature_share: Of the features, drawn for every tree.
        row_share: Of the answers, drawn for every tree.
        ridge: Penalty on the leaves.
        bins: That a feature's values are sorted into while training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folds: int = Field(default=5, ge=2)
    rounds: int = Field(default=2000, ge=1)
    patience: int = Field(default=40, ge=1)
    learning_rate: float = Field(default=0.06, gt=0)
    leaves: int = Field(default=31, ge=2)
    min_rows: int = Field(default=100, ge=1)
    feature_share: float = Field(default=0.3, gt=0, le=1)
    row_share: float = Field(default=0.7, gt=0, le=1)
    ridge: float = Field(default=20.0, ge=0)
    bins: int = Field(default=127, ge=2)


SPACE: Final[Space] = {
    "learning_rate": Float(0.02, 0.15, log=True),
    "leaves": Int(8, 96, log=True),
    "min_rows": Int(20, 400, log=True),
    "feature_share": Float(0.1, 0.8),
    "ridge": Float(1.0, 100.0, log=True),
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
    """Grow the trees on training learners, write them as a graph, and check what was written.

    Args:
        rows: Answers of training learners only.
        features: What the columns of `rows` are; trees need nothing of them but their order.
        config: None = the defaults.
        version: The version part of the model's ref.
        seed: Of the folds, and of what every tree draws.
        created_at: Written into the manifest.
        parent: Refused, see Raises.
        checkpoints: Refused, see Raises.
        report: Told of every fold as of an epoch; may ask to grow no model for the others.
        tracker: Told of every fold.

    Raises:
        InvalidInput: There is a parent to go on from, or checkpoints are to be kept.
        DataError: Fewer than 200 answers, or of one learner, or all right or all wrong.
        ArtifactError: The graph answers in another way than the trees.
    """
    from learnloop.models.tracing.boosted import train  # noqa: PLC0415 - needs lightgbm

    if parent is not None:
        raise InvalidInput("parent: trees are grown anew; fit without a parent", field="parent")
    if checkpoints is not None:
        raise InvalidInput(
            "checkpoints: trees are grown in a minute, nothing is kept on the way; leave them out",
            field="checkpoints",
        )
    require_enough(rows.correct, rows.learner)
    config = config or Config()
    made = train.train(rows, config, seed, report=report, tracker=tracker)
    inputs, outputs = specs(len(rows.names))
    artifact = Artifact.build(
        Ref(NAME, version),
        NAME,
        created_at,
        made.files,
        inputs=inputs,
        outputs=outputs,
        features=str(rows.ref),
        config=config.model_dump(mode="json"),
        libraries=made.libraries,
    )
    load(artifact)
    return artifact


def load(artifact: Artifact) -> Predictor:
    """The trees of an artifact, checked.

    Raises:
        ArtifactError: See `models.runtime.load`.
    """
    return runtime.load(artifact)
