"""Are inputs learnt on training rows alone, tame, and the same for one vector and for many?"""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from learnloop.core.errors import ArtifactError, DataError, FeatureMismatch
from learnloop.core.types import Floats, Ref
from learnloop.features.definition import Definer, Family
from learnloop.features.fields import is_video
from learnloop.features.normalise import INDICATOR, Normaliser

REF = Ref("features", "1-none")
make = Definer(Family.ITEM)
FEATURES = (
    make("share", is_video, "A share."),
    make("count", is_video, "A count.", unit="count", high=inf, default=0.0),
    make("logit", is_video, "A logit.", unit="logit", low=-inf, high=inf, default=0.5),
)
NAMES = tuple(x.name for x in FEATURES)


def fitted(vectors: Floats, training: np.ndarray | None = None) -> Normaliser:
    training = np.ones(len(vectors), dtype=bool) if training is None else training
    return Normaliser.fit(REF, FEATURES, vectors, training)


def some_vectors(n: int = 400) -> Floats:
    rng = np.random.default_rng(3)
    vectors = np.column_stack([rng.random(n), rng.lognormal(2.0, 1.5, n), rng.normal(1.0, 2.0, n)])
    vectors[rng.random(n) < 0.2, 0] = nan
    return vectors


vectors_of = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 30), st.just(len(NAMES))),
    elements=st.one_of(st.just(nan), st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0])),
)


@settings(max_examples=200, deadline=None)
@given(vectors_of, vectors_of)
def test_one_vector_and_many_give_the_same_bits_also_when_stored(
    training: Floats, vectors: Floats
) -> None:
    normaliser = fitted(training)
    inputs = normaliser.transform(REF, NAMES, vectors)
    assert np.isfinite(inputs).all()
    assert inputs.shape == (len(vectors), len(normaliser.inputs))
    alone = np.array([normaliser.transform(REF, NAMES, x) for x in vectors])
    assert alone.tobytes() == inputs.tobytes()
    loaded = Normaliser.load(normaliser.export())
    assert (loaded.ref, loaded.names, loaded.rules) == (REF, NAMES, normaliser.rules)
    assert loaded.export() == normaliser.export()
    assert loaded.transform(REF, NAMES, vectors).tobytes() == inputs.tobytes()


@settings(max_examples=100, deadline=None)
@given(vectors_of, vectors_of)
def test_rows_that_are_not_for_training_change_nothing(training: Floats, others: Floats) -> None:
    both = np.concatenate([training, others])
    mask = np.arange(len(both)) < len(training)
    assert fitted(both, mask).rules == fitted(training).rules


def test_outliers_are_clipped_and_move_no_scale() -> None:
    vectors = some_vectors()
    wild = np.vstack([vectors, [0.5, 1e12, -1e12]])
    calm, shaken = fitted(vectors), fitted(wild)
    assert np.abs(shaken.transform(REF, NAMES, wild)).max() < 10.0
    ratio = [a.weight / b.weight for a, b in zip(calm.rules, shaken.rules, strict=True)]
    assert np.allclose(ratio, 1.0, rtol=0.1)


def test_only_a_heavy_tail_that_is_never_negative_is_taken_the_logarithm_of() -> None:
    vectors = some_vectors()
    assert [rule.unit > 0.0 for rule in fitted(vectors).rules] == [False, True, False]
    vectors[:, 2] = vectors[:, 1]
    assert fitted(vectors).rules[2].unit == 0.0


def test_the_unit_of_a_feature_changes_no_input() -> None:
    hours, seconds = some_vectors(), some_vectors() * [1.0, 3600.0, 1.0]
    a, b = (
        fitted(hours).transform(REF, NAMES, hours),
        fitted(seconds).transform(REF, NAMES, seconds),
    )
    assert np.allclose(a, b, rtol=1e-12, atol=1e-12)


def test_what_was_constant_in_training_is_0_for_ever() -> None:
    constant = np.tile([0.3, 7.0, nan], (9, 1))
    normaliser = fitted(constant)
    assert normaliser.inputs == NAMES
    assert not normaliser.transform(REF, NAMES, np.array([[9.9, -3.0, 5.0], [nan] * 3])).any()


def test_unknown_is_the_default_or_the_centre_and_says_so() -> None:
    vectors = some_vectors()
    vectors[::7, 2] = nan
    normaliser = fitted(vectors)
    assert normaliser.inputs == (*NAMES, "share" + INDICATOR, "logit" + INDICATOR)
    inputs = normaliser.transform(REF, NAMES, np.array([nan, nan, nan]))
    as_default = normaliser.transform(REF, NAMES, np.array([0.5, 0.0, 0.5]))
    assert inputs[0] == 0.0
    assert inputs[1:3] == pytest.approx(as_default[1:3], rel=1e-15)
    assert inputs[3:].tolist() == [1.0, 1.0]
    assert as_default[3:].tolist() == [0.0, 0.0]


def test_the_middle_is_near_0_and_the_spread_near_1() -> None:
    inputs = fitted(some_vectors()).transform(REF, NAMES, some_vectors())[:, :3]
    assert np.abs(np.median(inputs, axis=0)).max() < 0.1
    assert (inputs.std(axis=0) > 0.5).all()
    assert (inputs.std(axis=0) < 2.0).all()


@pytest.mark.parametrize(
    ("ref", "names", "width", "named"),
    [
        (Ref("features", "2-none"), NAMES, 3, "features@2-none"),
        (REF, ("share", "logit"), 2, "count is missing"),
        (REF, (*NAMES, "more"), 4, "no feature more"),
        (REF, ("share", "logit", "count"), 3, "logit is not in its place"),
        (REF, (*NAMES, "logit"), 4, "logit is not in its place"),
        (REF, NAMES, 2, "lack logit"),
        (REF, NAMES, 4, "behind logit"),
    ],
)
def test_vectors_of_other_features_are_refused_by_name(
    ref: Ref, names: tuple[str, ...], width: int, named: str
) -> None:
    with pytest.raises(FeatureMismatch, match=named):
        fitted(some_vectors()).transform(ref, names, np.zeros((2, width)))


@pytest.mark.parametrize("training", [np.zeros(400, bool), np.ones(3, bool), np.ones(400)])
def test_without_training_rows_nothing_is_fitted(training: np.ndarray) -> None:
    with pytest.raises(DataError, match="training"):
        fitted(some_vectors(), training)


def test_a_damaged_normaliser_is_refused() -> None:
    blob = fitted(some_vectors()).export()
    for at in range(0, len(blob), 7):
        for bit in (1, 128):
            flipped = bytearray(blob)
            flipped[at] ^= bit
            with pytest.raises(ArtifactError):
                Normaliser.load(bytes(flipped))
    with pytest.raises(ArtifactError):
        Normaliser.load(b"")
