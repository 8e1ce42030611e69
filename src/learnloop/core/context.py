"""What may a policy see when it chooses? One learner at one instant, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from learnloop.core.items import ItemTable
from learnloop.core.types import Estimate, Evidence, Ints, Learner, Target


@dataclass(frozen=True, slots=True)
class Context:
    """All that a policy may see.

    Attributes:
        items: The catalog snapshot.
        candidates: (m,) rows of `items` that are eligible.
        estimates: By target; CORRECT is (n_items,), MASTERY is (n_skills,). A target may be
            missing: a policy falls back and says so in a Reason.
        n: How many choices are asked for.
    """

    learner: Learner
    at: datetime
    items: ItemTable
    candidates: Ints
    estimates: Mapping[Target, Estimate]
    evidence: Evidence
    n: int
