"""Do the trees learn, serve what was grown, and come out the same again?"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.artifact import Artifact
from learnloop.core.errors import ArtifactError, DataError, InvalidInput
from learnloop.core.types import Ref
from learnloop.features.definitions import FEATURES
from learnloop.features.rows import FeatureRows
from learnloop.metrics import auc, ece
from learnloop.models.runtime import open_session
from learnloop.models.tracing import boosted

lightgbm = pytest.importorskip("lightgbm")
pytest.importorskip("onnx")
FEW = FEATURES[:12]
REF = Ref("features", "1")
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
QUICK = boosted.Config(folds=4, rounds=40, patience=5, min_rows=20, learning_rate=0.2)


def rows(n: int = 3000, seed: int = 1) -> FeatureRows:
    """Made-up answers: the first feature, where it is known, says much."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, len(FEW))).astype(np.float32)
    x[:, 3] = np.exp(3 * x[:, 3])
    x[rng.random(x.shape) < 0.2] = np.nan
    x[:, 5] = rng.integers(4, size=n)  # never unknown
    logit = 2 * np.nan_to_num(x[:, 0]) + np.where(np.isnan(x[:, 1]), 1.0, -0.5)
    correct = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    names = tuple(feature.name for feature in FEW)
    return FeatureRows(REF, names, x, correct, np.sort(rng.integers(60, size=n)))


def fit(of: FeatureRows, config: boosted.Config = QUICK, seed: int = 3) -> Artifact:
    return boosted.fit(of, FEW, config, version="1", seed=seed, created_at=NOON)


@pytest.fixture(scope="module")
def fitted() -> Artifact:
    return fit(rows())


def said(artifact: Artifact, of: FeatureRows) -> np.ndarray:
    found: np.ndarray = boosted.load(artifact).predict({"features": of.x})["p_correct"]
    return found


def test_it_learns_and_is_as_sure_as_it_may_be(fitted: Artifact) -> None:
    others = rows(seed=2)
    p = said(fitted, others)
    assert p.shape == (len(others),)
    assert auc(others.correct, p) > 0.8
    assert ece(others.correct, p.astype(np.float64)) < 0.06


def test_the_same_seed_and_rows_give_the_same_bytes(fitted: Artifact) -> None:
    assert fit(rows()).sha256 == fitted.sha256
    assert fit(rows(), seed=4).files["model.onnx"] != fitted.files["model.onnx"]


def test_a_row_does_not_know_the_others(fitted: Artifact) -> None:
    of = rows(50, seed=5)
    together = said(fitted, of)
    alone = [said(fitted, of.take(np.arange(50) == i))[0] for i in range(50)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_it_is_kept_as_a_folder(fitted: Artifact, tmp_path: Path) -> None:
    fitted.write(tmp_path / "trees")
    found = Artifact.read(tmp_path / "trees")
    assert found == fitted
    assert said(found, rows(5)).tolist() == said(fitted, rows(5)).tolist()


def grown(x: np.ndarray, correct: np.ndarray) -> "lightgbm.Booster":
    given_to = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5}
    return lightgbm.train(given_to, lightgbm.Dataset(x, correct), 20)


@pytest.fixture(scope="module")
def forest() -> "lightgbm.Booster":
    """Trees in single precision's corners: some columns with NaN, one without, one of zeros."""
    of = rows(2000, seed=7)
    return grown(of.x, of.correct)


single = st.floats(width=32, allow_nan=True, allow_infinity=True)


@pytest.fixture(scope="module")
def session(forest: "lightgbm.Booster") -> Any:
    from learnloop.models.tracing.boosted.graph import graph

    return open_session(graph([forest.dump_model()], len(FEW), 1.0, 0.0), "the forest")


