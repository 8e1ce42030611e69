"""The audit passes the features of the house, and names each that looks where it may not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.types import Floats
from learnloop.features.asof import KnownBy, vectors
from learnloop.features.definitions import FEATURES
from learnloop.features.log import frame_of
from learnloop.features.statistics import NOTHING
from learnloop.testing.worlds import random_log, random_table
from learnloop.training.audit import Audit, audit_features, audit_set
from learnloop.training.leaks_in_features import Compute
from learnloop.training.sides import Sides, by_learner

N_LEARNERS = 12
NAMES = [x.name for x in FEATURES]
DOCS = (Path(__file__).parents[3] / "docs" / "evaluation.md").read_text()
RNG = np.random.default_rng(5)
TABLE = random_table(RNG)


def a_log() -> pl.DataFrame:
    """Random logs; one event in four is received two days late."""
    rows = []
    for k in range(N_LEARNERS):
        for n, x in enumerate(random_log(RNG, TABLE, 40)):
            late = timedelta(days=2 * (n % 4 == 0))
            name = InteractionId(f"e{n}")
            rows.append(
                replace(
                    x,
                    learner_id=LearnerId(f"u{k}"),
                    interaction_id=name,
                    received_at=x.occurred_at + late,
                )
            )
    return frame_of(rows)


LOG = a_log()
QUESTIONS = LOG.sample(120, seed=1).select("learner_id", "item_id", at_us="occurred_us")


def honest(known_by: KnownBy) -> Compute:
    def compute(questions: pl.DataFrame, log: pl.DataFrame) -> Floats:
        found = vectors(questions, log, TABLE.items, NOTHING, FEATURES, known_by=known_by)
        return found.select(NAMES).to_numpy()

    return compute


def failed(audit: Audit) -> list[str]:
    return [f.check for f in audit.failures]


def audited(compute: Compute, names: Sequence[str], known_by: KnownBy = "occurred") -> Audit:
    rng = np.random.default_rng(0)
    return audit_features(compute, names, QUESTIONS, LOG, rng, known_by=known_by)


@pytest.mark.parametrize("known_by", ["occurred", "received"])
def test_the_features_of_the_house_look_back_only(known_by: KnownBy) -> None:
    audit = audited(honest(known_by), NAMES, known_by)
    assert audit.passed, audit.failures
    assert [f.measured["moved"] for f in audit.findings] == [0, 0]
    assert all(f.measured["watched"] > 100 for f in audit.findings)


def test_what_was_not_received_yet_is_a_leak_where_that_counts() -> None:
    assert failed(audited(honest("occurred"), NAMES, "received")) == ["future_in_features"]


def counts(until: pl.Expr, *, own: bool = True) -> Compute:
    """How many events go with each question."""

    def compute(questions: pl.DataFrame, log: pl.DataFrame) -> Floats:
        asked = questions.with_row_index("row")
        pairs = (
            asked.join(log, on="learner_id", how="left")
            if own
            else asked.join(log, how="cross", suffix="_right")
        )
        n = pairs.group_by("row").agg(until.fill_null(False).sum().alias("n"))
        return n.sort("row").select(pl.col("n").cast(pl.Float64)).to_numpy()

    return compute


BEFORE = pl.col("occurred_us") < pl.col("at_us")


def test_each_way_of_looking_ahead_is_named() -> None:
    assert audited(counts(BEFORE), ["n"]).passed
    at_once = audited(counts(pl.col("occurred_us") <= pl.col("at_us")), ["n"])
    assert failed(at_once) == ["future_in_features"]
    assert "later events move n:" in at_once.failures[0].message
    assert failed(audited(counts(pl.col("occurred_us").is_not_null()), ["n"])) == [
        "future_in_features"
    ]
    whole = audited(counts(BEFORE, own=False), ["n"])
    assert "others_in_features" in failed(whole)
    item_rate = audited(
        counts(BEFORE & (pl.col("item_id") == pl.col("item_id_right")), own=False), ["rate"]
    )
    assert "others_in_features" in failed(item_rate)


def test_nothing_to_watch_is_unknown() -> None:
    rng = np.random.default_rng(0)
    audit = audit_features(counts(BEFORE), ["n"], QUESTIONS[:0], LOG, rng)
    assert {f.verdict.value for f in audit.findings} == {"unknown"}


# --- rows of a training set -----------------------------------------------------------------------


def a_set(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(2)
    label, noise = rng.integers(2, size=n), rng.normal(size=n)
    return pl.DataFrame(
        {
            "learner_id": [f"u{k % 40}" for k in range(n)],
            "label": label,
            "minutes": label * 30.0 + noise,
            "useful": label * 2.0 + noise,
            "noise": noise,
            "same": label.astype(float),
            "turned": 1.0 - label,
            "only_where_right": np.where(label == 1, noise, np.nan),
            "hardly_known": np.where(np.arange(n) < 5, label, np.nan),
            "nothing": np.full(n, np.nan),
        }
    )


FAIR = ["useful", "noise", "hardly_known", "nothing"]


def test_a_clean_set_passes() -> None:
    rows = a_set()
    audit = audit_set(rows, FAIR, "label", by_learner(rows))
    assert audit.passed, audit.failures


@pytest.mark.parametrize("name", ["same", "turned", "only_where_right"])
def test_a_label_in_a_feature_is_named(name: str) -> None:
    rows = a_set()
    audit = audit_set(rows, [*FAIR, name], "label", by_learner(rows))
    assert failed(audit) == ["label_in_features"]
    assert audit.failures[0].message.startswith(f"{name} tell label")


def test_labels_of_many_values_are_looked_for_by_order() -> None:
    rows = a_set().with_columns(copied=-(pl.col("minutes") ** 3))
    audit = audit_set(rows, [*FAIR, "copied"], "minutes", by_learner(rows))
    assert failed(audit) == ["label_in_features"]
    assert audit_set(rows, FAIR, "minutes", by_learner(rows)).passed
    told = audit_set(rows, FAIR, "learner_id", by_learner(rows))
    assert {f.check: f.verdict.value for f in told.findings}["label_in_features"] == "unknown"


def test_a_label_that_is_text_or_truth_is_looked_for_too() -> None:
    rows = a_set().with_columns(
        passed=pl.col("label") == 1, grade=pl.when(pl.col("label") == 1).then(pl.lit("A"))
        .otherwise(pl.lit("B")),
    )  # fmt: skip
    for label in ("passed", "grade"):
        assert failed(audit_set(rows, ["same"], label, by_learner(rows))) == ["label_in_features"]


def test_a_learner_on_both_sides_is_named() -> None:
    rows = a_set()
    half = np.arange(rows.height) < 200
    audit = audit_set(rows, FAIR, "label", Sides(half, ~half))
    assert failed(audit) == ["learner_on_both_sides"]
    assert "40 learners" in audit.failures[0].message


def test_every_check_of_features_is_told() -> None:
    rows = a_set()
    findings = (
        *audited(counts(BEFORE), ["n"]).findings,
        *audit_set(rows, FAIR, "label", by_learner(rows)).findings,
    )
    assert not [f.check for f in findings if f"| `{f.check}` |" not in DOCS]
