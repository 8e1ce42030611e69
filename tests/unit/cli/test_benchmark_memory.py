"""Does `learnloop benchmark memory` show every model, as a table and as JSON?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MODELS = {"constant", "moving_average", "sm2", "half_life", "fsrs6_default", "memory"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    lines = ["card_id,review_rating,review_time,review_duration"]
    for card in range(60):
        day = 1
        for _ in range(6):
            grade = 3 if rng.random() < 0.8 else 1
            lines.append(f"{card},{grade},2026-{1 + day // 28:02}-{1 + day % 28:02}T12:00:00Z,9")
            day += 1 + int(rng.integers(12))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "review_logs.csv").write_text("\n".join(lines))
    return tmp_path


def test_all_models_are_shown(learnloop: Callable[..., Any], folder: Path) -> None:
    asked = ("benchmark", "memory", "--data", str(folder), "--resamples", "20")
    shown = learnloop(*asked)
    assert shown.code == 0, shown.err
    assert all(name in shown.out for name in MODELS)
    told = learnloop(*asked, "--json").json
    assert set(told["models"]) >= MODELS
    assert set(told["models"]["memory"]) == {"log_loss", "auc", "ece", "rmse_bins", "fit_cpu_s"}
    one = told["logs"]["mine"]["models"]["memory"]
    assert one["log_loss"]["point"] == told["models"]["memory"]["log_loss"]


def test_a_peer_that_cannot_be_asked_takes_no_part(
    learnloop: Callable[..., Any], folder: Path
) -> None:
    other = folder / "python"
    other.write_text(
        "#!/bin/sh\ncat > /dev/null\necho 'No module named fsrs_rs_python' >&2\nexit 1\n"
    )
    other.chmod(0o755)
    asked = ("benchmark", "memory", "--data", str(folder), "--resamples", "20", "--json")
    told = learnloop(*asked, "--peer-python", str(other)).json
    assert "fsrs6_fsrs_rs" not in told["models"]
    assert "No module named fsrs_rs_python" in told["logs"]["mine"]["notes"][0]


def test_what_cannot_be_done_is_said(learnloop: Callable[..., Any], tmp_path: Path) -> None:
    nothing = learnloop("benchmark", "memory", "--data", str(tmp_path))
    assert nothing.code == 1
    assert "review_logs.csv" in nothing.err
    no_peer = ("benchmark", "memory", "--data", str(tmp_path), "--peer-python", "nowhere")
    assert "there is no nowhere" in learnloop(*no_peer).err
