"""Does a team that runs Feast get what was known after each event, and nothing else?"""

import ast
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from learnloop.core.errors import InvalidInput
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import FeatureFold
from learnloop.features.statistics import NOTHING
from learnloop.journeys.feast import STEADY, export_feast
from tests.journeys.worlds import ADA, BO, NOW, answer, small_world


def test_a_row_is_what_was_known_after_each_event(tmp_path: Path) -> None:
    engine = small_world("memory://")
    log = [answer(ADA, k, f"count-{k % 6}", k % 3 > 0, hints=k % 2) for k in range(12)]
    engine.record([*log, answer(BO, 50)])
    done = export_feast(engine, tmp_path / "repo")
    assert (done.n_learners, done.n_rows, done.n_features) == (2, 13, len(STEADY))
    rows = pl.read_parquet(tmp_path / "repo" / "data" / "*.parquet")
    of_ada = rows.filter(pl.col("learner_id") == ADA).sort("event_timestamp")
    assert of_ada["event_timestamp"].to_list() == [x.occurred_at for x in log]
    assert (of_ada["created"] == NOW).all()
    fold = FeatureFold(NOTHING)
    names, state = [x.name for x in FEATURES], fold.start(ADA)
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
    for x, row in zip(log, of_ada.iter_rows(named=True), strict=True):
        state = fold.update(state, x, live.item(x.item_id))
        # Whenever it is asked: that is what makes a feature fit to be kept.
        for later in (timedelta(microseconds=1), timedelta(days=40)):
            values = dict(zip(names, fold.vector(state, x.occurred_at + later), strict=True))
            for feature in STEADY:
                known = values[feature.name]
                expected = feature.default if np.isnan(known) else known
                assert row[feature.name] == pytest.approx(expected, nan_ok=True)


def test_the_repository_names_every_column(tmp_path: Path) -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, 0)])
    export_feast(engine, tmp_path)
    text = (tmp_path / "features.py").read_text()
    ast.parse(text)
    columns = pl.read_parquet(tmp_path / "data" / "*.parquet").columns
    assert columns[:3] == ["learner_id", "event_timestamp", "created"]
    assert all(f'name="{name}"' in text for name in columns[3:])


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(InvalidInput, match="not empty"):
        export_feast(small_world("memory://"), tmp_path)
