"""Curves are pictures, and are the same for the same history."""

import pytest

from learnloop.core.errors import InvalidInput
from learnloop.models.train.curves import curves

HISTORY = [
    {"train_loss": 0.7, "learning_rate": 0.1, "loss": 0.69, "auc": float("nan")},
    {"train_loss": 0.5, "learning_rate": 0.1, "loss": 0.6, "auc": 0.7},
]


def test_a_png_and_an_svg() -> None:
    assert curves(HISTORY, 1).startswith(b"\x89PNG")
    svg = curves(HISTORY, 1, "svg")
    assert b"<svg" in svg
    assert svg == curves(HISTORY, 1, "svg")
    assert svg != curves(HISTORY[:1], 0, "svg")


def test_a_history_without_validation_has_curves_too() -> None:
    assert curves([{"train_loss": 0.7, "learning_rate": 0.1}]).startswith(b"\x89PNG")


def test_no_epochs_have_no_curves() -> None:
    with pytest.raises(InvalidInput, match="without epochs"):
        curves([])
