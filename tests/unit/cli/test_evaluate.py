"""Does `evaluate` print the figures of the protocol, and cry out when they mean nothing?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learnloop.core.random import derive_rng
from learnloop.training.dataset import read_dataset
from learnloop.training.evaluate import evaluate

Learnloop = Callable[..., Any]

KEYS = ["model", "n", "auc", "log_loss", "ece", "first5_auc", "first5_ece", "intervals"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 made-up learners, 30 answers each, of items of different difficulty."""
    rng = np.random.default_rng(1)
    rows = ["user_id,item_id,skill_id,correct,split"]
    difficulty = rng.normal(size=20)
    for learner in range(60):
        ability = rng.normal()
        for item in rng.integers(0, 20, 30):
            right = rng.random() < 1 / (1 + np.exp(difficulty[item] - ability))
            split = "test" if learner % 3 == 0 else "train"
            rows.append(f"l{learner},i{item},s{item % 4},{int(right)},{split}")
    folder = tmp_path_factory.mktemp("data") / "made-up"
    folder.mkdir()
    (folder / "interactions.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_json_has_the_promised_keys(data: Path, learnloop: Learnloop) -> None:
    done = learnloop("evaluate", "--data", str(data), "--json")
    assert done.code == 0, done.err
    assert set(KEYS) <= done.json.keys()
    assert done.json["n"] == 600
    assert done.json["model"].startswith("ability@")
    for name, (low, high) in done.json["intervals"].items():
        assert low <= done.json[name] <= high or name.endswith("ece")


def test_the_command_prints_what_the_library_says(data: Path, learnloop: Learnloop) -> None:
    from learnloop.training.baselines import fit_item

    dataset = read_dataset(data)
    expected = evaluate(dataset, fit_item(dataset.train), derive_rng(0, "judge"))
    name = "baseline/item"
    done = learnloop("evaluate", "--data", str(data), "--model", name, "--json")
    assert done.json == expected.as_json()
    table = learnloop("evaluate", "--data", str(data), "--model", name).out
    assert f"{expected.figures['auc'].point:.4f}" in table


def test_a_leaking_file_ends_with_3_and_says_so(
    data: Path, tmp_path: Path, learnloop: Learnloop
) -> None:
    head, *rows = (data / "interactions.csv").read_text().splitlines()
    expanded = [x for row in rows for x in (row, row.replace(",s", ",t"))]
    (tmp_path / "interactions.csv").write_text("\n".join([head, *expanded]) + "\n")
    done = learnloop("evaluate", "--data", str(tmp_path), "--model", "baseline/item", "--json")
    assert done.code == 3
    assert "THE LEAKAGE AUDIT FAILED" in done.err
    assert done.json["audit"]["passed"] is False


def test_unknown_models_and_folders_are_told(data: Path, learnloop: Learnloop) -> None:
    done = learnloop("evaluate", "--data", str(data), "--model", "oracle")
    assert done.code == 1
    assert "there are ability, " in done.err
    done = learnloop("evaluate", "--data", str(data / "nowhere"))
    assert done.code == 1
    assert done.err.count("\n") == 1
