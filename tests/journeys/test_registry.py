"""Is every model that is kept loaded whole or refused, and can one always go back?"""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnloop.core.artifact import Artifact
from learnloop.core.errors import ArtifactError, InvalidInput, NotFound
from learnloop.core.protocols import Store, Transaction
from learnloop.core.registry import ModelRole
from learnloop.core.time import ManualClock
from learnloop.core.types import Ref
from learnloop.journeys.registry import (
    KEPT_FOR,
    KEPT_VERSIONS,
    artifact_of,
    champions,
    collect,
    earlier_champion,
    give_role,
    roll_back,
    store_artifact,
)
from learnloop.storage import open_store
from learnloop.testing.builders import NOON, a_state

FreshUrl = Callable[[str], str]
CHAMPION = ModelRole.CHAMPION
SLOT = "answers"


def an_artifact(version: str = "1", *, days: float = 0, **about: object) -> Artifact:
    """A model of two files, one of which all versions share."""
    files = {"model.json": f'{{"of": "{version}"}}'.encode(), "CARD.md": b"# A model\n"}
    made = NOON + timedelta(days=days)
    return Artifact.build(Ref("sample", version), "sample", made, files, **about)


def deploy(tx: Transaction, version: str, role: ModelRole = CHAMPION) -> None:
    clock = ManualClock(NOON)
    give_role(tx, clock, SLOT, role, Ref("sample", version), actor="test", reason="a try")


def back(tx: Transaction) -> Ref:
    return roll_back(tx, ManualClock(NOON), SLOT, actor="test", reason="it was worse")


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_what_is_stored_is_loaded(kind: str, fresh_url: FreshUrl) -> None:
    store, artifact = open_store(fresh_url(kind)), an_artifact()
    with closing(store):
        with store.begin() as tx:
            assert store_artifact(tx, artifact) == store_artifact(tx, artifact)
        with store.begin(write=False) as tx:
            assert artifact_of(tx, artifact.ref) == artifact
            with pytest.raises(ArtifactError, match="missing"):
                artifact_of(tx, Ref("sample", "2"))


def test_a_version_is_one_model_for_ever() -> None:
    store, artifact = open_store("memory://"), an_artifact()
    other = Artifact.build(artifact.ref, "sample", NOON, {"model.json": b"{}"})
    torn = Artifact(artifact.manifest, {**artifact.files, "CARD.md": b"# Another\n"})
    with store.begin() as tx:
        with pytest.raises(ArtifactError, match="corrupt"):
            store_artifact(tx, torn)
        store_artifact(tx, artifact)
        with pytest.raises(ArtifactError, match="another model"):
            store_artifact(tx, other)
        assert artifact_of(tx, artifact.ref) == artifact


PLACES = ["model_files.data", "models.manifest", "models.sha256"]


