"""The reader and the protocol on real data: rows, splits, and figures measured elsewhere."""

from pathlib import Path

import numpy as np
import pytest

from learnloop.core.answers import STUDY
from learnloop.training.audit import audit_data
from learnloop.training.baselines import fit_item
from learnloop.training.dataset import read_dataset
from learnloop.training.evaluate import evaluate

pytestmark = pytest.mark.accuracy

# Counted with other code: rows of the file, held-out answers, items with skills per item.
COUNTS = {
    "assistments09": (278_336, 58_266, 17_708, 1.20),
    "statics11": (189_297, 33_600, 1_223, 1.00),
    "algebra05_part": (129_998, 18_177, 48_080, 1.41),
    "ednet_part": (87_210, 18_496, 11_640, 1.00),
    "mofacts_stats_cloze": (58_316, 11_094, 144, 1.00),
}
# A table of item rates on the first five answers, measured with other code: AUC and ECE.
FIRST_FIVE = {
    "assistments09": (0.6634, 0.057),
    "statics11": (0.7754, 0.012),
    "ednet_part": (0.6423, 0.088),
    "mofacts_stats_cloze": (0.7434, 0.332),
}


@pytest.mark.parametrize("name", COUNTS)
def test_every_row_is_read(kt: Path, name: str) -> None:
    data = read_dataset(kt / name)
    n, n_held_out, n_items, skills_per_item = COUNTS[name]
    assert len(data.log) == n
    assert (data.test.correct != STUDY).sum() == n_held_out
    assert len(data.log.item_ids) == n_items
    assert round(len(data.log.skill_of) / n_items, 2) == skills_per_item


@pytest.mark.parametrize("name", COUNTS)
def test_clean_data_passes_the_audit(kt: Path, name: str) -> None:
    found = audit_data(read_dataset(kt / name))
    assert found.passed
    assert [f.check for f in found.findings] == ["expanded_rows", "action_log", "end_times"]


@pytest.mark.parametrize("name", FIRST_FIVE)
def test_figures_agree_with_those_of_other_code(kt: Path, name: str) -> None:
    data = read_dataset(kt / name)
    told = evaluate(data, fit_item(data.train), np.random.default_rng(1), n_resamples=20)
    auc, ece = FIRST_FIVE[name]
    assert told.figures["first5_auc"].point == pytest.approx(auc, abs=0.002)
    assert told.figures["first5_ece"].point == pytest.approx(ece, abs=0.003)
    assert told.audit.passed


def test_times_that_step_backwards_are_put_in_order(kt: Path) -> None:
    log = read_dataset(kt / "ednet_part").log
    inside = np.diff(log.learner) == 0
    assert (np.diff(log.times)[inside] >= 0).all()
    assert (np.diff(log.sequence)[inside] < 0).sum() > 0
    same_instant = inside & (np.diff(log.times) == 0)
    assert (np.diff(log.sequence)[same_instant] > 0).all()
