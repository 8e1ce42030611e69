"""What can be set of the attentive model? One frozen set; the defaults serve every data set."""

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """The network, and how it is trained.

    Attributes:
        length: The last events that attention looks at, and the rows of a training window.
        overlap: Rows of a window that are context from the window before.
        width: Of embeddings and layers.
        heads: Of attention; they divide the width.
        dropout: Before and inside the readout.
        hidden_skills: Share of rows whose skills are hidden in training, so that new ones are met.
        direction: Weight of the penalty on answers that move their own prediction the wrong way.
        direction_share: Share of a batch that the penalty looks at.
        direction_margin: By how much an answer should at least move it the right way, logits.
        ridge: Penalty on the weights of the logistic base (of standardised columns).
        n_folds: Folds of learners for item parameters that come from others.
        epochs: At most; the best one on the validation learners is taken.
        batch_size: Windows in a batch.
        learning_rate: The highest; it falls along a cosine.
        weight_decay: Of all weights.
        patience: Stop after so many epochs that brought nothing better.
        validation: Share of the training learners that say when to stop, and how sure to be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    length: int = Field(default=128, ge=2, le=200)
    overlap: int = Field(default=64, ge=0)
    width: int = Field(default=64, ge=1)
    heads: int = Field(default=4, ge=1)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    hidden_skills: float = Field(default=0.02, ge=0, lt=1)
    direction: float = Field(default=1.2, ge=0)
    direction_share: float = Field(default=0.25, ge=0, le=1)
    direction_margin: float = Field(default=0.02, ge=0)
    ridge: float = Field(default=100.0, gt=0)
    n_folds: int = Field(default=5, ge=2)
    epochs: int = Field(default=8, ge=1)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=1.5e-3, gt=0)
    weight_decay: float = Field(default=5e-2, ge=0)
    patience: int = Field(default=2, ge=1)
    validation: float = Field(default=0.1, gt=0, lt=1)
