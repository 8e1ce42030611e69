"""Do the features that a model takes stay live as long as it is the champion?"""

from learnloop.core.artifact import Artifact
from learnloop.core.protocols import Transaction
from learnloop.core.registry import ModelRole
from learnloop.core.time import ManualClock
from learnloop.core.types import Ref
from learnloop.features.fold import NAME
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.registry import give_role, roll_back, store_artifact

from .worlds import ADA, answer, small_world

CHAMPION = ModelRole.CHAMPION


def fitted() -> PersonalizationEngine:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 5 > 0) for k in range(250)])
    engine.fit()
    return engine


def live(tx: Transaction) -> Ref | None:
    return tx.models.alias(NAME, CHAMPION)


def deploy(engine: PersonalizationEngine, tx: Transaction, version: str, takes: Ref | None) -> None:
    features = None if takes is None else str(takes)
    made = Artifact.build(Ref("net", version), "net", engine.clock.now(), {}, features=features)
    store_artifact(tx, made)
    give_role(tx, engine.clock, "net", CHAMPION, made.ref, actor="test", reason="a try")


def refit(engine: PersonalizationEngine, k: int) -> None:
    assert isinstance(engine.clock, ManualClock)
    engine.clock.advance(hours=1)
    engine.record([answer(ADA, k + i, f"add-{i % 6}", i % 3 > 0) for i in range(40)])
    engine.fit()


def test_a_fit_leaves_the_features_that_a_champion_takes() -> None:
    engine = fitted()
    with engine.store.begin() as tx:
        first = live(tx)
        deploy(engine, tx, "1", first)
    refit(engine, 300)
    with engine.store.begin() as tx:
        assert live(tx) == first
        assert engine.live(tx).features.ref == first
        give_role(tx, engine.clock, "net", CHAMPION, None, actor="test", reason="over")
    refit(engine, 400)
    with engine.store.begin() as tx:
        assert live(tx) != first


def test_a_champion_brings_its_features_and_going_back_brings_them_again() -> None:
    engine = fitted()
    with engine.store.begin() as tx:
        first = live(tx)
    refit(engine, 300)
    with engine.store.begin() as tx:
        second = live(tx)
        assert first != second
        deploy(engine, tx, "1", first)
        assert live(tx) == first
        deploy(engine, tx, "2", second)
        assert live(tx) == second
        roll_back(tx, engine.clock, "net", actor="test", reason="worse")
        assert live(tx) == first
        assert tx.models.changes(NAME, 1)[0].reason == "net@1 takes them"
    assert engine.features(ADA).ref == first


def test_features_that_are_not_kept_are_not_brought() -> None:
    engine = fitted()
    with engine.store.begin() as tx:
        first = live(tx)
        deploy(engine, tx, "1", Ref("features", "of another house"))
        assert live(tx) == first
