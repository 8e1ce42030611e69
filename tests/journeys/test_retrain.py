"""Does a better version take over, with all that belongs to it, and nothing else ever?"""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from learnloop.core.errors import ArtifactError, DataError, InvalidInput
from learnloop.core.registry import ESTIMATOR, ModelRole
from learnloop.core.time import ManualClock
from learnloop.core.types import Interaction, Ref
from learnloop.journeys import retrain as journey
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.job_kinds import KINDS, payload_of
from learnloop.journeys.registry import artifact_of, roll_back
from learnloop.models import ability, index
from learnloop.monitoring.baseline import of_json
from learnloop.training.findings import Verdict
from learnloop.training.gate import Ruling
from learnloop.training.retraining_page import page
from learnloop.training.split import is_held_out

from .many_learners import append, logs, school

CHAMPION = ModelRole.CHAMPION


@pytest.fixture(scope="module")
def learners() -> dict[str, list[Interaction]]:
    return logs(120, 0)


@pytest.fixture
def engine(learners: dict[str, list[Interaction]]) -> Iterator[PersonalizationEngine]:
    with school("memory://", learners) as made:
        yield made


@pytest.fixture
def few(learners: dict[str, list[Interaction]]) -> Iterator[PersonalizationEngine]:
    """Too few to judge by, which the gate says and most tests don't mind."""
    with school("memory://", dict(list(learners.items())[:40])) as made:
        yield made


def champion(engine: PersonalizationEngine) -> Ref | None:
    with engine.store.begin(write=False) as tx:
        return tx.models.alias(ESTIMATOR, CHAMPION)


def later(engine: PersonalizationEngine, **by: float) -> None:
    assert isinstance(engine.clock, ManualClock)
    engine.clock.advance(**by)


def let_through(monkeypatch: pytest.MonkeyPatch, promote: bool) -> None:
    """The gate's own ruling, but for its verdict."""
    really = journey.rule

    def ruled(*given: Any, **more: Any) -> Ruling:
        found = really(*given, **more)
        figures = {**found.figures, "attempt": float(more["attempt"])}
        return Ruling(promote, found.reasons, figures, found.intervals)

    monkeypatch.setattr(journey, "rule", ruled)


def test_the_first_fit_has_to_beat_the_catalog_and_the_next_the_first(
    engine: PersonalizationEngine,
) -> None:
    stages: list[str] = []
    first = engine.retrain("ability", say=stages.append)
    assert first.promoted
    assert first.champion.model.version.startswith("catalog-")
    assert champion(engine) == first.challenger.model == engine.models()[0].ref
    assert stages[0] == "reading the log"
    assert len(stages) == 5
    later(engine, minutes=1)
    again = engine.retrain("ability")
    assert not again.promoted
    assert again.champion.model == champion(engine) == first.challenger.model
    assert "has to be above the margin of 1.00%" in again.because
    assert again.ruling.intervals["all"].point == 0.0, "the same data, the same model"
    with engine.store.begin(write=False) as tx:
        assert [x.action for x in tx.audit.latest(2)] == ["model.keep", "model.promote"]
        (change,) = tx.models.changes(ESTIMATOR, 10)
        assert (change.actor, change.reason) == ("retrain", first.because)


def test_what_is_stored_says_where_it_comes_from(few: PersonalizationEngine) -> None:
    found = few.retrain("ability")
    with few.store.begin(write=False) as tx:
        artifact = artifact_of(tx, found.challenger.model)
    manifest = artifact.manifest
    assert set(manifest.files) == {"model.json", "golden.npz", "CARD.md", "baseline.json"}
    assert manifest.snapshot == found.snapshot
    assert manifest.libraries.keys() >= {"learnloop", "numpy"}
    assert manifest.config["n_folds"] == 10
    point, low, high = manifest.metrics["log_loss"]
    assert (point, low, high) == tuple(found.challenger.figures["log_loss"])
    assert low < point < high
    assert manifest.metrics["attempt"] == (1.0, 1.0, 1.0)
    card = artifact.file("CARD.md").decode()
    assert card.startswith(f"# {found.challenger.model}\n")
    assert found.snapshot in card
    assert f"{point:.4f}" in card
    baseline = of_json(artifact.file("baseline.json"))
    assert [column.name for column in baseline.columns] == ["prediction"]
    assert (baseline.n, baseline.n_learners) == (found.n_judged, found.n_judged_learners)


