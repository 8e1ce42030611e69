"""Does a Ray cluster of this machine give the same as this process, bit for bit?

All tests that need the cluster are here: starting one takes seconds, so it is started once.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from polars.testing import assert_frame_equal
from tests.unit.training import far_away, test_batch_scoring, test_cross_validate, test_tune
from tests.unit.training.executor_suite import WorkersSuite

from learnloop.training.batch_scoring import score_table
from learnloop.training.executor import LocalExecutor, RayExecutor, open_executor
from learnloop.training.tune import tune

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def executor() -> Iterator[RayExecutor]:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install 'learnloop[ray]'")
    with RayExecutor(n_workers=2) as executor:
        yield executor


class TestOnRay(WorkersSuite):
    pass


def test_who_finds_a_cluster_leaves_it_running(executor: RayExecutor) -> None:
    with open_executor("ray:2") as second:
        assert second.map(far_away.refuse_two, [0, 1], shared=None) == [0, 1]
    assert executor.map(far_away.refuse_two, [1, 3], shared=None) == [1, 3]


def test_folds_have_the_same_figures(executor: RayExecutor) -> None:
    assert test_cross_validate.figures(executor) == test_cross_validate.figures()


def test_a_search_finds_the_same_trials(executor: RayExecutor) -> None:
    found = tune(test_tune.ROUNDS, far_away.learn_slowly, None, executor=executor)
    assert found == tune(test_tune.ROUNDS, far_away.learn_slowly, None)


def test_rows_get_the_same_answers(executor: RayExecutor, tmp_path: Path) -> None:
    rows, path = test_batch_scoring.table(), tmp_path / "rows.parquet"
    rows.write_parquet(path)
    scorer, outputs = test_batch_scoring.scorer(), test_batch_scoring.OUTPUTS
    expected = score_table(test_batch_scoring.scorer(), rows, rows_per_shard=64)
    for source in (rows, path):
        found = score_table(scorer, source, rows_per_shard=64, executor=executor)
        assert_frame_equal(found.select(outputs), expected.select(outputs), check_exact=True)
        assert set(found["n_loaded"]) == {1}


def test_networks_get_the_same_weights(executor: RayExecutor) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(200, 3)), (rng.random(200) < 0.5).astype(float)
    here = LocalExecutor().map(far_away.train_network, [1, 2], shared=rows)
    assert executor.map(far_away.train_network, [1, 2], shared=rows) == here
    assert here[0] != here[1]
