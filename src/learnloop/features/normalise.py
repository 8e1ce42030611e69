"""How do features become inputs of a model? Filled, clipped, of like size: as training rows say.

Of each feature, from the training rows where it is known:

    x       clipped to the 0.5% and 99.5% quantiles: an outlier says "very much", not how much
    ln      log(1 + x / u) instead, u the median of what is above 0, where x can't be negative, its
            skewness is above 2, and that of the logarithm is less
    centre  the median
    scale   IQR / 1.349, the standard deviation of a normal distribution with that IQR; at least
            the standard deviation of the clipped x, for features that are mostly one value

An input is (x - centre) / scale. A feature that is unknown gets its default, or the centre where it
has none; one that was unknown in some training rows, but not in all, also has a column that is 1
where it is unknown and 0 elsewhere. What was constant in training gives 0, always.

The vectors of another version of the features are refused, and so are other names or another
order: a model that reads the wrong column gives numbers that look right.
"""

from collections.abc import Sequence
from hashlib import sha256
from math import isfinite, log1p
from sys import float_info
from typing import NamedTuple

import msgspec
import numpy as np

from learnloop.core.errors import ArtifactError, DataError, FeatureMismatch
from learnloop.core.types import Bools, Floats, Ref
from learnloop.features.definition import Feature
from learnloop.features.fold import require_features

FORMAT = "learnloop/normaliser/1"
TAILS = (0.005, 0.995)
SKEWED = 2.0
NORMAL_IQR = 1.349
INDICATOR = "_unknown"


class Rule(NamedTuple):
    """What is done to one feature.

    Attributes:
        low: Least value let through.
        high: Greatest value let through.
        unit: u of log(1 + x / u); 0 where x stays as it is.
        centre: Of x, or of its logarithm.
        weight: 1 / scale; 0 for a constant.
        unknown: The input where the feature is unknown.
        indicator: Whether there is a column that says so.
    """

    low: float
    high: float
    unit: float
    centre: float
    weight: float
    unknown: float
    indicator: bool


class Normaliser:
    """Turns vectors of features into inputs; frozen, the same for one vector and for many.

    Attributes:
        ref: Of the features that it was fitted on.
        names: Their names, in the order of a vector.
        rules: One per feature.
        inputs: The names of the inputs: the features, then what says that one is unknown.
    """

    def __init__(self, ref: Ref, names: Sequence[str], rules: Sequence[Rule]) -> None:
        self.ref = ref
        self.names = tuple(names)
        self.rules = tuple(rules)
        columns = [np.array(x) for x in zip(*self.rules, strict=True)]
        self._low, self._high, unit, self._centre, self._weight, self._unknown, _ = columns
        self._log = unit > 0.0
        self._unit = np.where(self._log, unit, 1.0)
        self._indicators = np.flatnonzero(columns[-1])
        self.inputs = (*self.names, *(self.names[i] + INDICATOR for i in self._indicators))

    @classmethod
    def fit(
        cls, ref: Ref, features: Sequence[Feature], vectors: Floats, training: Bools
    ) -> "Normaliser":
        """Learnt from the training rows alone; the others may hold anything.

        Args:
            ref: Of the features, `features@...`.
            features: What the vectors hold, in their order.
            vectors: (n, n_features), NaN where unknown.
            training: (n,) which rows are training rows.

        Raises:
            DataError: No training row, or the mask does not fit the vectors.
            FeatureMismatch: The vectors are not as wide as the features are many.
        """
        _require_width(vectors, [x.name for x in features])
        if training.dtype != np.bool_ or training.shape != vectors.shape[:1]:
            raise DataError(f"training: expected {len(vectors)} true or false, one per row")
        if not training.any():
            raise DataError("training: no row is a training row")
        columns = np.ascontiguousarray(vectors[training].T)
        with np.errstate(over="ignore", invalid="ignore"):
            rules = [_rule(x, column) for x, column in zip(features, columns, strict=True)]
        return cls(ref, [x.name for x in features], rules)

    def transform(self, ref: Ref, names: Sequence[str], vectors: Floats) -> Floats:
        """The inputs, (n, n_inputs); of a single vector (n_features,), its (n_inputs,).

        Args:
            ref: Of the features that the vectors hold.
            names: Their names, in order.
            vectors: NaN where unknown.

        Raises:
            FeatureMismatch: They are of another version, or of other features; the first is named.
        """
        self._require(ref, names)
        _require_width(vectors, self.names)
        known = np.isfinite(vectors)
        x = np.clip(np.where(known, vectors, self._low), self._low, self._high)
        np.log1p(x / self._unit, out=x, where=self._log)
        scaled = np.where(known, (x - self._centre) * self._weight, self._unknown)
        return np.concatenate([scaled, ~known[..., self._indicators]], axis=-1)

    def _require(self, ref: Ref, names: Sequence[str]) -> None:
        require_features(ref, self.ref)
        if tuple(names) == self.names:
            return
        for name in self.names:
            if name not in names:
                raise FeatureMismatch(f"the feature {name} is missing", field=name)
        for name in names:
            if name not in self.names:
                raise FeatureMismatch(f"there was no feature {name} in training", field=name)
        pairs = zip(names, self.names, strict=False)
        name = next((a for a, b in pairs if a != b), names[-1])
        raise FeatureMismatch(f"the feature {name} is not in its place", field=name)

    def export(self) -> bytes:
        """As MessagePack with a hash; floats keep every bit."""
        body = msgspec.msgpack.encode((self.ref, self.names, self.rules))
        return msgspec.msgpack.encode((FORMAT, sha256(body).digest(), body))

    @classmethod
    def load(cls, blob: bytes) -> "Normaliser":
        """What `export` wrote.

        Raises:
            ArtifactError: It is corrupt, or something else.
        """
        try:
            found, digest, body = msgspec.msgpack.decode(blob, type=tuple[str, bytes, bytes])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ArtifactError(f"not a normaliser: {error}") from error
        if found != FORMAT:
            raise ArtifactError(f"a normaliser of format {found!r}; this release reads {FORMAT!r}")
        if sha256(body).digest() != digest:
            raise ArtifactError("the normaliser is corrupt: its hash does not match its body")
        ref, names, rules = msgspec.msgpack.decode(
            body, type=tuple[Ref, tuple[str, ...], tuple[Rule, ...]]
        )
        return cls(ref, names, rules)


