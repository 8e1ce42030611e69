"""The loop learns, stops, and gives the same weights for the same seed and data."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.unit.models.train.nets import Attention, Mlp, Recurrent, rows, sequences, short_run
from torch import Tensor, nn

from learnloop.core.errors import DataError, InvalidInput, TrainingDiverged
from learnloop.models.train.batches import Ragged
from learnloop.models.train.checkpoint import Checkpoints
from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.loop import ModelTrainer
from learnloop.models.train.tasks import Task, binary, multiclass, ranking, regression, sequence
from learnloop.models.train.weights import digest

ROOT = Path(__file__).parents[4]


def config(**given: object) -> TrainerConfig:
    return TrainerConfig(**{"seed": 3, "epochs": 3, "batch_size": 16, **given})


# --- the same weights ---------------------------------------------------------------------------


def test_the_same_seed_and_data_give_the_same_weights() -> None:
    first, again = short_run(), short_run()
    assert first.digest == again.digest == digest(first.weights)
    assert first.history == again.history


def test_another_seed_gives_other_weights() -> None:
    assert short_run().digest != short_run(config(seed=4)).digest


@pytest.mark.parametrize("net", [Recurrent, Attention])
def test_sequences_give_the_same_weights_again(net: type[nn.Module]) -> None:
    def run() -> str:
        trainer = ModelTrainer(config())
        return trainer.fit(net, binary(), sequences(40), sequences(20, 2)).digest

    assert run() == run()


def test_another_process_gives_the_same_weights() -> None:
    code = (
        "from tests.unit.models.train.nets import short_run; import json; r = short_run();"
        "print(json.dumps([r.digest, r.history]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    own = short_run()
    assert json.loads(done.stdout) == [own.digest, list(own.history)]
    assert not done.stderr, "a bar is for terminals"


def test_the_callers_chance_and_threads_are_left_alone() -> None:
    torch.manual_seed(11)
    before, n_threads = torch.get_rng_state(), torch.get_num_threads()
    short_run()
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == n_threads
    assert not torch.are_deterministic_algorithms_enabled()


# --- learning and stopping ----------------------------------------------------------------------


def test_it_learns_a_line() -> None:
    found = ModelTrainer(config(epochs=30, learning_rate=0.02)).fit(
        lambda: Mlp(16, 0.0), binary(), rows(600), rows(400, seed=2)
    )
    assert found.history[found.best_epoch]["auc"] > 0.85  # 0.9 is what the noise allows
    assert found.history[-1]["train_loss"] < found.history[0]["train_loss"]


def test_it_learns_from_the_place_before() -> None:
    found = ModelTrainer(config(epochs=25, learning_rate=0.03)).fit(
        Recurrent, binary(), sequences(200), sequences(100, seed=2)
    )
    assert found.history[found.best_epoch]["auc"] > 0.99


def test_the_best_weights_come_back_and_patience_ends_the_run() -> None:
    # A rate far too high: the first epochs are better than the later ones.
    seen: list[float] = []
    settings = config(epochs=40, learning_rate=2.0, clip_norm=None, patience=3)
    found = short_run(settings, report=lambda _, row: bool(seen.append(row["loss"])))
    assert found.stopped == "patience"
    assert len(seen) == len(found.history) == found.best_epoch + 4 < 40
    assert seen[found.best_epoch] == min(seen)
    held = rows(40, seed=2)
    with torch.no_grad():
        logits = found.module(torch.tensor(held["x"], dtype=torch.float32))
    target = torch.tensor(held["target"], dtype=torch.float32)
    loss = nn.functional.binary_cross_entropy_with_logits(logits, target)
    assert loss.item() == pytest.approx(min(seen), rel=1e-5)


def test_without_validation_the_last_weights_are_taken() -> None:
    found = ModelTrainer(config(patience=1)).fit(Mlp, binary(), rows(60))
    assert (found.stopped, found.best_epoch, len(found.history)) == ("epochs", 2, 3)
    assert digest(found.weights) == found.digest


def test_a_report_may_ask_to_stop_and_a_tracker_is_told_of_every_epoch() -> None:
    told: list[tuple[int, float]] = []

    class Notes:
        def on_epoch(self, epoch: int, metrics: dict[str, float]) -> None:
            told.append((epoch, metrics["loss"]))

    found = short_run(config(epochs=9), report=lambda epoch, _: epoch == 1, tracker=Notes())
    assert found.stopped == "asked"
    assert told == [(i, row["loss"]) for i, row in enumerate(found.history)]
    assert len(told) == 2


def test_a_metric_can_be_what_is_watched() -> None:
    watched = binary().watching("auc", maximise=True)
    found = ModelTrainer(config(epochs=6)).fit(Mlp, watched, rows(60), rows(40, seed=2))
    areas = [row["auc"] for row in found.history]
    assert areas[found.best_epoch] == max(areas)
    with pytest.raises(DataError, match="can't monitor 'ndcg'"):
        ModelTrainer(config()).fit(
            Mlp, binary().watching("ndcg", maximise=True), rows(60), rows(40)
        )


def test_data_can_be_drawn_anew_for_each_epoch() -> None:
    drawn: list[float] = []

    def draw(rng: np.random.Generator) -> dict[str, np.ndarray]:
        drawn.append(rng.random())
        return rows(60, seed=int(rng.integers(1000)))

    first = ModelTrainer(config()).fit(Mlp, binary(), draw)
    again = ModelTrainer(config()).fit(Mlp, binary(), draw)
    assert first.digest == again.digest
    assert drawn[:3] == drawn[3:]
    assert len(set(drawn)) == 3


# --- gradients ----------------------------------------------------------------------------------


class Constant(nn.Module):
    """One weight: the logit of every row."""

    def __init__(self) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.logit.expand(len(x))


ONE_STEP = {"epochs": 1, "batch_size": 100, "optimizer": "sgd", "learning_rate": 1.0}
RARE = {"x": np.zeros((10, 1)), "target": np.array([1, 1] + [0] * 8)}


def one_step(data: dict[str, np.ndarray], **given: object) -> float:
    """Minus the gradient at logit 0, where d loss / d logit = 1/2 - target."""
    trainer = ModelTrainer(config(**ONE_STEP, clip_norm=None).model_copy(update=given))
    return float(trainer.fit(Constant, binary(), data).weights["logit"])


def test_class_weights_make_the_gradient_the_mean_over_classes() -> None:
    assert one_step(RARE) == pytest.approx(0.2 - 0.5)
    assert one_step(RARE, balance="weights") == pytest.approx(0.0, abs=1e-6)


def test_the_sampler_draws_classes_equally_often() -> None:
    many = {"x": np.zeros((5000, 1)), "target": np.array([1] * 500 + [0] * 4500)}
    step = one_step(many, balance="sampler", batch_size=5000)
    assert abs(step) < 0.03  # 0 expected; a share of 5000 draws has standard deviation 0.007
    with pytest.raises(DataError, match="use balance=weights"):
        ModelTrainer(config(balance="sampler")).fit(Recurrent, binary(), sequences(10))


def test_weights_of_sequences_count_places() -> None:
    data = sequences(30)
    balanced = ModelTrainer(config(balance="weights")).fit(Recurrent, binary(), data, data)
    plain = ModelTrainer(config()).fit(Recurrent, binary(), data, data)
    assert balanced.digest != plain.digest


def test_balance_needs_classes() -> None:
    data = {"x": np.zeros((4, 4)), "target": np.arange(4.0)}
    with pytest.raises(DataError, match="target is a class"):
        ModelTrainer(config(balance="weights")).fit(Mlp, regression(), data)


def test_a_row_counts_by_its_weight() -> None:
    weight = np.array([4.0, 4.0] + [1.0] * 8)
    assert one_step({**RARE, "weight": weight}) == pytest.approx(0.5 * (8 - 8) / 16, abs=1e-6)


def test_the_gradient_is_clipped_to_its_norm() -> None:
    assert one_step(RARE, clip_norm=0.1) == pytest.approx(-0.1, rel=1e-4)
    assert one_step(RARE, clip_norm=9.0) == pytest.approx(-0.3, rel=1e-4)


def test_what_is_masked_changes_nothing() -> None:
    # The loss of a padded batch is that of the same sequences one by one, without padding.
    data = sequences(30)
    together = ModelTrainer(config(batch_size=30)).fit(Recurrent, binary(), data, data)
    with torch.no_grad():
        total = count = 0.0
        for first, last in zip(data["ids"].offsets, data["ids"].offsets[1:], strict=False):
            logits = together.module(torch.tensor(data["ids"].values[first:last])[None])[0]
            target = torch.tensor(data["target"].values[first:last], dtype=torch.float32)
            total += nn.functional.binary_cross_entropy_with_logits(
                logits, target, reduction="sum"
            ).item()
            count += len(target)
    best = together.history[together.best_epoch]["loss"]
    assert best == pytest.approx(total / count, rel=1e-5)


# --- what goes wrong ----------------------------------------------------------------------------


def test_nan_stops_the_run_with_epoch_and_batch_and_leaves_the_last_good_checkpoint(
    tmp_path: Path,
) -> None:
    n_calls = 0

    def poisoned(output: Tensor, batch: dict[str, Tensor]) -> Tensor:
        nonlocal n_calls
        n_calls += torch.is_grad_enabled()
        found = binary().loss(output, batch)
        return found * float("nan") if n_calls == 7 else found

    bad = binary()
    bad = Task(bad.name, poisoned, bad.observe, bad.measure)
    kept = Checkpoints(tmp_path, every_s=0)
    data = rows(60), rows(40, seed=2)
    with pytest.raises(
        TrainingDiverged, match=r"epoch 1, batch 2 \(both from 0\): the loss is nan"
    ):
        ModelTrainer(config()).fit(Mlp, bad, *data, checkpoints=kept)
    last = kept.latest()
    assert last is not None
    assert last.about["at"]["step"] == 6
    assert all(np.isfinite(array).all() for array in last.part("model").values())
    # The same run without the poison goes on from there, to where it would have been.
    assert short_run(checkpoints=kept).digest == short_run().digest


def test_missing_values_are_named_and_not_learnt() -> None:
    data = rows(60)
    data["x"][50, 2] = np.nan
    with pytest.raises(TrainingDiverged, match="look for such values in the data"):
        ModelTrainer(config()).fit(Mlp, binary(), data)
    with pytest.raises(TrainingDiverged, match="loss of validation is nan"):
        ModelTrainer(config()).fit(Mlp, binary(), rows(60), data)


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(DataError, match=r"the network takes x; the data has \['target', 'y'\]"):
        ModelTrainer(config()).fit(Mlp, binary(), {"y": np.zeros(3), "target": np.zeros(3)})


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no CUDA device"):
        short_run(config(device="cuda"))


def test_bf16_computes_and_keeps_fp32_weights() -> None:
    found = short_run(config(precision="bf16"))
    assert {array.dtype.name for array in found.weights.values()} == {"float32"}
    assert found.digest != short_run().digest


# --- every task -----------------------------------------------------------------------------------


class Linear(nn.Module):
    def __init__(self, n_out: int) -> None:
        super().__init__()
        self.layer = nn.Linear(4, n_out)

    def forward(self, x: Tensor) -> Tensor:
        found = self.layer(x)
        return found.squeeze(-1) if found.shape[-1] == 1 else found


class Scores(nn.Module):
    """Candidates (B, K, 4) -> (B, K)."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, candidates: Tensor) -> Tensor:
        return self.layer(candidates).squeeze(-1)


