"""Deep knowledge tracing serves what it trained, and goes on after a kill."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import ArtifactError, DataError
from learnloop.models.tracing import dkt
from learnloop.models.tracing.dkt import train
from learnloop.models.tracing.dkt.artifact import model_of, packed
from learnloop.models.tracing.dkt.columns import Columns
from learnloop.models.tracing.dkt.facts import by_item, fit_facts, of_others
from learnloop.models.tracing.dkt.model import FORM
from learnloop.models.tracing.dkt.spread import Spread, spread_of
from learnloop.models.tracing.packing import pack, unpack
from learnloop.models.tracing.sequences import Vocabulary
from learnloop.models.train.checkpoint import Checkpoints
from learnloop.training.predict import predict_rows

SMALL = dkt.Config(embedding=4, hidden=6, item_embedding=3, epochs=3, min_item_answers=12)
SKILLS = ((0,), (1, 2), (), (3,), (0, 1, 2), (3, 1))


def log_of(seed=0, n_learners=30, n_each=25):
    """Bundles, study rows, items of several skills and of none."""
    rng = np.random.default_rng(seed)
    learner = np.repeat(np.arange(n_learners), n_each)
    n = len(learner)
    item = rng.integers(len(SKILLS), size=n)
    easy = rng.normal(0, 1, len(SKILLS))[item] + rng.normal(0, 1, n_learners)[learner]
    correct = (rng.random(n) < 1 / (1 + np.exp(-easy))).astype(np.int8)
    correct[rng.random(n) < 0.1] = STUDY
    return AnswerLog.ordered(
        learner_ids=tuple(f"l{i}" for i in range(n_learners)),
        item_ids=tuple(f"i{i}" for i in range(len(SKILLS))),
        skill_ids=("a", "b", "c", "d"),
        learner=learner,
        item=item,
        correct=correct,
        occurred_us=rng.integers(15, size=n) * 10**10,
        skill_starts=np.cumsum([0, *map(len, SKILLS)]),
        skill_of=np.array([s for own in SKILLS for s in own]),
    )


@pytest.fixture(scope="module")
def fitted():
    return dkt.fit(log_of(), SMALL, version="v", rng=np.random.default_rng(3))


def test_the_fold_says_what_the_network_says_of_whole_histories():
    log = log_of(1)
    vocabulary, facts = Vocabulary(("i0", "i1", "i3"), ("a", "b", "d")), fit_facts(log)
    columns = Columns(log, vocabulary, by_item(facts, log)[log.item])
    train.torch.manual_seed(5)
    net = train.Tracer(4, 4, facts.mu, SMALL).eval()
    weights = {k: np.array(v.detach().numpy()) for k, v in net.state_dict().items()}
    exported = train.export(train.Step(net), train._examples(net, columns), ["next"])
    own = packed(
        "v",
        SMALL,
        (exported.model, exported.golden),
        train.calibrated(weights, 0.9, 0.2),
        vocabulary,
        facts,
        Spread((0.1,) * 4, (0.2,) * 4),
    )
    said = predict_rows(model_of(own), log)
    logit, row = train.replayed(net, columns)
    np.testing.assert_allclose(said[row], 1 / (1 + np.exp(-0.9 * logit - 0.2)), atol=1e-6)
    assert set(row.tolist()) == set(np.flatnonzero(log.correct != STUDY).tolist())


def test_a_killed_fit_goes_on_and_ends_with_the_same_bytes(fitted, tmp_path: Path):
    kept = Checkpoints(tmp_path, every_s=0)

    def killed(epoch, figures):
        if epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dkt.fit(
            log_of(), SMALL, version="v", rng=np.random.default_rng(3), checkpoints=kept,
            report=killed,
        )  # fmt: skip
    assert kept.latest() is not None
    heard = []
    again = dkt.fit(
        log_of(),
        SMALL,
        version="v",
        rng=np.random.default_rng(3),
        checkpoints=kept,
        report=lambda epoch, figures: bool(heard.append(epoch)),
    )
    assert heard == [1, 2]
    assert again.export() == fitted.export()


@pytest.mark.parametrize("keep", [range(1), range(5)])
def test_too_few_answers_or_learners_are_refused(keep):
    log = log_of(n_each=250 if len(keep) == 1 else 25)
    with pytest.raises(DataError, match="answers are too few; 200 of two learners are needed"):
        dkt.fit(
            log.take_learners(np.isin(np.arange(30), keep)), version="v",
            rng=np.random.default_rng(0),
        )  # fmt: skip


def test_a_log_without_a_wrong_answer_is_refused():
    log = replace(log_of(), correct=np.ones(750, dtype=np.int8))
    with pytest.raises(DataError, match="nothing to learn"):
        dkt.fit(log, version="v", rng=np.random.default_rng(0))


def test_a_garbled_artifact_is_refused(fitted):
    own = unpack(FORM, fitted.export())
    without = {name: x for name, x in own.about.items() if name != "spread"}
    with pytest.raises(ArtifactError, match="lacks or garbles a field: KeyError"):
        dkt.load(pack(FORM, replace(own, about=without)))
    other = {name: array + np.float32(0) for name, array in own.arrays.items()}
    other.pop("item.weight")
    with pytest.raises(ArtifactError, match="lacks or garbles"):
        dkt.load(pack(FORM, replace(own, arrays=other)))
    swapped = own.model.replace(_first_weight(own.model), b"\x3f" * 64)
    with pytest.raises(ArtifactError, match=r"off by .* for its golden inputs"):
        dkt.load(pack(FORM, replace(own, model=swapped)))


def _first_weight(model: bytes) -> bytes:
    """64 bytes in the middle of the file, where its weights are."""
    return model[len(model) // 2 : len(model) // 2 + 64]


def test_facts_of_others_do_not_know_the_learners_own_answers():
    log = log_of(2)
    mine = log.learner == 7
    turned = replace(log, correct=np.where(mine & (log.correct >= 0), 1 - log.correct, log.correct))
    before = of_others(log, 5, np.random.default_rng(0))
    after = of_others(turned, 5, np.random.default_rng(0))
    np.testing.assert_array_equal(before[mine], after[mine])
    assert not np.array_equal(before[~mine], after[~mine])


def test_an_item_without_answers_has_its_skills_facts_alone():
    facts = fit_facts(log_of(2))
    assert facts.of("new", ("a", "new"))[:2] == (0.0, facts.skill["a"])
    assert facts.of("new", ()) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("variance", [0.0, 0.2])
def test_the_spread_is_that_of_logits_that_learners_are_off_by(variance):
    rng = np.random.default_rng(4)
    learner = np.repeat(np.arange(3000), 30)
    logit = rng.normal(0, 0.7, len(learner))
    off = rng.normal(0, np.sqrt(variance), 3000)[learner]
    p, truth = 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(-logit - off))
    correct = (rng.random(len(p)) < truth).astype(np.int64)
    item = rng.integers(50, size=len(p))
    found = spread_of(p, correct, learner, item, np.full(len(p), 5.0))
    for own in found.learner[:3]:
        assert own == pytest.approx(max(variance, 0.01), abs=0.05)
    assert found.item[1] < 0.05
    assert found.of_learner(0) == found.learner[0]
    assert found.of_learner(1000) == found.learner[-1]
    np.testing.assert_array_equal(
        found.of_items(np.array([0.0, 9.0, 50.0])), np.array(found.item)[[0, 1, 3]]
    )


def test_settings_are_in_the_artifact(fitted):
    about = unpack(FORM, fitted.export()).about
    assert dkt.Config(**about["config"]) == SMALL
    assert json.dumps(about["items"])
