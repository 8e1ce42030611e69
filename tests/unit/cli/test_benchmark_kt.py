"""Does `benchmark kt` set models beside each other, and say what is wrong with what it is given?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learnloop.core.answers import STUDY
from learnloop.training.dataset import read_dataset

Learnloop = Callable[..., Any]


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


def test_json_has_every_model_and_the_reference(data: Path, learnloop: Learnloop) -> None:
    done = learnloop("benchmark", "kt", "--data", str(data), "--models", "ability,bkt", "--json")
    assert done.code == 0, done.err
    assert done.json["reference"] == "best_lr"
    assert set(done.json["models"]) == {"ability", "bkt", "best_lr"}
    for figures in done.json["models"].values():
        assert {"auc", "log_loss", "ece", "first5_auc", "fit_cpu_s"} <= figures.keys()
    assert done.json["models"]["best_lr"]["above_reference"]["auc"] == [0, 0, 0]


def test_a_guest_and_plots(data: Path, tmp_path: Path, learnloop: Learnloop) -> None:
    n = int((read_dataset(data).test.correct != STUDY).sum())
    file = tmp_path / "p.txt"
    np.savetxt(file, np.full(n, 0.5))
    done = learnloop(
        "benchmark", "kt", "--data", str(data), "--models", "baseline/item",
        "--reference", "coin", "--also", f"coin={file}", "--plots", str(tmp_path / "plots"),
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "0.5000" in done.out
    assert sorted(x.name for x in (tmp_path / "plots").iterdir()) == [
        "auc.png",
        "calibration.png",
        "history.png",
        "learning-curves.png",
    ]


def test_what_is_wrong_is_named(data: Path, learnloop: Learnloop) -> None:
    done = learnloop("benchmark", "kt", "--data", str(data), "--models", "guess")
    assert done.code == 1
    assert "there is no 'guess'" in done.err
    assert learnloop("benchmark", "kt", "--data", str(data), "--also", "coin").code == 2
