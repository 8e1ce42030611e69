"""A run that was interrupted anywhere goes on, and ends with the weights that it would have had."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from structlog.testing import capture_logs
from tests.unit.models.train.nets import Attention, Mlp, Recurrent, rows, sequences
from torch import Tensor, nn

from learnloop.core.errors import ArtifactError
from learnloop.models.train.checkpoint import KEPT, Checkpoint, Checkpoints, read
from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.loop import ModelTrainer, TrainingResult
from learnloop.models.train.tasks import Task, binary

N_STEPS = 12  # 3 epochs of 4 batches


class Pulled(Exception):
    """Somebody pulled the plug."""


class EveryThird(Checkpoints):
    """Is due at every third question."""

    asked = 0

    @property
    def due(self) -> bool:
        self.asked += 1
        return self.asked % 3 == 0


Kept = Callable[[Path], Checkpoints]


def every_batch(folder: Path) -> Checkpoints:
    return Checkpoints(folder, every_s=0)


def pulling(at: int) -> Task:
    """Ends the process, as it were, in the computation of one batch."""
    task, calls = binary(), [0]

    def loss(output: Tensor, batch: dict[str, Tensor]) -> Tensor:
        calls[0] += torch.is_grad_enabled()
        if calls[0] > at:
            raise Pulled
        return task.loss(output, batch)

    return replace(task, loss=loss)


def run(
    checkpoints: Checkpoints | None = None,
    task: Task | None = None,
    net: type[nn.Module] = Mlp,
    **given: object,
) -> TrainingResult:
    settings: dict[str, object] = {"seed": 3, "epochs": 3, "batch_size": 16, "schedule": "plateau"}
    data = (rows(60), rows(40, 2)) if net is Mlp else (sequences(60), sequences(40, 2))
    trainer = ModelTrainer(TrainerConfig(**{**settings, "plateau_patience": 1, **given}))
    return trainer.fit(net, task or binary(), *data, checkpoints=checkpoints)


@pytest.mark.parametrize("kept", [every_batch, EveryThird, Checkpoints])
@pytest.mark.parametrize("at", range(N_STEPS))
def test_a_run_goes_on_from_any_batch(tmp_path: Path, at: int, kept: Kept) -> None:
    with pytest.raises(Pulled):
        run(kept(tmp_path), pulling(at))
    own, whole = run(kept(tmp_path)), run()
    assert own.digest == whole.digest
    assert own.history == whole.history
    assert (own.best_epoch, own.stopped) == (whole.best_epoch, whole.stopped)


@pytest.mark.parametrize(
    ("net", "given"),
    [
        (Recurrent, {"optimizer": "sgd", "schedule": "cosine", "warmup_epochs": 0.5}),
        (Attention, {"optimizer": "adam", "balance": "weights"}),
        (Mlp, {"balance": "sampler", "learning_rate": 2.0, "epochs": 9, "patience": 2}),
    ],
)
def test_a_run_that_is_interrupted_again_and_again_ends_the_same(
    tmp_path: Path, net: type[nn.Module], given: dict[str, object]
) -> None:
    whole = run(net=net, **given)
    for _ in range(40):
        try:
            own = run(every_batch(tmp_path), pulling(1), net, **given)
            break
        except Pulled:
            continue
    assert own.digest == whole.digest
    assert own.history == whole.history


def test_a_run_that_was_over_is_told_again_and_not_run_again(tmp_path: Path) -> None:
    first = run(Checkpoints(tmp_path))
    assert run(Checkpoints(tmp_path), pulling(0)).digest == first.digest


def test_two_are_kept_and_nothing_half_written(tmp_path: Path) -> None:
    run(every_batch(tmp_path))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == KEPT
    assert [name[:12] for name in names] == ["000000000011", "000000000012"]
    with np.load(tmp_path / names[1], allow_pickle=False) as plain:
        assert all(plain[name].dtype.kind in "fiu" for name in plain.files)


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    return data[:900] + bytes([data[900] ^ 1]) + data[901:]


def emptied(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("spoil", [truncated, flipped, emptied])
def test_a_spoilt_checkpoint_is_refused_by_name_and_the_one_before_is_used(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(Pulled):
        run(every_batch(tmp_path), pulling(7))
    before, newest = sorted(tmp_path.iterdir())
    newest.write_bytes(spoil(newest.read_bytes()))
    with pytest.raises(ArtifactError, match=newest.name):
        read(newest)
    with capture_logs() as logs:
        found = every_batch(tmp_path).latest()
        own = run(every_batch(tmp_path))
    assert found is not None
    assert found.about["at"]["step"] == int(before.name[:12])
    assert {(log["event"], log["file"]) for log in logs} == {("checkpoint_refused", newest.name)}
    assert own.digest == run().digest


def test_when_all_are_spoilt_the_run_begins_anew_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(Pulled):
        run(every_batch(tmp_path), pulling(7))
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    with capture_logs() as logs:
        own = run(Checkpoints(tmp_path))
    assert len(logs) == KEPT
    assert own.digest == run().digest


def test_what_a_kill_left_half_written_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / ".writing").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    assert Checkpoints(tmp_path).latest() is None
    assert run(every_batch(tmp_path)).digest == run().digest
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not (tmp_path / ".writing").exists()


def test_the_checkpoints_of_another_run_are_refused(tmp_path: Path) -> None:
    run(Checkpoints(tmp_path))
    with pytest.raises(ArtifactError, match=r"another run \(other: learning_rate\)"):
        run(Checkpoints(tmp_path), learning_rate=0.5)
    with pytest.raises(ArtifactError, match="other: first weights, seed"):
        run(Checkpoints(tmp_path), seed=4)
    with pytest.raises(ArtifactError, match="training data, validation data"):
        run(Checkpoints(tmp_path), net=Recurrent)


def test_a_run_survives_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with capture_logs() as logs:
        own = run(Checkpoints(blocked))
    assert [log["event"] for log in logs] == ["checkpoint_not_kept"]
    assert own.digest == run().digest


def test_arrays_and_values_come_back_as_they_were(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    arrays = {"model/a.b": np.arange(3, dtype=np.int64), "rng/cpu": np.array(1.5, np.float32)}
    kept.save(4, Checkpoint(arrays, {"n": 0.1, "history": [{"auc": float("nan")}]}))
    found = kept.latest()
    assert found is not None
    assert found.part("model").keys() == {"a.b"}
    np.testing.assert_array_equal(found.part("model")["a.b"], arrays["model/a.b"])
    assert found.arrays["rng/cpu"].dtype == np.float32
    assert found.arrays["rng/cpu"].shape == ()
    assert found.about["n"] == 0.1
    assert np.isnan(found.about["history"][0]["auc"])
