"""What can be set of deep knowledge tracing? One frozen set; the defaults serve every data set."""

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """The network, what it is told beyond skill and correctness, and how it is trained.

    Attributes:
        embedding: Width of the embeddings of skill and correctness.
        hidden: Units of each of the two LSTM layers.
        dropout: Between the layers and before the readout, the same units over a whole sequence.
        item_embedding: Width of an item's own vector.
        min_item_answers: Training answers from which an item gets a vector of its own.
        hidden_items: Share of rows whose item is hidden in training, so that new ones are met.
        hidden_skills: Share of rows whose skills are hidden.
        direction: Weight of the penalty on answers that move their own prediction the wrong way.
        direction_margin: By how much it should at least move the right way, logits.
        n_folds: Folds of learners for facts that are from others.
        length: Rows of a training window.
        overlap: Rows of it that are context from the window before.
        epochs: At most; the best one on the validation learners is taken.
        batch_size: Windows in a batch.
        learning_rate: The highest; it falls along a cosine.
        weight_decay: Of all weights.
        patience: Stop after so many epochs that brought nothing better.
        validation: Share of the training learners that say when to stop, and how sure to be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding: int = Field(default=64, ge=1)
    hidden: int = Field(default=128, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    item_embedding: int = Field(default=16, ge=1)
    min_item_answers: int = Field(default=20, ge=1)
    hidden_items: float = Field(default=0.1, ge=0, lt=1)
    hidden_skills: float = Field(default=0.01, ge=0, lt=1)
    direction: float = Field(default=0.5, ge=0)
    direction_margin: float = Field(default=0.02, ge=0)
    n_folds: int = Field(default=5, ge=2)
    length: int = Field(default=200, ge=2)
    overlap: int = Field(default=40, ge=0)
    epochs: int = Field(default=10, ge=1)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=3e-3, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    patience: int = Field(default=3, ge=1)
    validation: float = Field(default=0.1, gt=0, lt=1)
