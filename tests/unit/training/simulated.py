"""Answers of simulated learners: columns of a clean log, and estimators to judge on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from learnloop.core.ids import LearnerId
from learnloop.core.types import Interaction, InteractionKind, Item, Ref

Columns = dict[str, list[Any]]
N_ITEMS = 40


def clean_log(
    seed: int = 0, n_learners: int = 40, n_rows: int = 40, largest_bundle: int = 3
) -> Columns:
    """One row for each answer, with the time of the question; bundles are asked at one time."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 1, N_ITEMS)
    rows: list[tuple[Any, ...]] = []
    for learner in range(n_learners):
        ability, now, next_time, left = rng.normal(), 0, 1_600_000_000_000, 0
        for item in rng.permutation(N_ITEMS)[:n_rows].tolist():
            if not left:
                now, left = next_time, int(rng.integers(1, largest_bundle + 1))
            right = rng.random() < 1 / (1 + np.exp(difficulty[item] - ability))
            latency = int(rng.lognormal(8 if right else 9, 0.7))
            rows.append((f"u{learner}", item, item % 7, now, int(right), latency))
            next_time, left = next_time + latency + int(rng.exponential(2_000)), left - 1
    names = ("user_id", "item_id", "skill_id", "ts_ms", "correct", "latency_ms")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def q_matrix() -> Columns:
    """Two skills for every item."""
    items = [i for i in range(N_ITEMS) for _ in range(2)]
    return {
        "item_id": list(items),
        "skill_id": [k * 7 + i % 7 for i, k in zip(items, [0, 1] * N_ITEMS, strict=True)],
    }


def rows_at(columns: Columns, rows: Sequence[int]) -> Columns:
    """The named rows of all columns."""
    return {name: [values[r] for r in rows] for name, values in columns.items()}


@dataclass(frozen=True, slots=True)
class Record:
    """How many right answers of how many, and how many study rows."""

    n_right: int = 0
    n: int = 0
    n_studied: int = 0


class RunningShare:
    """Predicts the learner's own share of right answers so far: the smallest honest estimator."""

    ref = Ref("test/running-share", "1")
    state_type = Record

    def start(self, learner_id: LearnerId) -> Record:
        return Record()

    def update(self, state: Record, interaction: Interaction, item: Item) -> Record:
        if interaction.kind is InteractionKind.STUDIED:
            return Record(state.n_right, state.n, state.n_studied + 1)
        return Record(state.n_right + bool(interaction.correct), state.n + 1, state.n_studied)

    def p_correct(self, state: Record, item: Item, at: datetime) -> float:
        return (state.n_right + 1) / (state.n + 2)
