"""How does the network of the features learn? The shared loop, then two numbers, then ONNX."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learnloop.core.arrays import Arrays, from_bytes, to_bytes
from learnloop.core.artifact import Artifact
from learnloop.core.types import Bools, Floats
from learnloop.features.definition import Feature
from learnloop.features.normalise import Normaliser
from learnloop.features.rows import FeatureRows
from learnloop.models.runtime import GOLDEN_FILE, MODEL_FILE
from learnloop.models.tracing.feature_net import Config
from learnloop.models.tracing.held_back import validates
from learnloop.models.tracing.platt import platt
from learnloop.models.train.checkpoint import Checkpoints
from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.export import export
from learnloop.models.train.loop import ModelTrainer, Report, Tracker
from learnloop.models.train.tasks import binary

WEIGHTS_FILE = "weights.npz"
N_EXAMPLES = 500
_COLUMNS = ("low", "high", "unit", "centre", "weight", "filling")


class FeatureNet(nn.Module):
    """From features to the logit of P(correct).

    Args:
        n_features: How many go in.
        n_indicators: How many of them also say whether they are known.
        hidden: Widths of the layers.
        dropout: Of their units while training.
    """

    low: Tensor
    high: Tensor
    unit: Tensor
    is_log: Tensor
    centre: Tensor
    weight: Tensor
    filling: Tensor
    indicator: Tensor

    def __init__(
        self, n_features: int, n_indicators: int, hidden: Sequence[int], dropout: float
    ) -> None:
        super().__init__()
        for name in _COLUMNS:
            self.register_buffer(name, torch.zeros(n_features))
        self.register_buffer("is_log", torch.zeros(n_features, dtype=torch.bool))
        self.register_buffer("indicator", torch.zeros(n_indicators, dtype=torch.int64))
        width = n_features + n_indicators
        layers: list[nn.Module] = []
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))

    def scale_as(self, normaliser: Normaliser) -> None:
        """Fill, clip and scale features as a normaliser does."""
        low, high, unit, centre, weight, unknown, indicator = map(
            np.array, zip(*normaliser.rules, strict=True)
        )
        is_log = unit > 0
        # What stands in for an unknown value, before it is scaled; a constant has weight 0.
        filling = centre + unknown / np.where(weight > 0, weight, 1.0)
        filling = np.where(is_log, np.expm1(np.where(is_log, filling, 0.0)) * unit, filling)
        unit = np.where(is_log, unit, 1.0)
        columns = dict(zip(_COLUMNS, (low, high, unit, centre, weight, filling), strict=True))
        for name, column in columns.items():
            getattr(self, name).copy_(torch.from_numpy(column))
        self.is_log.copy_(torch.from_numpy(is_log))
        self.indicator.copy_(torch.from_numpy(np.flatnonzero(indicator)))

    def forward(self, features: Tensor) -> Tensor:
        """Logits, (B,).

        Args:
            features: (B, n_features), NaN where unknown.
        """
        nothing = torch.isnan(features)
        x = torch.where(nothing, self.filling, features)
        x = torch.minimum(torch.maximum(x, self.low), self.high)
        # Of columns that can be negative the logarithm may be NaN; it is not taken.
        x = torch.where(self.is_log, torch.log(x / self.unit + 1.0), x)
        scaled = (x - self.centre) * self.weight
        inputs = torch.cat([scaled, nothing[:, self.indicator].to(scaled.dtype)], dim=1)
        logit: Tensor = self.layers(inputs)
        return logit.squeeze(1)


class Served(nn.Module):
    """From features to P(correct), no surer than it may be.

    Args:
        net: What was trained.
        scale: Of its logit.
        shift: Of its logit; both go into the weights of the last layer.
    """

    def __init__(self, net: FeatureNet, scale: float, shift: float) -> None:
        super().__init__()
        self.net = copy.deepcopy(net)
        last = self.net.layers[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.weight.mul_(scale)
            last.bias.mul_(scale).add_(shift)

    def forward(self, features: Tensor) -> Tensor:
        """(B,) in (0, 1)."""
        return torch.sigmoid(self.net(features))


@dataclass(frozen=True, slots=True)
class Trained:
    """What is kept of a run."""

    files: Mapping[str, bytes]
    libraries: Mapping[str, str]


def train(
    rows: FeatureRows,
    features: Sequence[Feature],
    config: Config,
    seed: int,
    *,
    parent: Artifact | None = None,
    checkpoints: Checkpoints | None = None,
    report: Report | None = None,
    tracker: Tracker | None = None,
) -> Trained:
    """Fit, calibrate and export; see `fit` for the arguments."""
    held_out = validates(rows.learner, config.validation, seed)
    build = _fresh(rows, features, config, held_out) if parent is None else _again(parent, config)
    trainer = ModelTrainer(
        TrainerConfig(
            seed=seed,
            epochs=config.epochs,
            batch_size=config.batch_size,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            schedule="cosine",
            patience=config.patience,
        )
    )
    judged = rows.take(held_out)
    result = trainer.fit(
        build,
        binary(),
        _data(rows.take(~held_out)),
        _data(judged),
        checkpoints=checkpoints,
        report=report,
        tracker=tracker,
    )
    net = result.module
    assert isinstance(net, FeatureNet)
    scale, shift = platt(_logits(net, judged.x), judged.correct)
    examples = judged.x[np.linspace(0, len(judged) - 1, N_EXAMPLES).astype(np.int64)]
    exported = export(Served(net, scale, shift), {"features": examples}, ["p_correct"])
    files = {
        MODEL_FILE: exported.model,
        GOLDEN_FILE: exported.golden,
        WEIGHTS_FILE: to_bytes(result.weights),
    }
    libraries = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
    return Trained(files, libraries)


def _fresh(
    rows: FeatureRows, features: Sequence[Feature], config: Config, held_out: Bools
) -> Callable[[], FeatureNet]:
    """First weights by chance, and a scaling from the rows."""
    normaliser = Normaliser.fit(rows.ref, features, rows.x.astype(np.float64), ~held_out)
    n = len(normaliser.names)

    def build() -> FeatureNet:
        net = FeatureNet(n, len(normaliser.inputs) - n, config.hidden, config.dropout)
        net.scale_as(normaliser)
        return net

    return build


def _again(parent: Artifact, config: Config) -> Callable[[], FeatureNet]:
    """The parent's weights, and its scaling."""
    weights = from_bytes(parent.file(WEIGHTS_FILE))

    def build() -> FeatureNet:
        net = FeatureNet(**_shape(weights, config))
        net.load_state_dict({name: torch.tensor(own) for name, own in weights.items()})
        return net

    return build


def _shape(weights: Arrays, config: Config) -> dict[str, Any]:
    return {
        "n_features": len(weights["low"]),
        "n_indicators": len(weights["indicator"]),
        "hidden": list(config.hidden),
        "dropout": config.dropout,
    }


def _data(rows: FeatureRows) -> dict[str, NDArray[np.float32]]:
    return {"features": rows.x, "target": rows.correct.astype(np.float32)}


def _logits(net: FeatureNet, x: NDArray[np.float32]) -> Floats:
    with torch.no_grad():
        parts = np.array_split(x, len(x) // 8192 + 1)
        found = [net(torch.from_numpy(part)).numpy() for part in parts]
    return np.concatenate(found).astype(np.float64)
