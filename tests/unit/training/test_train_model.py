"""Does a folder of answers become the model that it should, the same one each time, or nothing?"""

import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from learnloop.core.answers import STUDY
from learnloop.core.artifact import Artifact
from learnloop.core.errors import ArtifactError, DataError, InvalidInput
from learnloop.models.index import PREDICTORS
from learnloop.models.train.checkpoint import Checkpoint, Checkpoints
from learnloop.monitoring.baseline import of_json
from learnloop.training.dataset import Dataset, read_dataset
from learnloop.training.executor import LocalExecutor
from learnloop.training.tracking.tracker import NoRun
from learnloop.training.train_model import Plan, Trained, train, write
from learnloop.training.train_model.config import config_of, pairs, space_of
from learnloop.training.train_model.epochs import Epochs
from learnloop.training.train_model.kinds import kind_of
from learnloop.training.train_model.rehearsal import without_test

from .simulated import clean_log

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
EPOCHS = {"epochs": "3", "hidden": "[8]"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 made-up learners, 25 answers each."""
    columns = clean_log(n_learners=30, n_rows=25)
    rows = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    made = tmp_path_factory.mktemp("data") / "made-up"
    made.mkdir()
    (made / "interactions.csv").write_text("\n".join([",".join(columns), *rows]) + "\n")
    return made


@pytest.fixture(scope="module")
def data(folder: Path) -> Dataset:
    return read_dataset(folder)


@pytest.fixture(scope="module")
def ability(data: Dataset) -> Trained:
    return train(data, Plan("ability", NOON))


@pytest.fixture(scope="module")
def net(data: Dataset) -> Trained:
    pytest.importorskip("torch")
    return train(data, Plan("feature_net", NOON, EPOCHS))


def other_held_out(data: Dataset) -> Dataset:
    """The same training learners, and others beside them."""
    correct = data.log.correct.copy()
    rows = data.is_test[data.log.learner]
    correct[rows] = 1 - correct[rows]
    return replace(data, log=replace(data.log, correct=correct))


# --- what is written ------------------------------------------------------------------------------


def test_the_manifest_says_what_it_was_made_from_and_how_it_did(ability: Trained) -> None:
    manifest = ability.artifact.checked().manifest
    assert str(manifest.ref).startswith("ability@2026-01-05T120000.000000Z")
    assert manifest.config["ridge"] == 100.0
    assert set(manifest.libraries) == {"learnloop", "numpy"}
    figures = ability.evaluation.figures
    assert manifest.metrics["auc"] == tuple(figures["auc"])
    assert manifest.metrics["n_judged"] == (175.0,) * 3
    assert manifest.metrics["n_answers"] == (575.0,) * 3
    assert manifest.snapshot is not None
    told = ability.artifact.file("CARD.md").decode()
    assert f"| auc | {figures['auc'].point:.4f} |" in told
    assert "575 answers of 23 learners of the data set made-up" in told
    assert of_json(ability.artifact.file("baseline.json")).n == 175


def test_the_folder_holds_the_model_that_was_judged(
    net: Trained, data: Dataset, tmp_path: Path
) -> None:
    write(net.artifact, net.pictures, tmp_path / "models" / "net")
    read = Artifact.read(tmp_path / "models" / "net")
    assert read.sha256 == net.artifact.sha256
    assert "curves.png" not in read.files
    assert (tmp_path / "models" / "net" / "curves.png").read_bytes().startswith(b"\x89PNG")
    said = kind_of("feature_net", data, 0).predictor(read)(data.test)[data.test.correct != STUDY]
    correct = data.test.correct[data.test.correct != STUDY]
    brier = net.evaluation.figures["brier"].point
    assert np.mean((said - correct) ** 2) == pytest.approx(brier, abs=1e-12)
    columns = of_json(read.file("baseline.json")).columns
    assert len(columns) == read.manifest.inputs[0].shape[1] + 1  # and the predictions
    assert {"torch", "onnxruntime", "numpy", "learnloop"} == set(read.manifest.libraries)


@pytest.mark.parametrize("name", ["ability", "net"])
def test_the_same_seed_and_data_make_the_same_manifest(
    name: str, data: Dataset, request: pytest.FixtureRequest
) -> None:
    before: Trained = request.getfixturevalue(name)
    plan = Plan("ability", NOON) if name == "ability" else Plan("feature_net", NOON, EPOCHS)
    assert train(data, plan).artifact.sha256 == before.artifact.sha256


def test_another_instant_makes_the_same_model_of_another_name(
    ability: Trained, data: Dataset
) -> None:
    later = train(data, Plan("ability", NOON.replace(hour=13))).artifact
    assert later.sha256 != ability.artifact.sha256
    assert later.manifest.metrics == ability.artifact.manifest.metrics
    assert later.file("baseline.json") == ability.artifact.file("baseline.json")


@pytest.mark.slow
def test_another_seed_is_another_network(data: Dataset, net: Trained) -> None:
    again = train(data, Plan("feature_net", NOON, EPOCHS, seed=1))
    assert again.artifact.file("weights.npz") != net.artifact.file("weights.npz")


def test_a_leak_leaves_no_figures_to_believe(folder: Path, tmp_path: Path) -> None:
    head, *rows = (folder / "interactions.csv").read_text().splitlines()
    doubled = [x for row in rows for x in (row, _other_skill(row))]
    (tmp_path / "interactions.csv").write_text("\n".join([head, *doubled]) + "\n")
    found = train(read_dataset(tmp_path), Plan("ability", NOON))
    assert not found.evaluation.audit.passed
    assert set(found.artifact.manifest.metrics) == {"n_answers", "n_learners", "n_judged"}
    assert "The leakage audit failed (" in found.artifact.file("CARD.md").decode()


def _other_skill(row: str) -> str:
    learner, item, skill, *rest = row.split(",")
    return ",".join([learner, item, f"{int(skill) + 50}", *rest])


# --- whole or not at all --------------------------------------------------------------------------


def test_what_can_not_be_finished_is_not_begun(
    ability: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(ArtifactError, match="No space left"):
            write(ability.artifact, {"curves.png": b"x"}, tmp_path / "out")
    assert not list(tmp_path.iterdir())
    write(ability.artifact, {}, tmp_path / "out")
    with pytest.raises(InvalidInput, match="exists already"):
        write(ability.artifact, {}, tmp_path / "out")


CHILD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from learnloop.models.train.checkpoint import Checkpoints
from learnloop.training.dataset import read_dataset
from learnloop.training.train_model import Plan, train, write

Checkpoints.due = property(lambda self: time.sleep(2) or True)  # one after every epoch, slowly
data, kept, out = map(Path, sys.argv[1:])
values = {"epochs": "3", "hidden": "[8]"}
plan = Plan("feature_net", datetime(2026, 1, 5, 12, tzinfo=UTC), values, checkpoints=kept)
made = train(read_dataset(data), plan)
write(made.artifact, made.pictures, out)
"""


@pytest.mark.slow
def test_a_killed_run_leaves_nothing_and_goes_on(
    folder: Path, data: Dataset, net: Trained, tmp_path: Path
) -> None:
    kept, out = tmp_path / "kept", tmp_path / "out" / "net"
    arguments = [sys.executable, "-c", CHILD, str(folder), str(kept), str(out)]
    with subprocess.Popen(arguments) as child:
        patience = time.monotonic() + 120
        while not list(kept.glob("*.npz")) and time.monotonic() < patience:
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert list(kept.glob("*.npz"))
    assert not out.parent.exists()
    went_on = train(data, Plan("feature_net", NOON, EPOCHS, checkpoints=kept))
    assert went_on.artifact.sha256 == net.artifact.sha256
    assert went_on.pictures == net.pictures  # epochs before the kill are in the curves


# --- inside the training learners -----------------------------------------------------------------


def test_without_the_test_learners_nothing_depends_on_them(data: Dataset) -> None:
    plan = Plan("ability", NOON, test=False, n_folds=2)
    one, other = (train(given, plan) for given in (data, other_held_out(data)))
    assert one.artifact.sha256 == other.artifact.sha256
    assert one.folds is not None
    assert one.folds == other.folds
    assert "not by the test learners" in one.artifact.file("CARD.md").decode()
    inner = without_test(data)
    assert not {*inner.test.learner_ids} & {*data.test.learner_ids}
    assert len(inner.test.learner_ids) == 5
    assert len(inner.row_skill if inner.row_skill is not None else ()) == len(inner.log)


def test_cross_validation_asks_each_training_learner_once(data: Dataset) -> None:
    folds = train(data, Plan("ability", NOON, n_folds=3)).folds
    assert folds is not None
    assert sum(fold.n_test_learners for fold in folds.folds) == len(data.train.learner_ids)
    assert set(folds.as_json()) == {"auc", "log_loss", "brier", "accuracy", "ece"}
    with pytest.raises(DataError, match="can't be dealt"):
        train(data, Plan("ability", NOON, n_folds=99))


@pytest.mark.slow
def test_a_search_is_told_and_its_best_is_fitted(data: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    said: list[str] = []
    plan = Plan("feature_net", NOON, {"epochs": "1"}, n_trials=2, journal=tmp_path / "journal")
    found = train(data, plan, say=said.append)
    assert found.tuned is not None
    assert found.artifact.manifest.config["dropout"] == found.tuned.best.params["dropout"]
    assert found.artifact.manifest.config["epochs"] == 1
    assert {"tuning-history.png", "tuning-parallel.png", "curves.png"} <= set(found.pictures)
    assert "trial 2 of 2 is over" in said
    assert (tmp_path / "journal").stat().st_size


@pytest.mark.slow
def test_other_processes_find_the_same(data: Dataset) -> None:
    plan = Plan("ability", NOON, n_folds=2)
    with LocalExecutor(2) as executor:
        there = train(data, plan, executor=executor)
    assert there.folds == train(data, plan).folds


def test_what_trials_share_can_travel(data: Dataset) -> None:
    kind = kind_of("feature_net", data, 0)
    again = pickle.loads(pickle.dumps(kind))
    for name, column in kind.seen().items():
        np.testing.assert_array_equal(again.seen()[name], column)


def test_a_space_names_settings_that_there_are() -> None:
    for name in PREDICTORS:
        for field, of in space_of(name, {}).items():
            ends = getattr(of, "options", None) or (of.low, of.high)
            for value in ends:
                config_of(name, {field: value})
    assert "dropout" not in space_of("feature_net", {"dropout": "0.1"})


# --- what a tracker is told -----------------------------------------------------------------------


class Notes(NoRun):
    """A run that remembers."""

    def __init__(self) -> None:
        self.said: dict[str, object] = {}
        self.epochs: list[int] = []
        self.files: dict[str, bytes] = {}

    def params(self, values: Mapping[str, object]) -> None:
        self.said |= values

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        self.said |= values

    def tags(self, values: Mapping[str, str]) -> None:
        self.said |= values

    def on_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        self.epochs.append(epoch)

    def file(self, name: str, content: bytes) -> None:
        self.files[name] = content


def test_a_tracker_is_told_settings_figures_and_files(data: Dataset) -> None:
    run = Notes()
    found = train(data, Plan("ability", NOON, {"ridge": "50"}, n_folds=2), run=run)
    assert found.folds is not None
    assert run.said["ridge"] == 50.0
    assert run.said["judged_auc"] == found.evaluation.figures["auc"].point
    assert run.said["folds_auc"] == found.folds.mean("auc")
    assert run.said["sha256"] == found.artifact.sha256
    assert run.files == {"CARD.md": found.artifact.file("CARD.md")}


def test_epochs_before_a_kill_are_told_too(tmp_path: Path) -> None:
    history = [{"loss": 0.7}, {"loss": 0.6}]
    Checkpoints(tmp_path).save(2, Checkpoint({}, {"run": {}, "at": {"history": history}}))
    run = Notes()
    epochs = Epochs(run, tmp_path)
    epochs.on_epoch(2, {"loss": 0.5})
    assert run.epochs == [0, 1, 2]
    assert epochs.checkpoints is not None
    assert Epochs(run, None).pictures() == {}


# --- what is refused ------------------------------------------------------------------------------


def test_settings_are_read_as_the_model_has_them() -> None:
    config = config_of("feature_net", pairs(["epochs=3", "hidden=[16, 8]", "learning_rate=1e-3"]))
    assert (config.epochs, config.hidden, config.learning_rate) == (3, (16, 8), 0.001)
    assert config_of("ability", {"ridge": "7"}).ridge == 7.0


@pytest.mark.parametrize(
    ("model", "texts", "complaint"),
    [
        ("oracle", [], "there is no 'oracle'; there are ability, "),
        ("feature_net", ["epoch=3"], r"has no 'epoch'; there are: hidden \(\[64, 32\]\), dropout"),
        ("feature_net", ["epochs=0"], "epochs=0: Input should be greater than or equal to 1"),
        ("feature_net", ["dropout=much"], "dropout=much: Input should be a valid number"),
        ("ability", ["ridge=NaN"], "ridge=NaN is no number"),
        ("ability", ["ridge"], "'ridge' is no KEY=VALUE"),
        ("ability", ["ridge=1", "ridge=2"], "comes twice"),
    ],
)
def test_settings_that_there_are_not_are_refused(
    model: str, texts: list[str], complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        config_of(model, pairs(texts))


@pytest.mark.parametrize(
    ("plan", "complaint"),
    [
        (Plan("ability", NOON, n_trials=3), "it has no SPACE"),
        (Plan("ability", NOON, n_folds=1), "at least 2"),
        (Plan("ability", NOON, n_trials=-1), "at least 1"),
        (Plan("ability", NOON, checkpoints=Path("kept")), "fitted in one pass"),
        (Plan("feature_net", NOON, journal=Path("j")), "say how many"),
    ],
)
def test_plans_that_make_no_sense_are_refused_at_once(
    data: Dataset, plan: Plan, complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        train(data, plan)
