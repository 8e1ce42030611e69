"""Rates, plateaus, the best epoch and the end, worked by hand."""

import math

import pytest

from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.schedule import best_of, exhausted, n_plateaus, rate

NAN = math.nan


def rates(n_batches: int = 2, values: tuple[float, ...] = (), **given: object) -> list[float]:
    config = TrainerConfig(**{"seed": 1, "epochs": 4, "learning_rate": 0.8, **given})
    return [
        rate(config, epoch, batch, n_batches, values[:epoch])
        for epoch in range(config.epochs)
        for batch in range(n_batches)
    ]


def test_constant() -> None:
    assert rates() == [0.8] * 8


def test_warm_up_climbs_in_a_line_and_never_stands_at_zero() -> None:
    assert rates(warmup_epochs=2) == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8])


def test_cosine_falls_from_the_full_rate_towards_zero() -> None:
    by_hand = [0.4 * (1 + math.cos(math.pi * step / 8)) for step in range(8)]
    assert rates(schedule="cosine") == pytest.approx(by_hand)
    assert rates(schedule="cosine")[4] == pytest.approx(0.4)
    assert rates(schedule="cosine")[-1] > 0


def test_cosine_begins_when_the_warm_up_ends() -> None:
    by_hand = [0.4, 0.8] + [0.4 * (1 + math.cos(math.pi * step / 6)) for step in range(6)]
    assert rates(schedule="cosine", warmup_epochs=1) == pytest.approx(by_hand)


def test_a_warm_up_longer_than_the_run_is_all_there_is() -> None:
    assert rates(schedule="cosine", warmup_epochs=8)[-1] == pytest.approx(0.4)


def test_plateau_falls_after_epochs_that_bring_nothing() -> None:
    found = rates(1, (0.5, 0.6, 0.5), schedule="plateau", plateau_patience=2)
    assert found == pytest.approx([0.8, 0.8, 0.8, 0.4])


@pytest.mark.parametrize(
    ("values", "patience", "min_delta", "expected"),
    [
        ([], 1, 0.0, 0),
        ([3, 2, 1], 1, 0.0, 0),
        ([1, 1, 1, 1], 1, 0.0, 3),
        ([1, 1, 1, 1, 1], 2, 0.0, 2),
        ([1, 2, 0.5, 2, 2], 2, 0.0, 1),
        ([1, 0.95, 0.9], 2, 0.2, 1),
        ([1, NAN, NAN], 2, 0.0, 1),
    ],
)
def test_plateaus(values: list[float], patience: int, min_delta: float, expected: int) -> None:
    assert n_plateaus(values, patience, min_delta) == expected


@pytest.mark.parametrize(
    ("values", "min_delta", "expected"),
    [
        ([], 0.0, None),
        ([NAN], 0.0, None),
        ([NAN, 3.0], 0.0, 1),
        ([2.0, 1.0, 1.0], 0.0, 1),
        ([2.0, 1.95, 1.5], 0.1, 2),
        ([2.0, 1.95, NAN], 0.1, 0),
    ],
)
def test_the_best(values: list[float], min_delta: float, expected: int | None) -> None:
    assert best_of(values, min_delta) == expected


@pytest.mark.parametrize(
    ("values", "patience", "expected"),
    [
        ([1.0, 2.0, 2.0], 2, True),
        ([1.0, 2.0, 2.0], 3, False),
        ([1.0, 2.0, 0.5], 2, False),
        ([NAN, NAN], 2, True),
        ([1.0, 2.0, 2.0], None, False),
        ([], 1, False),
    ],
)
def test_the_end(values: list[float], patience: int | None, expected: bool) -> None:
    assert exhausted(values, patience, 0.0) is expected
