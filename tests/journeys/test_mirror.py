"""Does MLflow show what the registry holds? A real local one, and none at all."""

from pathlib import Path

import pytest

from learnloop.core.registry import ESTIMATOR, ModelRole
from learnloop.core.time import ManualClock
from learnloop.core.types import Ref
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.journeys.mirror import mirror
from learnloop.journeys.registry import give_role
from learnloop.storage import open_store
from learnloop.training.tracking.tracker import NoTracker

from .worlds import ADA, NOW, answer, small_world

OTHER = Ref("ability", "other")


class Told(NoTracker):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.versions: list[Ref] = []
        self.roles: dict[tuple[str, ModelRole], Ref | None] = {}

    def mirror_version(self, record) -> None:  # type: ignore[no-untyped-def]
        self.versions.append(record.ref)

    def mirror_alias(self, slot: str, role: ModelRole, ref: Ref | None) -> None:
        self.roles[slot, role] = ref


def test_every_version_and_role_is_told() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 5 > 0) for k in range(250)])
    fitted = engine.fit()
    with engine.store.begin() as tx:
        shadow = ModelRole.SHADOW
        give_role(tx, engine.clock, ESTIMATOR, shadow, fitted.ref, actor="t", reason="r")
        give_role(tx, engine.clock, ESTIMATOR, shadow, None, actor="t", reason="r")
        told = Told()
        mirror(tx, told)
    assert fitted.ref in told.versions
    assert told.roles[ESTIMATOR, ModelRole.CHAMPION] == fitted.ref
    assert told.roles[ESTIMATOR, ModelRole.SHADOW] is None


def test_without_tracking_nobody_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with PersonalizationEngine(open_store("memory://"), clock=ManualClock(NOW)) as engine:
        engine.mirror()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_local_mlflow_shows_the_champion(tmp_path: Path) -> None:
    client_of = pytest.importorskip("mlflow").MlflowClient
    settings = Settings(
        seed=7,
        tracking="mlflow",
        mlflow_url=f"sqlite:///{tmp_path}/mlflow.db",
        tracking_folder=str(tmp_path / "tracking"),
    )
    made = small_world("memory://")
    engine = PersonalizationEngine(made.store, settings=settings, clock=made.clock)
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 5 > 0) for k in range(250)])
    fitted = engine.fit()
    client = client_of(tracking_uri=settings.mlflow_url, registry_uri=settings.mlflow_url)
    shown = client.get_model_version_by_alias("ability", "estimator-champion")
    assert shown.tags["learnloop.ref"] == str(fitted.ref)
