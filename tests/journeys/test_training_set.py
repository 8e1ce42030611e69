"""Does a training set hold every label, in its place, beside what was known then and no more?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest

from learnloop import __version__
from learnloop.core.errors import DataError, InvalidInput, NaiveTime
from learnloop.core.ids import LearnerId
from learnloop.core.random import derive_rng
from learnloop.core.time import ManualClock, to_us
from learnloop.features.asof import vectors
from learnloop.features.log import frame_of
from learnloop.features.statistics import ItemFacts, ItemStatistics
from learnloop.journeys import training_set
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange
from learnloop.journeys.training_set import build_training_set
from learnloop.training.sets import Lineage, read_lineage
from learnloop.training.split import fold_of, is_held_out

from .worlds import ADA, BO, NOW, SKILLS, answer, small_world

START = NOW - timedelta(days=1)
ZOE = LearnerId("zoe")  # nobody knows her


def rows(n: int = 40, seed: int = 0) -> list[tuple[object, ...]]:
    """Labels of two learners and a stranger, in no order."""
    rng = np.random.default_rng(seed)
    return [
        (
            (ADA, BO, ZOE)[int(rng.integers(3))],
            START + timedelta(minutes=int(rng.integers(-5, 40))),
            (None, "count-1", "add-2")[int(rng.integers(3))],
            START + timedelta(minutes=int(rng.integers(41, 60))),
            k,
        )
        for k in range(n)
    ]


def frame(labels: list[tuple[object, ...]]) -> pl.DataFrame:
    names = ("learner_id", "at", "item_id", "label_at", "label")
    return pl.DataFrame(labels, schema=names, orient="row")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def engine(
    request: pytest.FixtureRequest, fresh_url: Callable[[str], str]
) -> Iterator[PersonalizationEngine]:
    with small_world(fresh_url(request.param)) as engine:
        for k in range(30):
            clock = engine.clock
            assert isinstance(clock, ManualClock)
            # Every third answer arrives ten minutes late.
            clock.set(START + timedelta(minutes=k + 10 * (k % 3 == 0)))
            item = f"{SKILLS[k % 3]}-{k % 5}"
            engine.record([answer((ADA, BO)[k % 2], k, item, correct=k % 4 > 0)])
        clock.set(NOW)
        yield engine


def expected(engine: PersonalizationEngine, labels: pl.DataFrame, known_by: str) -> np.ndarray:
    """The same, from the whole log at once."""
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
        log = [x for who in (ADA, BO) for x in tx.interactions.history(who)]
    at_us = pl.Series("at_us", [to_us(at) for at in labels["at"]])
    fold = live.features
    found = vectors(
        labels.drop("at").with_columns(at_us),
        frame_of(log),
        live.items.items,
        fold.statistics,
        fold.features,
        known_by=known_by,  # type: ignore[arg-type]
    )
    return found.select(x.name for x in fold.features).to_numpy()


@pytest.mark.parametrize("known_by", ["occurred", "received"])
def test_every_label_keeps_its_row_and_its_place(
    engine: PersonalizationEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    known_by: str,
) -> None:
    monkeypatch.setattr(training_set, "CHUNK", 7)
    labels, out, told = frame(rows()), tmp_path / "set.parquet", []
    report = build_training_set(
        engine,
        labels,
        out,
        known_by=known_by,  # type: ignore[arg-type]
        statistics="serving",
        progress=lambda *x: told.append(x),
    )
    written = pl.read_parquet(out)
    assert written["label"].to_list() == list(range(40))
    assert written.select(labels.columns).equals(labels)
    found = written.drop(labels.columns).to_numpy()
    assert alike(found, expected(engine, labels, known_by))
    assert not alike(found, expected(engine, labels, other(known_by)))
    assert report.n_labels == report.lineage.n_rows == 40
    assert report.n_not_yet_known == 0
    assert report.n_cold == sum(
        who == ZOE or at <= START + timedelta(minutes=who == BO)
        for who, at, *_ in labels.iter_rows()
    )
    assert told[-1] == (40, 40)
    assert len(told) > 1
    assert [x.name for x in tmp_path.iterdir() if x.suffix == ".part"] == []


def alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal as far as the two computations of a feature are."""
    return np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True)


