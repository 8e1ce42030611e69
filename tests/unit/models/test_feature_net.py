"""Does the network of the features learn, serve what was trained, and come out the same again?"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from learnloop.core.artifact import Artifact
from learnloop.core.errors import DataError, FeatureMismatch
from learnloop.core.types import Ref
from learnloop.features.definitions import FEATURES
from learnloop.features.normalise import Normaliser
from learnloop.features.rows import FeatureRows
from learnloop.metrics import auc, ece
from learnloop.models.tracing import feature_net
from learnloop.models.tracing.held_back import validates

torch = pytest.importorskip("torch")
FEW = FEATURES[:12]
REF = Ref("features", "1")
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
QUICK = feature_net.Config(hidden=(16,), epochs=4, batch_size=128, learning_rate=1e-2)


def rows(n: int = 3000, seed: int = 1) -> FeatureRows:
    """Made-up answers: the first feature, where it is known, says much."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, len(FEW))).astype(np.float32)
    x[:, 3] = np.exp(3 * x[:, 3])  # skewed
    x[rng.random(x.shape) < 0.2] = np.nan
    logit = 2 * np.nan_to_num(x[:, 0]) + np.where(np.isnan(x[:, 1]), 1.0, -0.5)
    correct = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    names = tuple(feature.name for feature in FEW)
    return FeatureRows(REF, names, x, correct, np.sort(rng.integers(60, size=n)))


@pytest.fixture(scope="module")
def fitted() -> Artifact:
    return feature_net.fit(rows(), FEW, QUICK, version="1", seed=3, created_at=NOON)


def said(artifact: Artifact, of: FeatureRows) -> np.ndarray:
    found: np.ndarray = feature_net.load(artifact).predict({"features": of.x})["p_correct"]
    return found


def test_it_learns_and_is_as_sure_as_it_may_be(fitted: Artifact) -> None:
    others = rows(seed=2)
    p = said(fitted, others)
    assert p.shape == (len(others),)
    assert auc(others.correct, p) > 0.82
    assert ece(others.correct, p.astype(np.float64)) < 0.05


def test_the_same_seed_and_rows_give_the_same_bytes(fitted: Artifact) -> None:
    again = feature_net.fit(rows(), FEW, QUICK, version="1", seed=3, created_at=NOON)
    assert again.sha256 == fitted.sha256
    other = feature_net.fit(rows(), FEW, QUICK, version="1", seed=4, created_at=NOON)
    assert other.files["weights.npz"] != fitted.files["weights.npz"]


def test_a_row_does_not_know_the_others(fitted: Artifact) -> None:
    of = rows(50, seed=5)
    together = said(fitted, of)
    alone = [said(fitted, of.take(np.arange(50) == i))[0] for i in range(50)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_the_graph_scales_as_the_normaliser_does() -> None:
    from learnloop.models.tracing.feature_net.train import FeatureNet

    of = rows(400, seed=6)
    normaliser = Normaliser.fit(REF, FEW, of.x.astype(np.float64), np.ones(400, dtype=bool))
    n = len(FEW)
    net = FeatureNet(n, len(normaliser.inputs) - n, (), 0.0).eval()
    net.scale_as(normaliser)
    wanted = normaliser.transform(REF, of.names, of.x.astype(np.float64))
    for column in range(wanted.shape[1]):
        with torch.no_grad():
            net.layers[0].weight.zero_()[0, column] = 1.0
            net.layers[0].bias.zero_()
            found = net(torch.from_numpy(of.x)).numpy()
        np.testing.assert_allclose(found, wanted[:, column], atol=2e-5)


def test_it_goes_on_from_its_parent(fitted: Artifact) -> None:
    more = rows(1500, seed=7)
    child = feature_net.fit(more, FEW, version="2", seed=3, created_at=NOON, parent=fitted)
    assert child.manifest.parent == fitted.ref
    assert child.manifest.config == fitted.manifest.config
    others = rows(seed=2)
    assert auc(others.correct, said(child, others)) > 0.82
    strange = FeatureRows(Ref("features", "2"), more.names, more.x, more.correct, more.learner)
    with pytest.raises(FeatureMismatch, match="fit from nothing"):
        feature_net.fit(strange, FEW, version="2", seed=3, created_at=NOON, parent=fitted)


def test_it_is_kept_as_a_folder(fitted: Artifact, tmp_path: Path) -> None:
    fitted.write(tmp_path / "net")
    found = Artifact.read(tmp_path / "net")
    assert found == fitted
    assert said(found, rows(5)).tolist() == said(fitted, rows(5)).tolist()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"n": 100}, "100 answers are too few"),
        ({"learner": 0}, "of two learners"),
        ({"correct": 1}, "all answers are right"),
    ],
)
def test_too_little_to_learn_from_is_said(change: dict[str, int], why: str) -> None:
    of = rows(change.get("n", 300))
    if "learner" in change:
        of.learner[:] = 0
    if "correct" in change:
        of.correct[:] = 1
    with pytest.raises(DataError, match=why):
        feature_net.fit(of, FEW, QUICK, version="1", seed=1, created_at=NOON)


def test_who_validates_stays_the_same_when_others_come() -> None:
    few = validates(np.repeat(np.arange(100), 3), 0.2, seed=1)
    assert few.sum() == 60
    assert (few.reshape(-1, 3).all(1) == few.reshape(-1, 3).any(1)).all()
    again = validates(np.repeat(np.arange(100), 3), 0.2, seed=1)
    assert (few == again).all()
