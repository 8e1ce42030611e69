"""Which logistic model, and how far does it look back? One set of constants for every course."""

from dataclasses import dataclass
from typing import Literal

Family = Literal["pfa", "best_lr", "das3h"]


@dataclass(frozen=True, slots=True)
class Config:
    """The constants of the fold and of the fit. The defaults serve every data set.

    Attributes:
        family: "pfa": skills and their counts. "best_lr": items and the learner's own counts too.
            "das3h": all of it in several windows, and the learner's record with the item.
        days: Half-lives of the windows that time empties, days (das3h; left out of a model that is
            fitted on a log without times).
        answers: Half-lives of the windows that answers empty, answers (das3h).
        item_record: Whether the learner's own record with the item counts; None = in das3h.
        item_memory: So many items are remembered of each learner, those met last.
        ridge: Penalty on every weight; 1 is scikit-learn's C = 1.
        window_ridge: Penalty on the windows' weights of one skill or item (das3h).
        level_variance: Prior variance of a learner's level in a skill, logits squared.
    """

    family: Family = "das3h"
    days: tuple[float, ...] = (0.01, 0.3, 3.0, 30.0)
    answers: tuple[float, ...] = (1.0, 4.0, 16.0)
    item_record: bool | None = None
    item_memory: int = 200
    ridge: float = 1.0
    window_ridge: float = 100.0
    level_variance: float = 1.0
