"""How are the trees grown? By LightGBM, a model for each fold of learners, then two numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from learnloop.core.errors import ArtifactError
from learnloop.core.types import Bools, Floats, Ints
from learnloop.features.rows import FeatureRows
from learnloop.models.runtime import GOLDEN_FILE, MODEL_FILE, golden_file, open_session
from learnloop.models.tracing.boosted import Config
from learnloop.models.tracing.boosted.graph import graph
from learnloop.models.tracing.platt import platt

if TYPE_CHECKING:
    from learnloop.models.train.loop import Report, Tracker

TOLERANCE = 1e-5
"""How far the graph may be from the trees; sums in single precision differ by 1e-6."""
N_GOLDEN = 64
N_CHECKED = 4096


@dataclass(frozen=True, slots=True)
class Grown:
    """What is kept of a fit."""

    files: Mapping[str, bytes]
    libraries: Mapping[str, str]


def train(
    rows: FeatureRows,
    config: Config,
    seed: int,
    *,
    report: "Report | None" = None,
    tracker: "Tracker | None" = None,
) -> Grown:
    """Grow, calibrate and write; see `fit` for the arguments."""
    fold = _deal(rows.learner, config.folds, seed)
    models: list[lightgbm.Booster] = []
    said, judged = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.bool_)
    for k in range(int(fold.max()) + 1):
        own = fold == k
        models.append(_grown(rows, own, config, seed + k))
        said[own] = models[-1].predict(rows.x[own], raw_score=True)
        judged |= own
        figures = _figures(models[-1], said[own], rows.correct[own])
        if tracker is not None:
            tracker.on_epoch(k, figures)
        if report is not None and report(k, figures):
            break
    scale, shift = platt(said[judged], rows.correct[judged])
    dumps = [model.dump_model(num_iteration=model.best_iteration) for model in models]
    made = graph(dumps, len(rows.names), scale, shift)
    some = rows.x[np.linspace(0, len(rows) - 1, N_CHECKED).astype(np.int64)]
    logit = np.mean([model.predict(some, raw_score=True) for model in models], axis=0)
    p = 1.0 / (1.0 + np.exp(-scale * logit - shift))
    _require_equal(made, some, p)
    golden = golden_file(
        [
            ({"features": some[:n]}, {"p_correct": p[:n].astype(np.float32)})
            for n in (1, 2, N_GOLDEN)
        ]
    )
    libraries = {x.__name__: x.__version__ for x in (lightgbm, onnx, onnxruntime)}
    return Grown({MODEL_FILE: made, GOLDEN_FILE: golden}, libraries)


def _deal(learner: Ints, n_folds: int, seed: int) -> Ints:
    """(n,) the fold of each row's learner; no fold is empty."""
    codes, row = np.unique(learner, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(codes)) % min(n_folds, len(codes))
    fold: Ints = dealt[row]
    return fold


def _grown(rows: FeatureRows, own: Bools, config: Config, seed: int) -> lightgbm.Booster:
    """A model of the other folds, as long as its own fold gets better."""
    parameters: dict[str, Any] = {
        "objective": "binary",
        "learning_rate": config.learning_rate,
        "num_leaves": config.leaves,
        "min_data_in_leaf": config.min_rows,
        "feature_fraction": config.feature_share,
        "bagging_fraction": config.row_share,
        "bagging_freq": 1,
        "lambda_l2": config.ridge,
        "max_bin": config.bins,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    others = lightgbm.Dataset(rows.x[~own], rows.correct[~own])
    judge = lightgbm.Dataset(rows.x[own], rows.correct[own], reference=others)
    patience = lightgbm.early_stopping(config.patience, verbose=False)
    return lightgbm.train(parameters, others, config.rounds, [judge], callbacks=[patience])


def _figures(model: lightgbm.Booster, logit: Floats, correct: Ints) -> dict[str, float]:
    """How a model does on its own fold."""
    loss = np.logaddexp(0.0, np.where(correct == 1, -logit, logit)).mean()
    return {"loss": float(loss), "trees": float(model.best_iteration)}


def _require_equal(made: bytes, x: NDArray[np.float32], wanted: Floats) -> None:
    """Refuse a graph that answers in another way than the trees.

    Raises:
        ArtifactError: It does.
    """
    session = open_session(made, "the forest")
    (found,) = session.run(["p_correct"], {"features": x})
    off = float(np.abs(found - wanted).max())
    if not off <= TOLERANCE:
        raise ArtifactError(f"the graph is off by {off:.3g} from the trees it was written from")