def _rule(feature: Feature, column: Floats) -> Rule:
    known = np.isfinite(column)
    if not known.any():
        return Rule(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, False)
    # Quantiles that are values of the column: between two of them a constant would not stay one.
    low, high = np.quantile(column[known], TAILS, method="nearest").tolist()
    x = np.clip(column[known], low, high)
    unit = _log_unit(feature, x)
    if unit:
        x = np.log1p(x / unit)
    first, centre, third = np.quantile(x, (0.25, 0.5, 0.75)).tolist()
    scale = max((third - first) / NORMAL_IQR, float(x.std()))
    weight = 1.0 / scale if low < high and scale >= float_info.min else 0.0
    unknown = 0.0
    if isfinite(feature.default):
        default = min(max(feature.default, low), high)
        unknown = ((log1p(default / unit) if unit else default) - centre) * weight
    return Rule(low, high, unit, centre, weight, unknown, not known.all())


def _log_unit(feature: Feature, x: Floats) -> float:
    """The u of log(1 + x / u); 0 where the logarithm is not the better scale."""
    skewness = _skewness(x)
    if feature.low < 0.0 or x.min() < 0.0 or not skewness > SKEWED:
        return 0.0
    unit = float(np.median(x[x > 0.0]))
    return unit if abs(_skewness(np.log1p(x / unit))) < skewness else 0.0


def _skewness(x: Floats) -> float:
    """Third standardised moment; 0 of a constant."""
    away, spread = x - x.mean(), float(x.std())
    return float(np.mean((away / spread) ** 3)) if x.min() < x.max() and spread > 0.0 else 0.0


def _require_width(vectors: Floats, names: Sequence[str]) -> None:
    width, n = vectors.shape[-1], len(names)
    if width < n:
        message = f"vectors of {width} numbers lack {names[width]}; there are {n} features"
        raise FeatureMismatch(message, field=names[width])
    if width > n:
        message = f"vectors of {width} numbers go on behind {names[-1]}, the last of {n} features"
        raise FeatureMismatch(message, field=names[-1])
