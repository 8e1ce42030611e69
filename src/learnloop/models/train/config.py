"""What can be set of the training of a network? One frozen set, kept in the model's artifact."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainerConfig(BaseModel):
    """How a network is trained; the network itself and its data are given apart.

    The same seed, settings and data give the same weights, bit for bit, on the same processor kind
    and version of torch.

    Attributes:
        seed: First weights, order of the batches, dropout.
        epochs: At most so often over the training data.
        batch_size: Rows in a batch (sequences count as one).
        learning_rate: The highest rate; `schedule.py` says how it changes.
        weight_decay: Decoupled for `adamw`, a squared penalty for the others.
        optimizer: Who turns gradients into steps.
        schedule: `constant`; `cosine` falls to almost 0 at the end of the last epoch; `plateau`
            falls by `plateau_factor` whenever `plateau_patience` epochs brought nothing better.
        warmup_epochs: The rate climbs in a line for so long, under any schedule.
        clip_norm: Gradients are scaled down to this norm over all weights; None leaves them.
        patience: Stop after so many epochs that brought nothing better; None never stops early.
        min_delta: Better means better by more than this.
        balance: `weights`: every class has the same total weight in the loss; `sampler`: rows are
            drawn so that classes are equally frequent.
        precision: `auto` is bf16 where a CUDA device computes in it, else fp32. Weights and losses
            are fp32 in any case.
        device: `auto` is `cuda` where there is one, else `cpu`.
        n_threads: On the CPU. Another number sums in another order: other bits.
        deterministic: Refuse operations that have no reproducible form.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(ge=0, lt=2**63)
    epochs: int = Field(default=20, ge=1)
    batch_size: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    optimizer: Literal["adam", "adamw", "sgd"] = "adamw"
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    warmup_epochs: float = Field(default=0.0, ge=0)
    plateau_patience: int = Field(default=3, ge=1)
    plateau_factor: float = Field(default=0.5, gt=0, lt=1)
    clip_norm: float | None = Field(default=1.0, gt=0)
    patience: int | None = Field(default=5, ge=1)
    min_delta: float = Field(default=0.0, ge=0)
    balance: Literal["none", "weights", "sampler"] = "none"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    n_threads: int = Field(default=1, ge=1)
    deterministic: bool = True