@pytest.fixture(scope="module")
def splits(forest: "lightgbm.Booster") -> list[Mapping[str, Any]]:
    trees = forest.dump_model()["tree_info"]
    return [node for tree in trees for node in splits_of(tree["tree_structure"])]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(single, min_size=len(FEW), max_size=len(FEW)),
    st.integers(min_value=0),
    st.sampled_from(["below", "at", "above", "unknown"]),
)
def test_the_graph_splits_as_the_trees_do(
    forest: "lightgbm.Booster",
    session: Any,
    splits: list[Mapping[str, Any]],
    values: list[float],
    which: int,
    where: str,
) -> None:
    """Also at the thresholds themselves, and at their neighbours in single precision."""
    x = np.array([values], dtype=np.float32)
    split = splits[which % len(splits)]
    with np.errstate(over="ignore"):
        near = np.float32(split["threshold"])
        towards = {"below": -np.inf, "at": near, "above": np.inf, "unknown": np.nan}[where]
        x[0, split["split_feature"]] = np.nextafter(near, np.float32(towards))
    (p,) = session.run(["p_correct"], {"features": x})
    np.testing.assert_allclose(p, forest.predict(x), atol=1e-6)


def splits_of(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "leaf_value" in node:
        return []
    return [node, *splits_of(node["left_child"]), *splits_of(node["right_child"])]


def test_several_forests_are_averaged_scaled_and_shifted(forest: "lightgbm.Booster") -> None:
    from learnloop.models.tracing.boosted.graph import graph

    of = rows(300, seed=8)
    other = grown(of.x, of.correct)
    made = graph([forest.dump_model(), other.dump_model()], len(FEW), 0.8, 0.3)
    (p,) = open_session(made, "both").run(["p_correct"], {"features": of.x})
    logit = np.mean([m.predict(of.x, raw_score=True) for m in (forest, other)], axis=0)
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-0.8 * logit - 0.3)), atol=1e-6)


def test_a_forest_without_a_split_says_how_many_are_right() -> None:
    of = rows(300)
    p = said(fit(of, boosted.Config(folds=2, min_rows=300, rounds=3)), of)
    np.testing.assert_allclose(p, of.correct.mean(), atol=0.02)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"decision_type": "=="}, "a split by =="),
        ({"missing_type": "Zero"}, "takes 0 for unknown"),
    ],
)
def test_a_split_of_another_kind_is_refused(change: dict[str, str], why: str) -> None:
    from learnloop.models.tracing.boosted.graph import graph

    leaf = {"leaf_value": 0.1}
    split = {
        "split_feature": 0, "threshold": 0.5, "decision_type": "<=", "missing_type": "NaN",
        "default_left": True, "left_child": leaf, "right_child": dict(leaf),
    }  # fmt: skip
    with pytest.raises(ArtifactError, match=why):
        graph([{"tree_info": [{"tree_structure": split | change}]}], 1, 1.0, 0.0)


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
        fit(of)


def test_it_can_not_go_on_from_anything(fitted: Artifact) -> None:
    given = {"version": "2", "seed": 1, "created_at": NOON}
    with pytest.raises(InvalidInput, match="grown anew"):
        boosted.fit(rows(300), FEW, QUICK, parent=fitted, **given)
    with pytest.raises(InvalidInput, match="leave them out"):
        boosted.fit(rows(300), FEW, QUICK, checkpoints=object(), **given)


def test_every_fold_is_told_and_may_be_the_last() -> None:
    class Heard:
        def __init__(self) -> None:
            self.folds: list[int] = []

        def on_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
            assert {*metrics} == {"loss", "trees"}
            self.folds.append(epoch)

    given = {"version": "1", "seed": 3, "created_at": NOON}
    heard, of = Heard(), rows(600)
    boosted.fit(of, FEW, QUICK, tracker=heard, **given)
    assert heard.folds == [0, 1, 2, 3]
    stopped = Heard()
    boosted.fit(of, FEW, QUICK, tracker=stopped, report=lambda epoch, figures: True, **given)
    assert stopped.folds == [0]
