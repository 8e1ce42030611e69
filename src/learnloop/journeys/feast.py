"""How do teams that already run Feast get the features? As Parquet files and a feature repository.

Feast looks the latest row up, whatever time has passed since. So only features that nothing but the
learner's next event can change are exported (`lineage.is_steady`); the others need a question, and
are asked of learnloop. A row holds what was known right after an event, with the event's time, and
the time it was received as `created`, so that Feast can leave out what came late.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from learnloop.core.errors import InvalidInput
from learnloop.core.protocols import Transaction
from learnloop.features.asof import vectors
from learnloop.features.definition import Feature
from learnloop.features.definitions import FEATURES
from learnloop.features.lineage import is_steady
from learnloop.features.log import frame_of
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.live import Live, every_learner

PAGE = 200
"""Learners in one Parquet file."""

STEADY: tuple[Feature, ...] = tuple(x for x in FEATURES if is_steady(x.value))


@dataclass(frozen=True, slots=True)
class FeastExport:
    """What was written.

    Attributes:
        folder: The feature repository; `feast apply` runs in it.
        n_rows: Rows, one per learner and instant with an event.
    """

    folder: Path
    n_learners: int
    n_rows: int
    n_features: int


def export_feast(
    engine: PersonalizationEngine,
    folder: Path,
    *,
    progress: Callable[[int], None] = lambda n: None,
) -> FeastExport:
    """Write the steady features of every learner after every event, and `features.py` for Feast.

    Args:
        folder: A new or empty one.
        progress: Told how many learners are done.

    Raises:
        InvalidInput: The folder holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InvalidInput(f"{folder}: the folder is not empty; give a new one", field="folder")
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    n_learners = n_rows = 0
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
        for number, frame in enumerate(_pages(tx)):
            rows = _rows(live, frame)
            rows.write_parquet(data / f"learners-{number:05}.parquet")
            n_learners += rows["learner_id"].n_unique()
            n_rows += rows.height
            progress(n_learners)
    (folder / "features.py").write_text(_definitions(), encoding="utf-8")
    (folder / "feature_store.yaml").write_text(_STORE, encoding="utf-8")
    return FeastExport(folder, n_learners, n_rows, len(STEADY))


def _rows(live: Live, frame: pl.DataFrame) -> pl.DataFrame:
    instants = (
        frame.group_by("learner_id", "occurred_us", maintain_order=True)
        .agg(pl.col("received_us").max())
        .with_columns(at_us=pl.col("occurred_us") + 1)
    )
    found = vectors(instants, frame, live.items.items, live.features.statistics, STEADY)
    created = pl.coalesce("received_us", "occurred_us")
    return found.select(
        "learner_id",
        _instant(pl.col("occurred_us")).alias("event_timestamp"),
        _instant(created).alias("created"),
        *[pl.col(x.name).fill_nan(x.default) for x in STEADY],
    )


def _instant(us: pl.Expr) -> pl.Expr:
    return pl.from_epoch(us, time_unit="us").dt.replace_time_zone("UTC")


def _pages(tx: Transaction) -> Iterator[pl.DataFrame]:
    everyone = every_learner(tx)
    while page := list(islice(everyone, PAGE)):
        frame = frame_of(x for who in page for x in tx.interactions.history(who.learner_id))
        if frame.height:
            yield frame


_STORE = """project: learnloop
provider: local
registry: registry.db
online_store:
  type: sqlite
  path: online.db
entity_key_serialization_version: 3
"""


def _definitions() -> str:
    fields = "\n".join(
        f'        Field(name="{x.name}", dtype=Float64, description={x.meaning!r}),' for x in STEADY
    )
    return f'''"""Features of learnloop for Feast: what was known of a learner after each event."""

from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import Float64

learner = Entity(name="learner", join_keys=["learner_id"], value_type=ValueType.STRING)

source = FileSource(
    path="data",
    timestamp_field="event_timestamp",
    created_timestamp_column="created",
)

learner_features = FeatureView(
    name="learner_features",
    entities=[learner],
    ttl=timedelta(0),
    schema=[
{fields}
    ],
    source=source,
)
'''