class Next(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 5)

    def forward(self, ids: Tensor) -> Tensor:
        return self.table(ids)


LEARN = {"epochs": 30, "learning_rate": 0.05}


def test_several_classes_are_learnt() -> None:
    x = np.random.default_rng(1).normal(size=(300, 4))
    data = {"x": x, "target": x[:, :3].argmax(axis=1)}
    found = ModelTrainer(config(**LEARN)).fit(lambda: Linear(3), multiclass(3), data, data)
    last = found.history[found.best_epoch]
    assert min(last["macro_f1"], last["accuracy"], last["auc"]) > 0.9


def test_a_number_is_learnt() -> None:
    x = np.random.default_rng(1).normal(size=(300, 4))
    data = {"x": x, "target": x @ np.array([1.0, 2.0, 0.0, -1.0]) + 3.0}
    found = ModelTrainer(config(epochs=60, learning_rate=0.05)).fit(
        lambda: Linear(1), regression(), data, data
    )
    last = found.history[found.best_epoch]
    assert last["r2"] > 0.99
    assert last["rmse"] == pytest.approx(np.sqrt(last["loss"]), rel=1e-4)
    assert last["mae"] <= last["rmse"]


def test_lists_of_different_lengths_are_ranked() -> None:
    rng = np.random.default_rng(1)
    lists = [rng.normal(size=(rng.integers(2, 20), 4)) for _ in range(100)]
    gains = [(own[:, 0] == own[:, 0].max()).astype(float) for own in lists]
    data = {"candidates": Ragged.of(lists), "target": Ragged.of(gains)}
    found = ModelTrainer(config(**LEARN)).fit(Scores, ranking(3), data, data)
    first, last = found.history[0], found.history[found.best_epoch]
    assert last["mrr"] > 0.95 > first["mrr"]
    assert min(last["ndcg@3"], last["hr@3"]) > 0.95


def test_the_next_id_is_learnt() -> None:
    rng = np.random.default_rng(1)
    starts = rng.integers(0, 5, 60)
    ids = [(start + np.arange(rng.integers(4, 9))) % 5 for start in starts]
    data = {
        "ids": Ragged.of([own[:-1] for own in ids]),
        "target": Ragged.of([own[1:] for own in ids]),
    }
    found = ModelTrainer(config(epochs=80, learning_rate=0.1)).fit(Next, sequence(), data, data)
    last = found.history[found.best_epoch]
    assert last["accuracy"] == last["forced_bleu"] == 1.0
    assert 1.0 < last["perplexity"] < 1.1 < found.history[0]["perplexity"]
    assert last["perplexity"] == pytest.approx(np.exp(last["loss"]), rel=1e-4)