def other(known_by: str) -> str:
    return "received" if known_by == "occurred" else "occurred"


def test_the_file_says_what_it_was_made_of(engine: PersonalizationEngine, tmp_path: Path) -> None:
    report = build_training_set(engine, frame(rows(5)), tmp_path / "set.parquet", as_of=NOW)
    lineage = read_lineage(tmp_path / "set.parquet")
    assert lineage == report.lineage
    assert lineage.features.startswith("features@")
    assert lineage.code == __version__
    assert lineage.as_of == lineage.log_read_at == NOW
    assert lineage.n_rows == 5
    with pytest.raises(DataError, match="no training set"):
        read_lineage(Path(__file__))


@pytest.fixture
def world() -> Iterator[PersonalizationEngine]:
    with small_world("memory://") as engine:
        engine.record([answer(ADA, k, correct=k % 2 == 0) for k in range(10)])
        yield engine


def test_labels_that_were_not_known_yet_are_left_out(
    world: PersonalizationEngine, tmp_path: Path
) -> None:
    labels, out = frame(rows()), tmp_path / "set.parquet"
    as_of, delay = START + timedelta(minutes=52), timedelta(minutes=2)
    report = build_training_set(world, labels, out, as_of=as_of, delay=delay)
    known = [k for *_, label_at, k in labels.iter_rows() if label_at + delay <= as_of]
    assert 0 < len(known) < 40
    assert pl.read_parquet(out)["label"].to_list() == known
    assert report.n_not_yet_known == 40 - len(known)


def test_without_label_times_a_label_is_as_old_as_its_question(
    world: PersonalizationEngine, tmp_path: Path
) -> None:
    labels, out = frame(rows()).drop("label_at"), tmp_path / "set.parquet"
    as_of = START + timedelta(minutes=20)
    build_training_set(world, labels, out, as_of=as_of)
    assert pl.read_parquet(out)["at"].max() <= as_of  # type: ignore[operator]


def test_a_later_event_changes_no_row(world: PersonalizationEngine, tmp_path: Path) -> None:
    def build(name: str) -> Lineage:
        out = tmp_path / f"{name}.parquet"
        return build_training_set(world, frame(rows()), out, statistics="serving").lineage

    lineage = build("before")
    world.record([answer(ADA, k, "add-1", minutes=100 + k) for k in range(20, 30)])
    build("after")
    before, after = (
        pl.read_parquet(tmp_path / f"{x}.parquet", columns=list(lineage.names)).to_numpy()
        for x in ("before", "after")
    )
    assert alike(before, after)


def test_some_features_in_their_order(world: PersonalizationEngine, tmp_path: Path) -> None:
    names = ["time_since_last_activity", "user_activity_count"]
    out = tmp_path / "set.parquet"
    report = build_training_set(world, frame(rows()), out, features=names)
    assert pl.read_parquet(out).columns[5:] == names
    assert report.lineage.names == tuple(names)
    with pytest.raises(InvalidInput, match="user_activity_count"):
        build_training_set(world, frame(rows()), out, features=["user_activity_cuont"])


def test_item_statistics_of_training_learners_may_be_given(
    world: PersonalizationEngine, tmp_path: Path
) -> None:
    statistics = ItemStatistics({"count-1": ItemFacts(2.5, 10.0, 0.5, 3.0)}, "mine")
    report = build_training_set(
        world, frame(rows()), tmp_path / "set.parquet", statistics=statistics
    )
    assert report.lineage.features.endswith("-mine")


def test_no_labels_make_an_empty_set(world: PersonalizationEngine, tmp_path: Path) -> None:
    out = tmp_path / "set.parquet"
    report = build_training_set(world, frame(rows())[:0], out)
    assert report.n_labels == 0
    assert pl.read_parquet(out).height == 0
    assert pl.read_parquet(out).width == 5 + len(report.lineage.names)


