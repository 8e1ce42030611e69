"""The memory model on two people's review logs, later in time: never above FSRS-6."""

from pathlib import Path

import numpy as np
import pytest

from learnloop.training.memory.logs import read_logs
from learnloop.training.memory.protocol import LogResult, judge

pytestmark = pytest.mark.accuracy

# Log loss of FSRS-6 as fsrs-rs fits it on the same reviews, and of its defaults.
FITTED = {"pyfsrs_josh": 0.4497, "niplav_anki": 0.4507}
DEFAULT = {"pyfsrs_josh": 0.4516, "niplav_anki": 0.4622}


@pytest.fixture(scope="module")
def results(kt: Path) -> dict[str, LogResult]:
    folder = kt.parent / "memory"
    if not folder.is_dir():
        pytest.skip("no review logs beside kt/")
    return {log.name: judge(log, np.random.default_rng(0), None, 50) for log in read_logs(folder)}


@pytest.mark.parametrize("name", FITTED)
def test_recall_is_predicted_better_than_by_fsrs(results: dict[str, LogResult], name: str) -> None:
    models = results[name].models
    assert models["fsrs6_default"].log_loss.point == pytest.approx(DEFAULT[name], abs=5e-5)
    assert models["memory"].log_loss.point < FITTED[name]
    assert models["memory_no_intercept"].log_loss.point < DEFAULT[name]
    for simple in ("constant", "moving_average", "sm2", "half_life"):
        assert models["memory"].log_loss.point < models[simple].log_loss.point
