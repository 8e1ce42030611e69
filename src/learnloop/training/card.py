"""What should people know about a model before they trust it? The model card, as Markdown.

Reference: Mitchell et al. (2019), "Model cards for model reporting", FAT*.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as version_of
from typing import Any

from learnloop.core.artifact import Artifact
from learnloop.core.types import Ref
from learnloop.metrics import Interval


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card is written from.

    Attributes:
        what: The first sentence of the model's module.
        n_learners: Training learners with answers.
        n_answers: Their answers.
        first_at: Of the training answers; None where the log has no times.
        figures: On held-out learners, with 95% intervals.
        n_judged: Held-out answers, of `n_judged_learners`.
        source: Whose learners they are.
    """

    ref: Ref
    what: str
    made_at: datetime
    snapshot: str
    n_learners: int
    n_answers: int
    first_at: datetime | None
    last_at: datetime | None
    n_judged_learners: int
    n_judged: int
    figures: Mapping[str, Interval]
    config: Mapping[str, Any]
    notes: Sequence[str] = ()
    source: str = "this installation"


def libraries(artifact: Artifact) -> dict[str, str]:
    """Versions of what made a model, with those that every fit uses."""
    ours = {name: version_of(name) for name in ("learnloop", "numpy")}
    return {**ours, **artifact.manifest.libraries}


def card(facts: Facts) -> str:
    """The model card."""
    figures = [
        f"| {name} | {x.point:.4f} | {x.low:.4f} to {x.high:.4f} |"
        for name, x in facts.figures.items()
    ]
    config = [f"- `{name}`: {value}" for name, value in facts.config.items()]
    period = (
        f", {facts.first_at:%Y-%m-%d} to {facts.last_at:%Y-%m-%d}"
        if facts.first_at and facts.last_at
        else ""
    )
    lines = [
        f"# {facts.ref}",
        "",
        facts.what,
        "",
        f"Made on {facts.made_at:%Y-%m-%d %H:%M} UTC.",
        "",
        "## What it is for",
        "",
        "P(a learner's next answer to an item is right), to choose what to study next. It is not "
        "made to grade learners, to compare them, or to decide about them.",
        "",
        "## What it was fitted on",
        "",
        f"{facts.n_answers:,} answers of {facts.n_learners:,} learners of {facts.source}"
        f"{period}; snapshot `{facts.snapshot}`.",
        "",
        "## How good it is",
        "",
        f"On {facts.n_judged:,} answers of {facts.n_judged_learners:,} learners that it was not "
        "fitted on, each predicted from that learner's earlier answers; 95% intervals by learner.",
        "",
        "| figure | | 95% interval |",
        "|---|---|---|",
        *figures,
        "",
        "## What to be careful about",
        "",
        "- Learners, items or courses unlike those above: the figures say nothing about them.",
        "- The first answers of a learner: little is known yet, and the model says so by its "
        "uncertainty.",
        *(f"- {note}" for note in facts.notes),
        "",
        "## Configuration",
        "",
        *(config or ["- the defaults"]),
        "",
    ]
    return "\n".join(lines)
