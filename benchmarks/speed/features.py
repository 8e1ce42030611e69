"""What do features cost: of a whole log, of one event, of a training set?

The log is synthetic: 10,000 learners over about 180 days, answers, hints, videos and readings on
2,000 items; so is what Feast and polars join. Each size of the batch runs in a process of its own,
so that its peak memory is its own. Feast runs in the interpreter `--feast-python` (or
LEARNLOOP_FEAST_PYTHON); without it its rows say so.
"""

import argparse
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
from peers.process import NOT_INSTALLED, Peer, PeerMissing
from report import Cell, Report, Table
from timing import Samples, timed

from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.time import from_us
from learnloop.core.types import Interaction, InteractionKind, Item, ItemKind
from learnloop.features.asof import vectors
from learnloop.features.batch import compute, each_event
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import FeatureFold
from learnloop.features.log import COLUMNS, ORDER, ItemBook, of_frame
from learnloop.features.statistics import NOTHING
from learnloop.features.stored import latest_rows

N_LEARNERS, N_ITEMS, N_SKILLS = 10_000, 2_000, 100
START_US, DAY_US = 1_700_000_000_000_000, 86_400_000_000
DELAY_US = 600_000_000  # a value is known this long after its event, on the mean
ANSWERED = InteractionKind.ANSWERED.value
JOINED = 30
COUNT = "user_activity_count"
"""The feature that counts all events."""


def make_items(rng: np.random.Generator) -> list[Item]:
    """Four in five are exercises, one in five has two skills."""
    kinds = rng.choice(
        [ItemKind.EXERCISE, ItemKind.VIDEO, ItemKind.READING], N_ITEMS, p=[0.8, 0.12, 0.08]
    )
    return [
        Item(
            ItemId(f"i{k}"),
            tuple(SkillId(f"s{(k + 7 * j) % N_SKILLS}") for j in range(1 + (k % 5 == 0))),
            ItemKind(kind),
            difficulty_logit=float(rng.normal()),
            expected_seconds=float(rng.uniform(5, 60)),
        )
        for k, kind in enumerate(kinds.tolist())
    ]