def test_the_same_learners_are_held_out_every_time(
    few: PersonalizationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, ...]] = []
    really = ability.fit

    def fit(log: Any, *args: Any, **more: Any) -> Any:
        seen.append(log.learner_ids)
        return really(log, *args, **more)

    monkeypatch.setattr(ability, "fit", fit)
    few.retrain("ability")
    append(few, logs(20, 4))
    later(few, minutes=1)
    few.retrain("ability")
    assert len(seen[1]) > len(seen[0])
    assert not any(is_held_out(name) for names in seen for name in names)
    assert set(seen[0]) <= set(seen[1])


def test_the_same_data_give_the_same_model(learners: dict[str, list[Interaction]]) -> None:
    found = []
    for _ in range(2):
        with school("memory://", dict(list(learners.items())[:40])) as engine:
            report = engine.retrain("ability")
            with engine.store.begin(write=False) as tx:
                found.append(artifact_of(tx, report.challenger.model).sha256)
    assert found[0] == found[1]


def test_a_version_may_be_stored_and_not_promoted(engine: PersonalizationEngine) -> None:
    found = engine.retrain("ability", promote=False)
    assert found.ruling.promote
    assert not found.promoted
    assert "may be deployed" in found.because
    with engine.store.begin(write=False) as tx:
        assert tx.models.get(found.challenger.model) is not None
        assert tx.models.alias(ESTIMATOR, CHAMPION) is None


@pytest.mark.slow
@pytest.mark.parametrize("where", ["local:2", "ray:2"])
def test_a_fit_elsewhere_gives_the_same_model(
    learners: dict[str, list[Interaction]], where: str
) -> None:
    if where.startswith("ray"):
        pytest.importorskip("ray", reason="Ray is not installed: pip install 'learnloop[ray]'")
    found = []
    for executor in ("local", where):
        with school("memory://", dict(list(learners.items())[:40])) as engine:
            engine.settings = engine.settings.model_copy(update={"executor": executor})
            report = engine.retrain("ability")
            with engine.store.begin(write=False) as tx:
                found.append(artifact_of(tx, report.challenger.model).sha256)
    assert found[0] == found[1]


def test_a_dry_run_changes_nothing(few: PersonalizationEngine) -> None:
    found = few.retrain("ability", dry_run=True)
    assert not found.promoted
    assert not found.stored
    assert found.because.startswith("a dry run; would be kept out")
    with few.store.begin(write=False) as tx:
        assert (tx.models.list(), tx.models.revision(), tx.files.hashes()) == ([], 0, set())
        assert tx.audit.latest(5) == []


def test_a_margin_of_ones_own(engine: PersonalizationEngine) -> None:
    found = engine.retrain("ability", margin=0.9)
    assert not found.promoted
    assert champion(engine) is None
    with pytest.raises(InvalidInput, match="margin"):
        engine.retrain("ability", margin=1.5)


def test_a_window_leaves_out_what_is_older(few: PersonalizationEngine) -> None:
    whole, some = few.retrain("ability", dry_run=True), None
    some = few.retrain("ability", window=timedelta(days=14), dry_run=True)
    assert 0 < some.n_answers < whole.n_answers
    assert 0 < some.n_judged < whole.n_judged
    assert some.window_days == 14.0
    assert some.snapshot != whole.snapshot
    with pytest.raises(InvalidInput, match="window"):
        few.retrain("ability", window=timedelta(0))
    with pytest.raises(DataError, match="too few"):
        few.retrain("ability", window=timedelta(minutes=1))


