"""Is the champion a whole model, and every promotion that was told there, after a kill -9?"""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from learnloop.core.registry import ESTIMATOR, ModelRole
from learnloop.core.types import Ref
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.registry import artifact_of, collect
from learnloop.models import ability
from learnloop.training.golden import GOLDEN_FILE, check_golden
from tests.journeys.many_learners import logs, school

ROOT = Path(__file__).parents[2]
A_ROUND_S = 1.5  # about what one retraining of the small school takes


def _run_and_kill(url: str, rng: random.Random) -> list[Ref]:
    """Retrain in another process, kill it at a random point; returns what it told."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.retrain_and_tell", url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    told = []
    if rng.random() < 0.5:  # so that it is killed right after a promotion, too
        told.append(child.stdout.readline())
        time.sleep(rng.expovariate(1 / 0.02))
    else:
        time.sleep(rng.uniform(0.0, A_ROUND_S))
    child.kill()
    told += list(child.stdout)
    child.wait()
    child.stdout.close()
    return [Ref.parse(line.strip()) for line in told if line.endswith("\n")]


def _check(engine: PersonalizationEngine, told: list[Ref], n_lives: int) -> None:
    with engine.store.begin(write=False) as tx:
        for record in tx.models.list():
            artifact = artifact_of(tx, record.ref)
            model = ability.load(artifact.file("model.json"))
            assert model.ref == record.ref
            check_golden(model, artifact.file(GOLDEN_FILE))
            assert artifact.file("CARD.md")
        changes = [change.ref for change in reversed(tx.models.changes(ESTIMATOR, 10_000))]
        champion = tx.models.alias(ESTIMATOR, ModelRole.CHAMPION)
        assert champion == (changes[-1] if changes else None)
        # Of each life, one more may be there: promoted, and killed before it could say so.
        assert [ref for ref in changes if ref in told] == told
        assert len(changes) - len(told) <= n_lives
        live = engine.live(tx)
        assert champion is None or live.estimator.ref == champion


@pytest.mark.parametrize("n_kills", [2, pytest.param(40, marks=pytest.mark.faults)])
def test_nothing_is_half_promoted_when_the_process_is_killed(tmp_path: Path, n_kills: int) -> None:
    rng, url = random.Random(n_kills), f"sqlite:///{tmp_path}/store.db"
    told: list[Ref] = []
    with school(url, logs(30, 1)) as engine:
        for kill in range(n_kills):
            told += _run_and_kill(url, rng)
            _check(engine, told, kill + 1)
        collect(engine.store, engine.clock.now())
        _check(engine, told, n_kills)
        with engine.store.begin(write=False) as tx:
            n_kept = len(tx.models.list())
            n_promoted = len(tx.models.changes(ESTIMATOR, 10_000))
    print(f"{n_kills} kills, {len(told)} told, {n_promoted} promoted, {n_kept} stored")
