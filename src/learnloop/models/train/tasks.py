"""What should a network get right, and how is that judged? Loss and metrics of each task.

    task         output of the network      target              loss
    binary       logits (B,) or (B, T)      0 or 1              log loss
    multiclass   logits (B, C), (B, T, C)   class (B,), (B, T)  cross-entropy
    regression   numbers (B,) or (B, T)     number              squared error
    ranking      scores (B, K)              relevance (B, K)    softmax over the list
    sequence     logits (B, T, C)           next id (B, T)      cross-entropy

    task         metrics, beside the loss
    binary       auc, accuracy, macro_f1
    multiclass   macro_f1, accuracy, auc
    regression   rmse, mae, r2
    ranking      ndcg@10, hr@10, mrr
    sequence     perplexity, accuracy, forced_bleu

Losses are given for each row (B,) or each place (B, T) and not reduced: the loop leaves out what is
masked, weighs the rest, and takes the mean, so that padding and the cut into batches change
nothing.

Reference for ranking: Cao et al. (2007), "Learning to rank: from pairwise approach to listwise
approach", ICML (the top-one softmax of ListNet).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from learnloop import metrics
from learnloop.models.train.batches import Array

Batch = Mapping[str, Tensor]
Observed = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Task:
    """A loss, and how to judge what came out.

    Attributes:
        name: Of the task.
        loss: (output, batch) -> the loss of each row (B,) or each place (B, T), fp32.
        observe: (output, batch) -> what the metrics need, arrays that begin with the loss's shape.
        measure: Takes all that was observed where the mask is True, flat: (n, ...), with `loss`
            (n,) and `row` (n,) the number of the row; gives the metrics.
        monitor: What early stopping looks at: `loss`, or a metric.
        maximise: Whether larger is better for `monitor`.
        mask: The column that says which places count, for losses of (B, T).
        n_classes: Of `target`, where it is a class; `balance` needs it.
    """

    name: str
    loss: Callable[[Tensor, Batch], Tensor]
    observe: Callable[[Tensor, Batch], dict[str, Tensor]]
    measure: Callable[[Observed], dict[str, float]]
    monitor: str = "loss"
    maximise: bool = False
    mask: str = "mask"
    n_classes: int | None = None

    def watching(self, monitor: str, *, maximise: bool) -> "Task":
        """The same, with early stopping looking at another figure."""
        return replace(self, monitor=monitor, maximise=maximise)


def binary() -> Task:
    """P(target = 1), from logits."""

    def loss(output: Tensor, batch: Batch) -> Tensor:
        return functional.binary_cross_entropy_with_logits(
            output, batch["target"].to(output.dtype), reduction="none"
        )

    def observe(output: Tensor, batch: Batch) -> dict[str, Tensor]:
        return {"target": batch["target"], "p": torch.sigmoid(output)}

    def measure(seen: Observed) -> dict[str, float]:
        target, p = seen["target"].astype(np.int64), seen["p"].astype(np.float64)
        return {
            "auc": metrics.auc(target, p),
            "accuracy": metrics.accuracy(target, p),
            "macro_f1": metrics.macro_f1(target, (p >= 0.5).astype(np.int64), 2),
        }

    return Task("binary", loss, observe, measure, n_classes=2)


def multiclass(n_classes: int) -> Task:
    """Which of several classes, from logits."""

    def observe(output: Tensor, batch: Batch) -> dict[str, Tensor]:
        return {"target": batch["target"], "p": torch.softmax(output, dim=-1)}

    def measure(seen: Observed) -> dict[str, float]:
        target, p = seen["target"].astype(np.int64), seen["p"].astype(np.float64)
        chosen = p.argmax(axis=1)
        return {
            "macro_f1": metrics.macro_f1(target, chosen, n_classes),
            "accuracy": metrics.class_accuracy(target, chosen),
            "auc": metrics.macro_auc(target, p),
        }

    return Task("multiclass", _cross_entropy, observe, measure, n_classes=n_classes)


def regression() -> Task:
    """A number."""

    def loss(output: Tensor, batch: Batch) -> Tensor:
        return functional.mse_loss(output, batch["target"].to(output.dtype), reduction="none")

    def observe(output: Tensor, batch: Batch) -> dict[str, Tensor]:
        return {"target": batch["target"], "predicted": output}

    def measure(seen: Observed) -> dict[str, float]:
        target, predicted = seen["target"].astype(float), seen["predicted"].astype(float)
        return {
            "rmse": metrics.rmse(target, predicted),
            "mae": metrics.mae(target, predicted),
            "r2": metrics.r2(target, predicted),
        }

    return Task("regression", loss, observe, measure)


def ranking(k: int = 10, mask: str = "mask") -> Task:
    """The relevant items of a list above the others; a row is one list of K candidates.

    Args:
        k: How many places of the list are looked at.
        mask: The column (B, K) that says which candidates are there.
    """

    def scored(output: Tensor, batch: Batch) -> Tensor:
        return output.masked_fill(~batch[mask], -torch.inf) if mask in batch else output

    def loss(output: Tensor, batch: Batch) -> Tensor:
        gain = batch["target"].to(output.dtype)
        log_p = torch.log_softmax(scored(output, batch), dim=-1).clamp_min(-1e30)
        return -(gain * log_p).sum(-1) / gain.sum(-1).clamp_min(1e-12)

    def observe(output: Tensor, batch: Batch) -> dict[str, Tensor]:
        score = scored(output, batch).detach().cpu().numpy()
        gain = batch["target"].cpu().numpy()
        rows = {
            "ndcg": metrics.row_ndcg(gain, score, k),
            "hr": metrics.row_hit_rate(gain, score, k),
            "rr": metrics.row_reciprocal_rank(gain, score),
        }
        return {name: torch.from_numpy(values) for name, values in rows.items()}

    def measure(seen: Observed) -> dict[str, float]:
        return {
            f"ndcg@{k}": metrics.mean_of_known(seen["ndcg"]),
            f"hr@{k}": metrics.mean_of_known(seen["hr"]),
            "mrr": metrics.mean_of_known(seen["rr"]),
        }

    return Task("ranking", loss, observe, measure, mask=mask)


def sequence(mask: str = "mask", max_order: int = 4) -> Task:
    """The next id at each place of a sequence.

    `forced_bleu` compares the sequence with the likeliest next ids when each is told the true past;
    for a path that was generated freely, use `metrics.bleu`.
    """

    def observe(output: Tensor, batch: Batch) -> dict[str, Tensor]:
        return {"target": batch["target"], "chosen": output.argmax(-1)}

    def measure(seen: Observed) -> dict[str, float]:
        target, chosen = seen["target"].astype(np.int64), seen["chosen"].astype(np.int64)
        cuts = np.flatnonzero(np.diff(seen["row"])) + 1
        said, true = (
            [part.tolist() for part in np.split(ids, cuts)] if len(ids) else []
            for ids in (chosen, target)
        )
        return {
            "perplexity": metrics.perplexity(seen["loss"].astype(np.float64)),
            "accuracy": metrics.class_accuracy(target, chosen),
            "forced_bleu": metrics.bleu(true, said, max_order),
        }

    return Task("sequence", _cross_entropy, observe, measure, mask=mask)


def _cross_entropy(output: Tensor, batch: Batch) -> Tensor:
    target = batch["target"].long()
    flat = functional.cross_entropy(output.flatten(0, -2), target.flatten(), reduction="none")
    return flat.view(target.shape)
