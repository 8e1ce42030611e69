"""What can no store keep, and how is it refused? With `InvalidInput`, before anything is written.

JSON has no NaN and SQL databases turn it into NULL, so a number that is not finite would come
back as something else. A `Ref` is kept as `name@version`, so a version can't hold an `@`.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from math import isfinite

from learnloop.core.errors import InvalidInput
from learnloop.core.jobs import Job, Schedule
from learnloop.core.predictions import PredictionRecord
from learnloop.core.records import AuditEntry, LearningPath
from learnloop.core.registry import AliasChange, ModelRecord
from learnloop.core.types import Decision, Interaction, Item, Learner, Outcome, Ref
from learnloop.core.watch import Alert, PeriodFigures


def ref_text(ref: Ref) -> str:
    """`name@version`.

    Raises:
        InvalidInput: The version holds an `@`, so the text could not be read back.
    """
    name, version = ref
    if "@" in version:
        raise InvalidInput(f"ref: version {version!r} must not hold '@'", field="ref")
    return f"{name}@{version}"


def finite(field: str, values: Iterable[float | None]) -> None:
    """Refuse NaN and infinity.

    Raises:
        InvalidInput: One of the values is not finite.
    """
    for value in values:
        if value is not None and not isfinite(value):
            raise InvalidInput(f"{field}: {value} is not a finite number", field=field)


def check_interaction(interaction: Interaction) -> None:
    """Refuse a score that can't be kept."""
    if interaction.score is not None:
        finite("score", (interaction.score,))


def check_item(item: Item) -> None:
    """Refuse author's guesses that can't be kept."""
    finite("difficulty_logit", (item.difficulty_logit,))
    finite("expected_seconds", (item.expected_seconds,))


def check_learner(learner: Learner) -> None:
    """Refuse goals that can't be kept."""
    finite("goals.target_mastery", (learner.goals.target_mastery,))


def check_decision(decision: Decision) -> None:
    """Refuse scores, propensities and reasons that can't be kept."""
    for choice in decision.choices:
        finite("choices", (choice.score, choice.propensity, choice.p_correct))
        for reason in choice.reasons:
            facts = [v for v in reason.detail.values() if type(v) is float]
            finite("choices.reasons", (reason.weight, *facts))


def check_outcome(outcome: Outcome) -> None:
    """Refuse a value that can't be kept."""
    finite("value", (outcome.value,))


def check_path(path: LearningPath) -> None:
    """Refuse estimates that can't be kept."""
    finite("minutes", (path.minutes_low, path.minutes_high))
    for step in path.steps:
        finite("steps", (step.mastery, step.minutes))


def check_model(record: ModelRecord) -> None:
    """Refuse metrics that can't be kept: leave out a figure that could not be computed."""
    finite("metrics", record.metrics.values())


def check_alias(change: AliasChange) -> None:
    """Refuse a share that is none."""
    if change.ref is not None:
        ref_text(change.ref)
    if not 0 <= change.share <= 1:
        raise InvalidInput(f"share: {change.share} is not in [0, 1]", field="share")


def check_audit(entry: AuditEntry) -> None:
    """Refuse details that can't be kept."""
    finite("detail", (v for v in entry.detail.values() if type(v) is float))


def check_job(job: Job) -> None:
    """Refuse payloads and results that would not come back as they are."""
    finite("progress", (job.progress,))
    check_json("payload", job.payload)
    check_json("result", job.result)


def check_schedule(schedule: Schedule) -> None:
    """Refuse payloads that would not come back as they are, and a rhythm that stands still."""
    check_json("payload", schedule.payload)
    if schedule.every <= timedelta(0):
        raise InvalidInput("every: must be longer than 0", field="every")


def check_prediction(record: PredictionRecord) -> None:
    """Refuse a chance that is none."""
    ref_text(record.ref)
    if record.p is not None and not 0 <= record.p <= 1:
        raise InvalidInput(f"p: {record.p} is not in [0, 1]", field="p")


def check_alert(alert: Alert) -> None:
    """Refuse figures that can't be kept."""
    finite("value", (alert.value, alert.bound))


def check_figures(figures: PeriodFigures) -> None:
    """Refuse figures that would not come back as they are."""
    ref_text(figures.ref)
    check_json("figures", figures.figures)


_PLAIN = (str, bool, type(None))


def check_json(field: str, value: object) -> None:
    """Pass what is the same after it was JSON: no tuples, no numpy, keys of text, 64-bit integers.

    Raises:
        InvalidInput: Something in it would come back as something else, or not at all.
    """
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if type(node) is dict and all(type(key) is str for key in node):
            waiting += node.values()
        elif type(node) is list:
            waiting += node
        elif type(node) is float:
            finite(field, (node,))
        elif not (type(node) in _PLAIN or (type(node) is int and -(2**63) <= node < 2**63)):
            name = type(node).__name__
            raise InvalidInput(f"{field}: JSON has no {name} like {node!r:.50}", field=field)


def catalog_version(n_puts: int, before: str, content: str) -> str:
    """The catalog's next version: a count for humans, and a digest of all that was ever put.

    The digest matters to caches: a put that is rolled back and another one after it get different
    versions.
    """
    digest = hashlib.blake2b(f"{before}\x1f{content}".encode(), digest_size=6).hexdigest()
    return f"{n_puts}-{digest}"
