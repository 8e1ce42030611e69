"""What do the routes of a platform's own back end take and give?"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from learnloop.api.schemas.fields import Body, Id, Reply
from learnloop.api.schemas.interactions import InteractionIn, ReceiptOut
from learnloop.api.schemas.profile import ProfileOut
from learnloop.core.watch import Alert, PeriodFigures
from learnloop.events.native import MAX_BATCH
from learnloop.journeys.monitor.alerts import plain
from learnloop.journeys.results import ModelPerformance


class ProfileUpdateIn(Body):
    """Record what a learner did, if anything, then compute the profile again from the whole log."""

    userId: Id  # noqa: N815 -- the word of the public contract
    interactions: Annotated[list[InteractionIn], Field(max_length=MAX_BATCH)] = Field(
        [], description="All of this learner."
    )


class ProfileUpdateOut(Reply):
    """What became of the interactions, and the profile after them."""

    receipt: ReceiptOut
    profile: ProfileOut


Figure = Annotated[
    tuple[float | None, float | None, float | None],
    Field(description="The figure, and the ends of its 95% interval; null = can't be said."),
]


class DriftOut(Reply):
    """A column of a model's data beside its baseline."""

    name: str
    answer: str = Field(description="`same`, `drifted` or `not_enough`")
    psi: float | None
    p_value: float | None = Field(description="After the correction for all columns.")


class ConfidenceOut(Reply):
    """How sure a model was."""

    counts: list[int] = Field(description="Answers by chance, in ten bins from 0 to 1.")
    mean: float = Field(description="Of max(p, 1 - p).")
    extreme: float = Field(description="Share of answers below 0.05 or above 0.95.")


class LatencyOut(Reply):
    """How long answers took: half, 95%, 99% of them, and the longest."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class PeriodOut(Reply):
    """How a model did in service in one period."""

    slot: str
    start: datetime
    end: datetime
    n: int = Field(description="Answers.")
    n_known: int = Field(description="Answers whose outcome is known.")
    n_learners: int = Field(description="Learners of those.")
    auc: Figure
    log_loss: Figure
    brier: Figure
    ece: Figure
    bias: Figure
    correlation: Figure
    confidence: ConfidenceOut
    latency: LatencyOut | None
    fallback: Figure | None = Field(description="Share of answers that another model gave.")
    drifted: list[str]
    drift: list[DriftOut] = Field(description="What drifted, and what came nearest to it.")


class AlertOut(Reply):
    """Somebody should know."""

    alert_id: str = Field(description="The same when it is raised and when it clears.")
    rule: str
    subject: str
    severity: str
    change: str = Field(description="`raised` or `cleared`")
    at: datetime = Field(description="The end of the period that decided.")
    value: float
    bound: float


class AlertsOut(Reply):
    """Alerts, newest first."""

    alerts: list[AlertOut]
    next_cursor: str | None = Field(description="Ask with it for the next page; null = the last.")


class ModelOut(Reply):
    """How a fitted model did when it was evaluated, and how it does in service."""

    model: str = Field(description="`name@version`")
    live: bool
    created_at: datetime | None
    metrics: dict[str, float]
    periods: list[PeriodOut] = Field(description="As it was last judged, newest first.")


class ModelsOut(Reply):
    """The models, the live one first, one page at a time."""

    models: list[ModelOut]
    next_cursor: str | None = Field(description="Ask with it for the next page; null = the last.")


class FailedModelOut(Reply):
    """A version that has a role and could not be loaded."""

    slot: str
    role: str
    model: str = Field(description="`name@version`")
    code: str


class HealthOut(Reply):
    """Whether the server is alive, or ready for work."""

    status: str


class ReadyOut(HealthOut):
    """Ready for work; and what is not as it should be, while another answers in its place."""

    failed_models: list[FailedModelOut]


def model_out(model: ModelPerformance) -> ModelOut:
    """One model by the names of the public contract."""
    return ModelOut(
        model=str(model.ref),
        live=model.live,
        created_at=model.created_at,
        metrics=dict(model.metrics),
        periods=[period_out(one) for one in model.periods],
    )


def period_out(one: PeriodFigures) -> PeriodOut:
    """One period by the names of the public contract."""
    told: dict[str, Any] = {k: v for k, v in one.figures.items() if k in PeriodOut.model_fields}
    return PeriodOut.model_validate(told | {"slot": one.slot, "start": one.start, "end": one.end})


def alert_out(alert: Alert) -> AlertOut:
    """One alert by the names of the public contract."""
    return AlertOut.model_validate(plain(alert))