@pytest.mark.parametrize("place", PLACES)
def test_every_flipped_bit_is_refused(place: str, tmp_path: Path) -> None:
    """In a file, in the manifest, in its hash: nothing loads that was not stored."""
    path, artifact = tmp_path / "store.db", an_artifact()
    table, column = place.split(".")
    n_tried = 0
    with closing(open_store(f"sqlite:///{path}")) as store, closing(sqlite3.connect(path)) as raw:
        with store.begin() as tx:
            store_artifact(tx, artifact)
        for row, value in raw.execute(f"select rowid, {column} from {table}").fetchall():
            text = isinstance(value, str)
            data = value.encode() if text else value
            # All bits of what is small; of the manifest every seventh, which meets every byte.
            for bit in range(0, 8 * len(data), 1 if len(data) < 200 else 7):
                flipped = bytearray(data)
                flipped[bit // 8] ^= 1 << bit % 8
                with suppress(UnicodeDecodeError):
                    _put(raw, table, column, row, flipped.decode() if text else bytes(flipped))
                    n_tried += 1
                    with store.begin(write=False) as tx, pytest.raises(ArtifactError):
                        artifact_of(tx, artifact.ref)
            _put(raw, table, column, row, value)
        with store.begin(write=False) as tx:
            assert artifact_of(tx, artifact.ref) == artifact
    assert n_tried > 100


def _put(raw: sqlite3.Connection, table: str, column: str, row: int, value: object) -> None:
    raw.execute(f"update {table} set {column} = ? where rowid = ?", (value, row))
    raw.commit()


def test_what_is_cut_off_or_gone_is_refused_and_can_be_put_again(tmp_path: Path) -> None:
    path, artifact = tmp_path / "store.db", an_artifact()
    with closing(open_store(f"sqlite:///{path}")) as store, closing(sqlite3.connect(path)) as raw:
        for harm in ("update model_files set data = substr(data, 1, 5)", "delete from model_files"):
            with store.begin() as tx:
                store_artifact(tx, artifact)
                assert artifact_of(tx, artifact.ref) == artifact
            raw.execute(harm)
            raw.commit()
            with store.begin(write=False) as tx, pytest.raises(ArtifactError):
                artifact_of(tx, artifact.ref)


def test_only_what_is_kept_gets_a_role() -> None:
    store = open_store("memory://")
    with store.begin() as tx:
        with pytest.raises(NotFound, match="no version"):
            deploy(tx, "1")
        assert tx.models.aliases() == []
        with pytest.raises(InvalidInput, match="no earlier champion"):
            back(tx)
        store_artifact(tx, an_artifact())
        deploy(tx, "1")
        assert tx.models.alias(SLOT, CHAMPION) == Ref("sample", "1")
        with pytest.raises(InvalidInput, match="no earlier champion"):
            back(tx)


def test_a_version_that_comes_back_brings_no_old_states() -> None:
    """Nobody folded events into them while another version answered."""
    store = open_store("memory://")
    refs = [Ref("sample", v) for v in "12"]
    state = a_state("ana", refs[0])
    with store.begin() as tx:
        for version in "12":
            store_artifact(tx, an_artifact(version))
        deploy(tx, "1", ModelRole.CHALLENGER)
        tx.states.put([state])
        deploy(tx, "1")
        assert tx.states.get(state.learner_id, refs) == {refs[0]: state}
        give_role(tx, ManualClock(NOON), SLOT, ModelRole.CHALLENGER, None, actor="t", reason="over")
        deploy(tx, "2")
        back(tx)
        assert tx.states.get(state.learner_id, refs) == {}


def test_words_that_look_like_a_rollback_break_nothing() -> None:
    store, clock = open_store("memory://"), ManualClock(NOON)
    with store.begin() as tx:
        for version in "123":
            store_artifact(tx, an_artifact(version))
            ref, why = Ref("sample", version), "rolled back from what was: a mess"
            give_role(tx, clock, SLOT, CHAMPION, ref, actor="test", reason=why)
        give_role(tx, clock, SLOT, CHAMPION, None, actor="test", reason="nobody")
        assert back(tx) == Ref("sample", "3")
        assert back(tx) == Ref("sample", "2")


STEPS = st.lists(st.one_of(st.sampled_from("abcde"), st.just("back")), max_size=25)


@given(steps=STEPS)
@settings(max_examples=200, deadline=None)
def test_one_goes_back_along_the_line_of_champions(steps: list[str]) -> None:
    """Against a line of names: deploying moves to its end, going back drops the end."""
    store, line = open_store("memory://"), []
    with store.begin() as tx:
        for version in "abcde":
            store_artifact(tx, an_artifact(version))
        for step in steps:
            if step != "back":
                line = [v for v in line if v != step] + [step]
                deploy(tx, step)
            elif len(line) > 1:
                del line[-1]
                assert back(tx) == Ref("sample", line[-1])
            else:
                with pytest.raises(InvalidInput):
                    back(tx)
            assert [ref.version for ref in champions(tx, SLOT)] == line[::-1]
            before = earlier_champion(tx, SLOT)
            assert (before and before.version) == (line[-2] if len(line) > 1 else None)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.integers(0, 100)),
        st.tuples(st.sampled_from(list(ModelRole)), st.integers(0, 30)),
        st.tuples(st.just("back"), st.just(0)),
        st.tuples(st.just("collect"), st.integers(0, 100)),
    ),
    max_size=30,
)


