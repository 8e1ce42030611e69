"""Which kinds of background job are there?

To add one: a payload, a function, a line in `KINDS`. The function gets the engine, its payload, and
`report(progress, stage)`, to be called now and then; the report ends the work where the job is no
longer this worker's. A worker may be killed at any moment, and the job is then done again, so a
function leaves nothing half done, and to do it twice is harmless.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from learnloop.core.errors import InvalidInput
from learnloop.core.jobs import Json
from learnloop.journeys.monitor import webhook
from learnloop.journeys.monitor.alerts import ALERT_JOB

if TYPE_CHECKING:
    from learnloop.journeys.engine import PersonalizationEngine

N_STAGES = 5
"""Of a retraining."""

Report = Callable[[float, str], None]
"""Say how far the work is, [0, 1], and what it is at; cheap enough for every step of a loop."""


class Payload(BaseModel):
    """What a kind of job needs to know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Payload):
    """The kind needs to know nothing."""


class TidyPayload(Payload):
    """How long things are kept."""

    job_days: int = Field(30, ge=1, le=36_500, description="Days that finished jobs are kept.")
    reply_days: int = Field(1, ge=1, le=36_500, description="Days that replies are remembered.")
    prediction_days: int = Field(
        90, ge=1, le=36_500, description="Days that the models' answers are kept."
    )


class MonitorPayload(Payload):
    """What to look at."""

    days: int = Field(28, ge=1, le=3_650, description="How far back.")
    period: int = Field(1, ge=1, le=365, description="Days of a period.")


class AlertPayload(Payload):
    """What to tell; whom is a setting."""

    alert: dict[str, Any]


class RetrainPayload(Payload):
    """What is to be fitted, and on what."""

    model: str = Field("ability", description="Its name.")
    window_days: int | None = Field(
        None, ge=1, le=36_500, description="Only answers of so many days; null: all."
    )
    incremental: bool = Field(False, description="Go on from the champion, where the model can.")
    margin: float | None = Field(
        None, ge=0.0, lt=1.0, description="How much better it has to be; null: the model's own."
    )


P = TypeVar("P", bound=Payload)


@dataclass(frozen=True, slots=True)
class JobKind(Generic[P]):
    """A kind of job.

    Attributes:
        what: What it does, in a few words.
        payload: What it needs to know.
        run: Does it, and says what came of it.
    """

    what: str
    payload: type[P]
    run: "Callable[[PersonalizationEngine, P, Report], Json]"


Kinds = Mapping[str, JobKind[Any]]


def _fit(engine: "PersonalizationEngine", _: Nothing, report: Report) -> Json:
    report(0.0, "fitting on every answer of the log")
    fitted = engine.fit()
    return {"model": str(fitted.ref), "metrics": dict(fitted.metrics)}


def _retrain(engine: "PersonalizationEngine", payload: RetrainPayload, report: Report) -> Json:
    days, n_done = payload.window_days, 0

    def say(what: str) -> None:
        nonlocal n_done
        report(n_done / N_STAGES, what)
        n_done += 1

    found = engine.retrain(
        payload.model,
        window=None if days is None else timedelta(days=days),
        incremental=payload.incremental,
        margin=payload.margin,
        say=say,
    )
    return {
        "model": str(found.challenger.model),
        "champion": str(found.champion.model),
        "promoted": found.promoted,
        "because": found.because,
    }


def _tidy(engine: "PersonalizationEngine", payload: TidyPayload, _: Report) -> Json:
    now = engine.clock.now()
    with engine.store.begin() as tx:
        n_jobs = tx.jobs.purge(now - timedelta(days=payload.job_days))
        n_replies = tx.replies.purge(now - timedelta(days=payload.reply_days))
        n_predictions = tx.predictions.purge(now - timedelta(days=payload.prediction_days))
    return {"n_jobs": n_jobs, "n_replies": n_replies, "n_predictions": n_predictions}


def _monitor(engine: "PersonalizationEngine", payload: MonitorPayload, report: Report) -> Json:
    from learnloop.journeys.monitor.watch import watch  # noqa: PLC0415 -- brings what judging needs

    report(0.0, "judging what the models said")
    alerts = watch(engine, days=payload.days, period=payload.period)
    return {"alerts": [f"{a.change.value} {a.rule}: {a.subject}" for a in alerts]}


def _alert(engine: "PersonalizationEngine", payload: AlertPayload, _: Report) -> Json:
    url = engine.settings.alert_webhook
    if url is None:
        return {"told": False}
    webhook.post(url, payload.alert)
    return {"told": True}


KINDS: Kinds = {
    "fit": JobKind("fits the live model on every answer of the log", Nothing, _fit),
    "retrain": JobKind(
        "fits a model anew, which takes over if it is better", RetrainPayload, _retrain
    ),
    "tidy": JobKind(
        "drops finished jobs, remembered replies and old predictions", TidyPayload, _tidy
    ),
    "monitor": JobKind("judges the models in service and raises alerts", MonitorPayload, _monitor),
    ALERT_JOB: JobKind("posts an alert to the webhook", AlertPayload, _alert),
}


def payload_of(kind: str, payload: Json, kinds: Kinds = KINDS) -> Payload:
    """The payload of a job, checked.

    Raises:
        InvalidInput: There is no such kind, or the payload does not fit it.
    """
    if kind not in kinds:
        raise InvalidInput(
            f"kind: no kind of job {kind!r}; there are {', '.join(sorted(kinds))}", field="kind"
        )
    shape: type[Payload] = kinds[kind].payload
    try:
        return shape.model_validate(payload)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(("payload", *map(str, first["loc"])))
        raise InvalidInput(f"{field}: {first['msg']}", field=field) from error
