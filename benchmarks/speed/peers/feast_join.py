"""Feast: the same label rows joined to the same stored features, as of each label.

As its documentation says: a file source with event and created timestamps, one feature view,
`get_historical_features(...).to_df()`; its opt-in filter by created timestamp stays off, as by
default. A row is too early where its value's created timestamp is later than the label.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float32, UnixTimestamp
from timing import Timing, timed
from worker import Job, serve


def setup(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Job]]:
    folder, names = Path(given["folder"]), [f"f{k}" for k in range(given["n_features"])]
    rows = pd.read_parquet(folder / "rows.parquet")
    rows["known"] = rows["created"]
    rows.to_parquet(folder / "with_known.parquet")
    offline = "file" if given["engine"] == "dask" else given["engine"]
    store = FeatureStore(config=RepoConfig(
        project="bench", provider="local", registry=str(folder / f"{offline}.db"),
        offline_store={"type": offline}, online_store=None, entity_key_serialization_version=3,
    ))  # fmt: skip
    learner = Entity(name="learner", join_keys=["learner_id"], value_type=ValueType.STRING)
    schema = [
        *(Field(name=x, dtype=Float32) for x in names),
        Field(name="known", dtype=UnixTimestamp),
    ]
    view = FeatureView(
        name="stored", entities=[learner], schema=schema, ttl=timedelta(days=3650),
        source=FileSource(path=str(folder / "with_known.parquet"),
                          timestamp_field="event_timestamp", created_timestamp_column="created"),
    )  # fmt: skip
    store.apply([learner, view])
    labels = pd.read_parquet(folder / "labels.parquet")

    def joined(features: list[str]) -> pd.DataFrame:
        asked = [f"stored:{x}" for x in features]
        return store.get_historical_features(entity_df=labels, features=asked).to_df()

    def join(n: int) -> Timing:
        return timed(joined, [(names,)] * n)

    def facts(_: int) -> Timing:
        found = joined(["known"])
        known = pd.to_datetime(found["known"], utc=True)
        return [len(found), int((known > found["event_timestamp"]).sum())], []

    return {}, {"join": join, "facts": facts}


serve(setup)