def make_log(n: int) -> tuple[pl.DataFrame, list[Item]]:
    """N events in the order of `log.ORDER`, and their items; every learner has some."""
    rng = np.random.default_rng(1)
    items = make_items(rng)
    n_learners = min(N_LEARNERS, n // 20)
    eager = rng.lognormal(0.0, 0.8, n_learners)
    learner = np.sort(rng.choice(n_learners, n, p=eager / eager.sum()))
    own = np.bincount(learner, minlength=n_learners)
    # Sessions of ten events 40 s apart; breaks that fill 180 days.
    breaks = rng.exponential(180 * DAY_US / np.maximum(own[learner] / 10, 1.0))
    gap = np.where(rng.random(n) < 0.9, rng.exponential(40e6, n), breaks).astype(np.int64)
    start = np.searchsorted(learner, learner)
    us = START_US + np.cumsum(gap) - np.cumsum(gap)[start]
    topic = np.cumsum(rng.random(n) < 0.1) % N_SKILLS
    item = (topic + N_SKILLS * rng.integers(0, N_ITEMS // N_SKILLS, n)) % N_ITEMS
    on = np.array([x.kind.value for x in items])[item]
    draw = rng.random(n)
    exercise = np.where(draw < 0.95, ANSWERED, np.where(draw < 0.98, "hint", "skipped"))
    video = np.where(draw < 0.4, "played", np.where(draw < 0.8, "paused", "seeked"))
    kind = np.where(on == "exercise", exercise, np.where(on == "video", video, "viewed"))
    received_us = us + rng.exponential(DELAY_US, n).astype(np.int64)
    frame = pl.DataFrame({
        "learner": learner, "item": item, "n": np.arange(n), "occurred_us": us, "kind": kind,
        "correct": rng.random(n) < 0.7, "ms": rng.lognormal(9.5, 0.8, n).astype(np.int64),
        "hints": (rng.random(n) < 0.1).astype(np.int64), "position": rng.uniform(0, 600, n),
        "moved": rng.normal(0, 60, n), "received_us": received_us,
    })  # fmt: skip
    answered, on_video = (
        pl.col("kind") == ANSWERED,
        pl.col("kind").is_in(["played", "paused", "seeked"]),
    )
    frame = frame.select(
        learner_id=pl.format("l{}", pl.col("learner").cast(pl.String).str.zfill(6)),
        interaction_id=pl.format("e{}", pl.col("n").cast(pl.String).str.zfill(8)),
        occurred_us="occurred_us",
        sequence=pl.lit(0, pl.Int64),
        item_id=pl.format("i{}", "item"),
        kind="kind",
        correct=pl.when(answered).then("correct"),
        score=pl.lit(None, pl.Float64),
        response_time_ms=pl.when(answered).then("ms"),
        hints="hints",
        decision_id=pl.lit(None, pl.String),
        position_s=pl.when(on_video).then("position"),
        moved_s=pl.when(pl.col("kind") == "seeked").then("moved"),
        received_us="received_us",
    )
    return frame.cast(dict(COLUMNS)).sort(ORDER), items


# --- a whole log ---------------------------------------------------------------------------------


def all_features(frame: pl.DataFrame, items: list[Item]) -> int:
    """Every feature of the definitions, streamed."""
    events = of_frame(frame, ItemBook(items, NOTHING))
    values = [x.value for x in FEATURES]
    return sum(len(block) for block in compute(values, events, each_event(events)))


def by_hand(frame: pl.DataFrame, items: list[Item]) -> int:
    """Four windows of five sums, five running totals, five others."""
    at = pl.from_epoch("occurred_us", "us").alias("at")
    right, seconds = pl.col("correct").cast(pl.Float64), pl.col("response_time_ms") / 1000.0
    log = frame.select("learner_id", "occurred_us", "hints", at, right=right, seconds=seconds)
    log = log.with_columns(one=pl.lit(1.0), squared=pl.col("seconds") ** 2)
    sums = ("one", "right", "seconds", "squared", "hints")
    windows = [
        pl.col(x)
        .rolling_sum_by("at", window, closed="left")
        .over("learner_id")
        .alias(f"{x}_{window}")
        for window in ("1h", "1d", "7d", "30d")
        for x in sums
    ]
    totals = [pl.col(x).cum_sum().shift().over("learner_id").alias(f"{x}_all") for x in sums]
    smooth = pl.col("right").ewm_mean(alpha=0.1, adjust=False, ignore_nulls=True)
    others = [
        pl.col("occurred_us").diff().over("learner_id").alias("gap"),
        pl.col("right").shift().over("learner_id").alias("right_last"),
        pl.col("seconds").shift().over("learner_id").alias("seconds_last"),
        smooth.shift().over("learner_id").alias("right_ewm"),
        pl.col("seconds").cum_max().shift().over("learner_id").alias("seconds_max"),
    ]
    return log.lazy().select(*windows, *totals, *others).collect().height


WAYS: dict[str, Callable[[pl.DataFrame, list[Item]], int]] = {
    f"learnloop: all {len(FEATURES)} features": all_features,
    "polars: 30 features, written by hand": by_hand,
}


def one_way(n: int, way: str) -> tuple[float, float, float, float]:
    """Wall and CPU seconds, memory (GB) of the log itself and at its peak."""
    frame, items = make_log(n)
    before = _peak_gb()
    start, cpu = time.perf_counter(), time.process_time()
    assert WAYS[way](frame, items) == n
    return time.perf_counter() - start, time.process_time() - cpu, before, _peak_gb()


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def batch(table: Table, sizes: list[int]) -> None:
    """All features as of every event, beside a query written by hand."""
    for n in sizes:
        for way in WAYS:
            with multiprocessing.get_context("spawn").Pool(1) as alone:
                wall, cpu, log_gb, peak_gb = alone.apply(one_way, (n, way))
            table.add(
                way=way,
                events=n,
                wall_s=wall,
                cpu_s=cpu,
                events_per_cpu_s=n / cpu,
                log_gb=log_gb,
                peak_gb=peak_gb,
            )


# --- one event -----------------------------------------------------------------------------------


def online(table: Table, n: int, rounds: int) -> None:
    """The fold's update and the reading of a vector, each call alone."""
    frame, items = make_log(20 * N_LEARNERS)
    by_id = {x.item_id: x for x in items}
    fold = FeatureFold(NOTHING)
    logs = frame.head(n).partition_by("learner_id")
    updates, reads, sizes = Samples(), Samples(), []
    for _ in range(rounds):
        calls, asked = [], []
        for log in logs:
            state = fold.start(LearnerId("any"))
            for x in map(_interaction, log.iter_rows(named=True)):
                item = by_id[x.item_id]
                calls.append((state, x, item))
                state = fold.update(state, x, item)
                asked.append((state, x.occurred_at, item))
            sizes.append(len(msgspec.msgpack.encode(state)))
        updates.add(timed(fold.update, calls))
        reads.add(timed(fold.vector, asked))
    table.add(what=f"one event, all {len(FEATURES)} features", **updates.summary("us"))
    table.add(what="one vector", **reads.summary("us"))
    table.add(what="a state, encoded", bytes=int(statistics.median(sizes)))


def _interaction(row: dict[str, object]) -> Interaction:
    x = msgspec.convert(row, _Row)
    return Interaction(
        InteractionId(x.interaction_id), LearnerId(x.learner_id), ItemId(x.item_id),
        InteractionKind(x.kind), from_us(x.occurred_us), x.sequence, x.correct, None,
        x.response_time_ms, x.hints, None, x.position_s, x.moved_s, from_us(x.received_us),
    )  # fmt: skip


class _Row(msgspec.Struct):
    learner_id: str
    interaction_id: str
    occurred_us: int
    sequence: int
    item_id: str
    kind: str
    correct: bool | None
    response_time_ms: int | None
    hints: int
    position_s: float | None
    moved_s: float | None
    received_us: int


# --- a training set ------------------------------------------------------------------------------


def make_labels(frame: pl.DataFrame) -> pl.DataFrame:
    """One for every ten events, at any instant; one in a hundred of a learner without a log."""
    rng = np.random.default_rng(2)
    m = len(frame) // 10
    new = pl.Series(rng.random(m) < 0.01)
    return frame[rng.choice(len(frame), m, replace=False)].select(
        learner_id=pl.when(new).then(pl.format("new {}", "interaction_id")).otherwise("learner_id"),
        at_us=pl.Series(rng.integers(START_US, START_US + 180 * DAY_US, m)),
        label=pl.Series(rng.random(m)),
    )


def too_early(labels: pl.DataFrame, frame: pl.DataFrame, counted: pl.Series) -> int:
    """How many labels were given more events than had happened and arrived."""
    known = labels.with_row_index("row").join(frame, on="learner_id")
    known = known.filter(
        pl.col("occurred_us") < pl.col("at_us"), pl.col("received_us") <= pl.col("at_us")
    )
    counts = np.zeros(len(labels), dtype=np.int64)
    np.add.at(counts, known["row"].to_numpy(), 1)
    return int((counted.to_numpy() > counts).sum())


def training_set(table: Table, n: int, rounds: int, feast: str | None, engines: list[str]) -> None:
    """The same labels joined to stored features, and beside features computed from the log."""
    frame, items = make_log(n)
    labels, rng = make_labels(frame), np.random.default_rng(3)
    rows = frame.select("learner_id", "occurred_us", "received_us").with_columns(
        pl.Series(f"f{k}", rng.random(n).astype(np.float32)) for k in range(JOINED)
    )
    others = [x.name for x in FEATURES if x.name != COUNT]
    some = {COUNT, *others[:: len(others) // (JOINED - 1)][: JOINED - 1]}

    def ours(names: set[str]) -> Callable[[], pl.DataFrame]:
        kept = tuple(x for x in FEATURES if x.name in names)
        return lambda: vectors(labels, frame, items, NOTHING, kept, known_by="received")

    every = {x.name for x in FEATURES}
    ways = {
        f"learnloop: join of {JOINED} stored features": lambda: latest_rows(labels, rows),
        f"learnloop: {len(some)} features, computed from the log": ours(some),
        f"learnloop: all {len(every)} features, computed from the log": ours(every),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    early: dict[str, int | None] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            made = way()
            seconds[name].append(time.perf_counter() - start)
            assert len(made) == len(labels)
            early[name] = too_early(labels, frame, made[COUNT]) if COUNT in made.columns else None
            del made
    for name, found in seconds.items():
        table.add(
            way=name, labels=len(labels), rows=len(labels), too_early=early[name],
            median_s=statistics.median(found), min_s=min(found),
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for engine in engines:
            name = f"Feast, {engine}: get_historical_features of {JOINED} stored features"
            try:
                found = _feast(feast, engine, Path(folder), rows, labels, rounds)
                table.add(way=name, labels=len(labels), **found)
            except PeerMissing as missing:
                table.add(way=name, labels=len(labels), note=str(missing))


def _feast(
    python: str | None,
    engine: str,
    folder: Path,
    rows: pl.DataFrame,
    labels: pl.DataFrame,
    rounds: int,
) -> dict[str, Cell]:
    if python is None:
        raise PeerMissing(NOT_INSTALLED.replace("requirements/bench.txt", "'feast[duckdb]'"))
    utc = pl.Datetime("us", "UTC")
    rows.select(
        "learner_id",
        pl.col("occurred_us").cast(utc).alias("event_timestamp"),
        pl.col("received_us").cast(utc).alias("created"),
        pl.selectors.starts_with("f"),
    ).write_parquet(folder / "rows.parquet")
    labels.select("learner_id", "label", event_timestamp=pl.col("at_us").cast(utc)).write_parquet(
        folder / "labels.parquet"
    )
    setup = {"folder": str(folder), "engine": engine, "n_features": JOINED}
    with Peer(python, "feast_join.py", setup) as peer:
        wall, _ = peer.run("join", rounds)
        (n, early), _ = peer.run("facts", 0)
    return {
        "rows": n, "too_early": early,
        "median_s": statistics.median(wall) / 1e9, "min_s": min(wall) / 1e9,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["batch", "online", "training"])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--events", type=int, default=2_000, help="online, per round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--feast-python", default=os.environ.get("LEARNLOOP_FEAST_PYTHON"))
    parser.add_argument("--engines", nargs="*", default=["duckdb", "dask"], help="of Feast")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    protocol = [
        f"synthetic log of {N_LEARNERS:,} learners (20 events each at least) over about 180 days, "
        f"{N_ITEMS:,} items, {N_SKILLS} skills; {len(FEATURES)} features",
        "batch: one run of each way in a process of its own; `log_gb` is its peak before",
        "training set: one label for every ten events, 1% of learners without a log; an event is "
        f"known {DELAY_US // 60_000_000} minutes later on the mean; `too_early` counts labels that "
        "were given what was not yet known",
    ]
    report = Report("speed/features", protocol)
    if args.only in (None, "batch"):
        batch(report.table("All features as of every event of a log"), args.rows)
    if args.only in (None, "online"):
        online(report.table("One event in, one vector out"), args.events, args.rounds)
    if args.only in (None, "training"):
        table = report.table(f"A training set over {args.rows[-1]:,} events")
        training_set(table, args.rows[-1], args.rounds, args.feast_python, args.engines)
    report.finish(args.json)


if __name__ == "__main__":
    main()