def test_a_failure_leaves_the_old_file(world: PersonalizationEngine, tmp_path: Path) -> None:
    out = tmp_path / "set.parquet"
    out.write_text("old")
    labels = rows()
    labels[3] = (ADA, START, "nowhere", NOW, 3)
    with pytest.raises(DataError, match=r"labels, row 3, column item_id: 'nowhere'"):
        build_training_set(world, frame(labels), out)
    taken = frame(rows()).rename({"label": "user_activity_count"})
    with pytest.raises(DataError, match="user_activity_count: a feature has this name"):
        build_training_set(world, taken, out)
    with pytest.raises(NaiveTime):
        build_training_set(world, frame(rows()), out, as_of=datetime(2026, 1, 1))  # noqa: DTZ001
    assert out.read_text() == "old"
    assert [x.name for x in tmp_path.iterdir()] == ["set.parquet"]


def test_a_late_event_is_known_when_it_came(world: PersonalizationEngine, tmp_path: Path) -> None:
    assert isinstance(world.clock, ManualClock)
    world.clock.set(NOW + timedelta(days=2))
    world.record([replace(answer(BO, 50), occurred_at=NOW)])
    asked = [(BO, NOW + timedelta(days=d), None, NOW + timedelta(days=9), d) for d in (1, 3)]
    out, counts = tmp_path / "set.parquet", {}
    for known_by in ("occurred", "received"):
        build_training_set(world, frame(asked), out, known_by=known_by)  # type: ignore[arg-type]
        counts[known_by] = pl.read_parquet(out)["user_activity_count"].to_list()
    assert counts == {"occurred": [1.0, 1.0], "received": [0.0, 1.0]}


# --- statistics of others -------------------------------------------------------------------------

PEOPLE = [LearnerId(f"p{k}") for k in range(20)]


def school(turned: Callable[[LearnerId, int], bool]) -> pl.DataFrame:
    """A set of 20 learners' answers, some of which are turned over."""
    with small_world("memory://") as engine, TemporaryDirectory() as folder:
        for who in PEOPLE:
            engine.put_profile(who, ProfileChange())
            right = derive_rng(0, who).random(12) < 0.6
            engine.record(
                [
                    answer(who, k, f"{SKILLS[k % 3]}-{k % 5}", bool(right[k]) ^ turned(who, k))
                    for k in range(12)
                ]
            )
        at = START + timedelta(minutes=5)
        labels = pl.DataFrame({"learner_id": PEOPLE, "at": at, "item_id": "count-1"})
        out = Path(folder) / "set.parquet"
        build_training_set(engine, labels, out, statistics="others")
        return pl.read_parquet(out)


def test_item_statistics_of_others_hold_nobodys_own_answers_and_no_held_out_ones() -> None:
    before = school(lambda _who, _k: False)
    columns = before.columns[3:]
    assert before["item_easiness"].n_unique() == 5

    def moved(after: pl.DataFrame) -> list[str]:
        pairs = zip(before.select(columns).rows(), after.select(columns).rows(), strict=True)
        return [
            who
            for who, (a, b) in zip(PEOPLE, pairs, strict=True)
            if not alike(np.array(a), np.array(b))
        ]

    held_out = {who for who in PEOPLE if is_held_out(who)}
    assert 0 < len(held_out) < len(PEOPLE)
    # Later answers of the held-out: no row of anybody holds them, not their own either.
    assert moved(school(lambda who, k: who in held_out and k > 5)) == []
    # Later answers of one learner: those of other folds read them, the own fold does not.
    one = next(who for who in PEOPLE if who not in held_out)
    own = {who for who in PEOPLE if fold_of(who) == fold_of(one)}
    assert set(moved(school(lambda who, k: who == one and k > 5))) == set(PEOPLE) - own


def test_the_guide_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = Path(__file__).parents[2] / "docs" / "guides" / "training-sets.md"
    blocks = re.findall(r"```python\n(.*?)```", guide.read_text(), re.DOTALL)
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    small_world("sqlite:///school.db").close()
    lines = [f"p{k},2026-0{1 + k % 2}-1{k % 10}T08:00:00Z,{k % 2}" for k in range(40)]
    Path("labels.csv").write_text("\n".join(["learner_id,at,passed", *lines, ""]))
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["report"].n_labels == len(names["rows"]) == 40
    assert names["strict"].test.any()
    assert names["window"].sides.train.any()
