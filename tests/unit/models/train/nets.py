"""Tiny networks and data whose truth is known, for the tests of the trainer."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from learnloop.models.train.batches import Ragged
from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.loop import ModelTrainer, TrainingResult
from learnloop.models.train.tasks import binary


class Mlp(nn.Module):
    """(B, 4) -> (B,) logits, with dropout."""

    def __init__(self, n_hidden: int = 8, p_dropout: float = 0.2) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, n_hidden), nn.ReLU(), nn.Dropout(p_dropout), nn.Linear(n_hidden, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(-1)


class Recurrent(nn.Module):
    """Ids (B, T) -> (B, T) logits."""

    def __init__(self, kind: str = "lstm", n_ids: int = 5) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_ids, 6)
        layer = nn.LSTM if kind == "lstm" else nn.GRU
        self.layer = layer(6, 7, batch_first=True)
        self.last = nn.Linear(7, 1)

    def forward(self, ids: Tensor) -> Tensor:
        hidden, _ = self.layer(self.embedding(ids))  # (B, T, 7)
        return self.last(hidden).squeeze(-1)


class Attention(nn.Module):
    """Ids (B, T) and a mask (B, T) -> (B, T) logits; a place sees what is real and not later."""

    def __init__(self, n_ids: int = 5) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_ids, 8)
        self.query, self.key, self.value = (nn.Linear(8, 8) for _ in range(3))
        self.last = nn.Linear(8, 1)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.embedding(ids)  # (B, T, 8)
        place = torch.arange(ids.shape[1], device=ids.device)
        past, own = place[None, :] <= place[:, None], place[None, :] == place[:, None]  # (T, T)
        seen = past[None] & (mask[:, None, :] | own[None])  # (B, T, T)
        found = functional.scaled_dot_product_attention(
            self.query(x), self.key(x), self.value(x), attn_mask=seen
        )
        return self.last(x + found).squeeze(-1)


def rows(n: int, seed: int = 1) -> dict[str, np.ndarray]:
    """A line through four features decides; a tenth of the targets is turned over."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    target = (x @ np.array([1.0, -2.0, 0.5, 0.0]) > 0) ^ (rng.random(n) < 0.1)
    return {"x": x, "target": target.astype(np.int64)}


def sequences(n: int, seed: int = 1) -> dict[str, Ragged]:
    """Ids of 1 to 12 places; the target is whether the id before was 0."""
    rng = np.random.default_rng(seed)
    ids = [rng.integers(0, 5, size=rng.integers(1, 13)) for _ in range(n)]
    target = [np.concatenate([[0], (own[:-1] == 0)]).astype(np.int64) for own in ids]
    return {"ids": Ragged.of(ids), "target": Ragged.of(target)}


def short_run(config: TrainerConfig | None = None, **given: object) -> TrainingResult:
    """60 rows, batches of 16: 4 steps in each of 3 epochs."""
    config = config or TrainerConfig(seed=3, epochs=3, batch_size=16)
    return ModelTrainer(config).fit(Mlp, binary(), rows(60), rows(40, seed=2), **given)
