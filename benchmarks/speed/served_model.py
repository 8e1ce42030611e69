"""Which model do the servers of the comparison serve, and what are they asked? One model for all.

The network of the features (`models.tracing.feature_net`), fitted on the training learners of
ASSISTments 2009. The fit takes minutes, so its database is kept, with 200 simulated learners of the
seeded course in it and, beside it, the features of 500 answers of held-out learners: the questions.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from traffic import N_LEARNERS, prepare

from learnloop.accounts.keys import create_key
from learnloop.core.artifact import Artifact
from learnloop.core.records import Role
from learnloop.core.registry import ModelRole
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import NAME as FEATURES_NAME
from learnloop.features.fold import FeatureFold
from learnloop.journeys import statistics
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.registry import artifact_of, give_role, store_artifact
from learnloop.models import runtime
from learnloop.models.tracing import feature_net
from learnloop.training.dataset import read_dataset
from learnloop.training.feature_rows import of_dataset

DATA = Path("kt", "assistments09")
SEED = 5
N_QUESTIONS = 500
DIGITS = 7  # as many as a float32 has


@dataclass(frozen=True)
class Subject:
    """What is served.

    Attributes:
        url: Of the database that has the model, and its learners.
        key: Of a service.
        artifact: The model.
        bodies: Of requests: the features of one answer each.
        p_correct: What the model says to each of them.
        by_learner: Bodies that name a learner and an item, whose features are looked up.
    """

    url: str
    key: str
    artifact: Artifact
    bodies: tuple[bytes, ...]
    p_correct: tuple[float, ...]
    by_learner: tuple[bytes, ...]


def subject(database: Path, data: Path) -> Subject:
    """The model of that database file; it is fitted, and the file made, if there is none."""
    url = f"sqlite:///{database}"
    questions = database.with_suffix(".npy")
    if not database.exists():
        _make(url, data, questions)
    with PersonalizationEngine.open(url) as engine, engine.store.begin() as tx:
        ref = tx.models.alias(feature_net.SLOT, ModelRole.CHAMPION)
        assert ref is not None, f"{database} has no {feature_net.SLOT}"
        artifact = artifact_of(tx, ref)
        text, key = create_key(Role.SERVICE, engine.clock.now())
        tx.accounts.add_key(key)
        items = [str(x.item_id) for x in tx.catalog.load()[2] if x.answer]
    rows = np.load(questions)
    answers = runtime.load(artifact).predict({"features": rows})["p_correct"]
    learners = tuple(
        _json({"userId": f"learner-{k % N_LEARNERS}", "itemIds": [items[k * 7 % len(items)]]})
        for k in range(N_LEARNERS * 5)
    )
    return Subject(url, text, artifact, tuple(map(_body, rows)), tuple(answers.tolist()), learners)


def _make(url: str, data: Path, questions: Path) -> None:
    sides = of_dataset(read_dataset(data / DATA), np.random.default_rng(SEED))
    now = datetime.now(UTC)
    model = feature_net.fit(
        sides.train, FEATURES, version=f"{now:%Y-%m-%d}", seed=SEED, created_at=now
    )
    files = {statistics.STATISTICS_FILE: sides.statistics.export()}
    np.save(questions, _as_in_json(sides.held_out.x[:: len(sides.held_out) // N_QUESTIONS]))
    typical = Artifact.build(FeatureFold(sides.statistics).ref, FEATURES_NAME, now, files)
    prepare(url)
    with PersonalizationEngine.open(url) as engine, engine.store.begin() as tx:
        statistics.publish(tx, engine.clock, typical)
        store_artifact(tx, model)
        give_role(
            tx, engine.clock, feature_net.SLOT, ModelRole.CHAMPION, model.ref,
            actor="benchmark", reason="the only one",
        )  # fmt: skip
    with PersonalizationEngine.open(url) as engine:
        for k in range(N_LEARNERS):  # their states of these features, as answering leaves them
            engine.analyze(f"learner-{k}")


def _as_in_json(rows: np.ndarray) -> np.ndarray:
    """The rows as they are after JSON: every server is asked the very same."""
    return np.vectorize(lambda x: float(f"{x:.{DIGITS}g}"))(rows).astype(np.float32)


def _body(row: np.ndarray) -> bytes:
    values = [None if np.isnan(x) else float(f"{x:.{DIGITS}g}") for x in row.tolist()]
    return _json({"inputs": {"features": [values]}})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