def test_what_cannot_go_on_says_so(few: PersonalizationEngine) -> None:
    found = few.retrain("ability", incremental=True, dry_run=True)
    assert not found.went_on
    assert "was fitted anew" in found.notes[0]


def test_each_challenger_of_a_champion_has_to_be_surer(
    few: PersonalizationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []
    for promote in (False, True, False, False):
        let_through(monkeypatch, promote)
        attempts.append(few.retrain("ability").ruling.figures["attempt"])
        later(few, days=7)
        monkeypatch.undo()
    assert attempts == [1.0, 2.0, 1.0, 2.0]


def test_who_becomes_champion_meanwhile_stays(
    engine: PersonalizationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = journey.rule

    def ruled(*given: Any, **more: Any) -> Ruling:
        later(engine, minutes=1)
        engine.fit()
        return really(*given, **more)

    monkeypatch.setattr(journey, "rule", ruled)
    found = engine.retrain("ability")
    assert found.ruling.promote
    assert not found.promoted
    assert "became the champion meanwhile" in found.because
    assert champion(engine) != found.challenger.model
    monkeypatch.undo()
    later(engine, minutes=1)
    after = engine.retrain("ability")
    assert "was fitted on the judged learners too" in after.notes[0]


def test_too_few_to_fit_or_to_judge_by() -> None:
    with school("memory://", logs(3, 2)) as engine, pytest.raises(DataError, match="too few"):
        engine.retrain("ability")
    with school("memory://", logs(30, 2)) as engine:
        found = engine.retrain("ability")
        assert not found.promoted
        assert "too little to judge by" in found.because
        assert found.ruling.reasons[0].verdict is Verdict.FAILED
    with pytest.raises(InvalidInput, match="there is no 'nobody'"):
        engine.retrain("nobody")


def test_what_answers_otherwise_once_stored_is_never_promoted(
    engine: PersonalizationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, n = ability.load, 0

    def load(data: bytes) -> Any:
        nonlocal n
        n += 1
        model = really(data)
        if n == 1:  # what was fitted; from the second time on it is what was stored
            return SimpleNamespace(
                ref=model.ref, start=model.start, update=model.update,
                p_correct=lambda *given: min(model.p_correct(*given) + 0.01, 1.0),
            )  # fmt: skip
        return model

    monkeypatch.setattr(ability, "load", load)
    found = engine.retrain("ability")
    assert not found.promoted
    assert "what_was_stored" in found.because


def test_a_model_that_answers_otherwise_than_it_did_is_not_loaded(
    few: PersonalizationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_through(monkeypatch, promote=True)
    few.retrain("ability")
    really = ability.AbilityModel.p_correct
    monkeypatch.setattr(ability.AbilityModel, "p_correct", lambda *given: 0.999 * really(*given))
    with few.store.begin(write=False) as tx, pytest.raises(ArtifactError, match="golden"):
        PersonalizationEngine(few.store).live(tx)


class _Killed(BaseException):
    """As good as a kill: nothing that waits for an error may tidy up."""


@pytest.mark.parametrize("step", range(5))
def test_nothing_is_half_done_wherever_it_stops(
    learners: dict[str, list[Interaction]], step: int
) -> None:
    """tests/faults/test_killed_retrain.py does it with kill -9."""
    with school("memory://", dict(list(learners.items())[:60])) as engine:
        stages: list[str] = []

        def say(what: str) -> None:
            stages.append(what)
            if len(stages) > step:
                raise _Killed

        with pytest.raises(_Killed):
            engine.retrain("ability", say=say)
        assert champion(engine) is None
        with engine.store.begin(write=False) as tx:
            for record in tx.models.list():
                artifact_of(tx, record.ref)
        assert engine.models()[0].ref.version.startswith("catalog-")


def test_the_page_shows_it_all(few: PersonalizationEngine) -> None:
    found = few.retrain("ability")
    shown = page(found)
    assert "too little to judge by" in shown
    assert str(found.challenger.model) in shown
    assert shown.count("<svg") == 2, "no gain was measured"
    assert "src=" not in shown
    assert "href=" not in shown


def test_going_back_after_a_promotion_is_warm_and_right(
    few: PersonalizationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The states of the version that comes back hold what happened while it was away."""
    let_through(monkeypatch, promote=True)
    first = few.retrain("ability").challenger.model
    learner = next(iter(logs(1, 0)))
    before = few.profile(learner)
    later(few, minutes=1)
    second = few.retrain("ability").challenger.model
    assert few.profile(learner).n_interactions == before.n_interactions
    with few.store.begin() as tx:
        assert roll_back(tx, few.clock, ESTIMATOR, actor="test", reason="a try") == first
    assert champion(few) == first != second
    with few.store.begin(write=False) as tx:
        assert tx.states.get(learner, [first]) == {}  # type: ignore[arg-type]


def test_it_can_be_done_as_a_job(few: PersonalizationEngine) -> None:
    told: list[tuple[float, str]] = []
    payload = payload_of("retrain", {"model": "ability", "window_days": 90})
    done = KINDS["retrain"].run(few, payload, lambda share, stage: told.append((share, stage)))
    assert done["promoted"] is False
    assert "too little to judge by" in str(done["because"])
    assert [share for share, _ in told] == [0.0, 0.2, 0.4, 0.6, 0.8]


# --- a model of features --------------------------------------------------------------------------


@pytest.fixture
def feature_net(monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("torch")
    module = index.PREDICTORS["feature_net"]
    small = module.Config(hidden=(16,), epochs=2)
    monkeypatch.setattr(module, "Config", lambda **_: small)
    return module


@pytest.mark.slow
def test_a_model_of_features_is_retrained_in_the_same_way(
    few: PersonalizationEngine, feature_net: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_through(monkeypatch, promote=True)
    first = few.retrain("feature_net")
    with few.store.begin(write=False) as tx:
        artifact = artifact_of(tx, first.challenger.model)
        assert tx.models.alias("feature_net", CHAMPION) == artifact.ref
        assert artifact_of(tx, Ref.parse(str(artifact.manifest.features)))
    assert first.slot == "feature_net"
    assert first.champion.model.name == "ability"
    assert "weights.npz" in artifact.files
    assert first.ruling.reasons[2].verdict is Verdict.PASSED, first.ruling.reasons[2].message
    later(few, minutes=1)
    second = few.retrain("feature_net", incremental=True)
    assert second.went_on
    assert second.champion.model == first.challenger.model
    with few.store.begin(write=False) as tx:
        manifest = artifact_of(tx, second.challenger.model).manifest
        assert manifest.parent == first.challenger.model
        assert manifest.features == artifact.manifest.features
    assert np.isfinite(second.challenger.figures["auc"].point)


@pytest.mark.slow
def test_trees_are_retrained_anew_whatever_is_asked(
    few: PersonalizationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lightgbm")
    module: Any = index.PREDICTORS["boosted"]
    small = module.Config(folds=2, rounds=5, min_rows=20)
    monkeypatch.setattr(module, "Config", lambda **_: small)
    let_through(monkeypatch, promote=True)
    first = few.retrain("boosted")
    with few.store.begin(write=False) as tx:
        artifact = artifact_of(tx, first.challenger.model)
        assert tx.models.alias("boosted", CHAMPION) == artifact.ref
        assert artifact_of(tx, Ref.parse(str(artifact.manifest.features)))
    later(few, minutes=1)
    second = few.retrain("boosted", incremental=True)
    assert not second.went_on
    assert any("fitted anew" in note for note in second.notes)
    assert np.isfinite(second.challenger.figures["auc"].point)