@given(events=EVENTS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_collecting_removes_nothing_that_is_needed(events: list[tuple[str, int]]) -> None:
    store: Store = open_store("memory://")
    n = 0
    for what, number in events:
        if what == "collect":
            with store.begin(write=False) as tx:
                before = [ref for ref in champions(tx, SLOT)[:KEPT_VERSIONS] if tx.models.get(ref)]
            now = NOON + timedelta(days=number)
            collect(store, now)
            assert collect(store, now) == (0, 0)
            with store.begin(write=False) as tx:
                assert all(tx.models.get(ref) for ref in before)
        with store.begin() as tx:
            if what == "store":
                store_artifact(tx, an_artifact(f"{n}", days=number))
                n += 1
            elif what == "back":
                with suppress(InvalidInput):
                    back(tx)
            elif what != "collect":
                with suppress(NotFound):
                    deploy(tx, f"{number}", ModelRole(what))
            for ref in [a.ref for a in tx.models.aliases()] + [r.ref for r in tx.models.list()]:
                artifact_of(tx, ref)


def test_what_nobody_needs_is_removed_with_its_files() -> None:
    store = open_store("memory://")
    with store.begin() as tx:
        for day, version in enumerate("123456"):
            store_artifact(tx, an_artifact(version, days=day))
        for version in "1234":
            deploy(tx, version)
        tx.files.put(b"of an artifact that was never finished")
    assert collect(store, NOON + KEPT_FOR + timedelta(days=4)) == (1, 2)
    with store.begin(write=False) as tx:
        assert {r.ref.version for r in tx.models.list()} == set("23456")
    assert collect(store, NOON + timedelta(days=365)) == (1, 1)
    with store.begin(write=False) as tx:
        assert {r.ref.version for r in tx.models.list()} == set("2346"), "and the newest"


def test_the_features_of_a_kept_model_are_kept() -> None:
    store = open_store("memory://")
    features = Artifact.build(Ref("features", "1"), "features", NOON, {"facts": b"{}"})
    newer = Artifact.build(
        Ref("features", "2"),
        "features",
        NOON + timedelta(days=1),
        {"facts": b"{} "},
    )
    with store.begin() as tx:
        for artifact in (features, newer, an_artifact(features=str(features.ref))):
            store_artifact(tx, artifact)
    assert collect(store, NOON + timedelta(days=365)) == (0, 0)
    with store.begin(write=False) as tx:
        assert artifact_of(tx, features.ref) == features


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nothing_is_swept_away_from_under_somebody_who_stores(
    kind: str, fresh_url: FreshUrl
) -> None:
    """A file that nobody named is put again while it is being swept; its record comes later."""
    store, artifact = open_store(fresh_url(kind)), an_artifact()
    put, swept = Event(), Event()

    def store_slowly() -> None:
        with store.begin() as tx:
            store_artifact(tx, artifact)
            put.set()
            swept.wait(0.5)

    with closing(store), ThreadPoolExecutor(2) as pool:
        with store.begin() as tx:
            for data in artifact.files.values():
                tx.files.put(data)
        slow = pool.submit(store_slowly)
        put.wait(10)
        sweeping = pool.submit(collect, store, NOON)
        sweeping.add_done_callback(lambda _: swept.set())
        slow.result()
        assert sweeping.result() == (0, 0)
        with store.begin(write=False) as tx:
            assert artifact_of(tx, artifact.ref) == artifact
