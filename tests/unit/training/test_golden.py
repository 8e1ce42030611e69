"""Is a model that answers otherwise than it did found out?"""

import numpy as np
import pytest
from tests.unit.training.answers import answers

from learnloop.core.answers import AnswerLog
from learnloop.core.arrays import from_bytes, to_bytes
from learnloop.core.errors import ArtifactError
from learnloop.models import ability
from learnloop.training.baselines import fit_item
from learnloop.training.golden import N_ANSWERS, check_golden, golden_of


@pytest.fixture(scope="module")
def log() -> AnswerLog:
    rng = np.random.default_rng(0)
    n = np.arange(2400)
    return answers(
        learner=n // 40, item=rng.integers(0, 30, 2400), correct=rng.integers(0, 2, 2400),
        us=(n % 40) * 60_000_000, skills=[[i % 4] for i in range(30)],
    )  # fmt: skip


def test_a_model_read_back_answers_as_it_did(log: AnswerLog) -> None:
    model = ability.fit(log, version="1", rng=np.random.default_rng(0))
    golden = golden_of(model, log)
    assert golden == golden_of(model, log)
    kept = from_bytes(golden)
    assert len(kept["p"]) == N_ANSWERS
    assert len(np.unique(kept["p"])) > 20
    check_golden(ability.load(model.export()), golden)
    other = ability.fit(
        log.take_learners(np.arange(60) < 30), version="1", rng=np.random.default_rng(0)
    )
    with pytest.raises(ArtifactError, match="golden"):
        check_golden(other, golden)
    with pytest.raises(ArtifactError, match="golden"):
        check_golden(fit_item(log), golden)


def test_what_is_no_golden_file_is_refused(log: AnswerLog) -> None:
    model = ability.fit(log, version="1", rng=np.random.default_rng(0))
    kept = from_bytes(golden_of(model, log))
    for broken in (
        b"",
        to_bytes({"p": kept["p"]}),
        to_bytes({**kept, "p": kept["p"][:3]}),
        to_bytes({**kept, "p": np.full(N_ANSWERS, np.nan)}),
        to_bytes({**kept, "skill_starts": kept["skill_starts"][:2]}),
    ):
        with pytest.raises(ArtifactError):
            check_golden(model, broken)
