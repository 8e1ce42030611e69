"""docs/evaluation.md says what the code does: columns, checks, thresholds, fields, models."""

import re
from pathlib import Path

import numpy as np
import pytest

from learnloop.training import leaks_in_data as data_checks
from learnloop.training import leaks_in_prediction as prediction_checks
from learnloop.training.columns import COLUMNS
from learnloop.training.dataset import read_dataset
from learnloop.training.evaluate import evaluate
from learnloop.training.fits import NAMES, fit_of

from .conftest import Write
from .simulated import clean_log

TEXT = (Path(__file__).parents[3] / "docs" / "evaluation.md").read_text()


def test_the_column_table_is_that_of_the_code() -> None:
    rows = [
        f"| {c.role} | {', '.join(f'`{name}`' for name in c.names)} "
        f"| {'yes' if c.needed else 'no'} | {c.meaning} |"
        for c in COLUMNS
    ]
    assert "\n".join(rows) in TEXT


def test_every_field_and_check_is_told(write: Write) -> None:
    data = read_dataset(write(interactions=clean_log()))
    told = evaluate(data, fit_of("baseline/item")(data.train), np.random.default_rng(1), 2)
    fields = told.as_json()
    assert not [name for name in fields if f"`{name}`" not in TEXT]
    checks = re.findall(r"^\| `(\w+)` \| .* \| .* \|$", TEXT, re.MULTILINE)
    assert {finding.check for finding in told.audit.findings} <= set(checks)


@pytest.mark.parametrize(
    "threshold",
    [
        f">= {data_checks.MAX_EXPANDED:.0%} of rows",
        f">= {data_checks.MIN_AGREEMENT:.0%} of those",
        f">= {100 * data_checks.MAX_EXCESS_REPEATS:.0f} points",
        f"> {data_checks.MAX_OVERRUN:.0%} of rows, > {data_checks.MIN_OVERRUN_RATIO:.0f} times",
        f"AUC >= {data_checks.MAX_GAP_AUC:.2f}",
        f"up to {prediction_checks.MAX_ROWS:,} rows",
    ],
)
def test_every_threshold_is_told(threshold: str) -> None:
    assert threshold in TEXT


def test_every_model_that_can_be_judged_is_told() -> None:
    assert not [name for name in NAMES if name not in TEXT]
