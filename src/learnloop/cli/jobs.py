"""What work waits, runs or is over? Jobs are added, listed, shown, retried and cancelled here."""

import json as json_text
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, say, show
from learnloop.core.errors import InvalidInput
from learnloop.core.ids import JobId
from learnloop.core.jobs import Job, JobStatus, Json

app = typer.Typer(help="Background jobs: add, list, show, retry, cancel.", no_args_is_help=True)

JobArgument = Annotated[str, typer.Argument(metavar="JOB_ID", help="As 'jobs list' shows it.")]
Payload = Annotated[
    str, typer.Option(metavar="JSON", help="What the kind needs to know, as a JSON object.")
]


@app.command("add")
def add(
    kind: Annotated[str, typer.Argument(help="What is to be done.")],
    payload: Payload = "{}",
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: a job of this key is added only once.")
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Add a job; a worker does it.

    For example:

        learnloop jobs add fit

        learnloop jobs add tidy --payload '{"job_days": 7}' --key tidy-2026-01-05
    """
    from learnloop.journeys import jobs

    with open_engine(database) as engine, engine.store.begin() as tx:
        job = jobs.enqueue(tx, engine.clock.now(), kind, payload_of(payload), key=key)
    _tell(job, json)


@app.command("list")
def list_jobs(
    status: Annotated[JobStatus | None, typer.Option(help="Only jobs that stand there.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only jobs of this kind.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="Most jobs to list.")] = 20,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """List jobs, newest first.

    For example:

        learnloop jobs list --status failed
    """
    with open_engine(database) as engine, engine.store.begin(write=False) as tx:
        found = tx.jobs.page(n, status=status, kind=kind)
    if json:
        print_json(found)
        return
    show(_table(found))


@app.command("show")
def show_job(job_id: JobArgument, database: Database = None, json: AsJson = False) -> None:
    """Show one job: what it was given, how far it is, what came of it.

    For example:

        learnloop jobs show 019b8e0d5c0011223344556677889900
    """
    from learnloop.journeys import jobs

    with open_engine(database) as engine, engine.store.begin(write=False) as tx:
        job = jobs.job_of(tx, JobId(job_id))
    if json:
        print_json(job)
        return
    show(_lines(job))


@app.command("retry")
def retry(job_id: JobArgument, database: Database = None, json: AsJson = False) -> None:
    """Queue a failed job again.

    For example:

        learnloop jobs retry 019b8e0d5c0011223344556677889900
    """
    from learnloop.journeys import jobs

    with open_engine(database) as engine, engine.store.begin() as tx:
        job = jobs.retry(tx, engine.clock.now(), JobId(job_id))
    _tell(job, json)


@app.command("cancel")
def cancel(job_id: JobArgument, database: Database = None, json: AsJson = False) -> None:
    """End a job that waits or runs; a worker that has it stops at its next report.

    For example:

        learnloop jobs cancel 019b8e0d5c0011223344556677889900
    """
    from learnloop.journeys import jobs

    with open_engine(database) as engine, engine.store.begin() as tx:
        job = jobs.cancel(tx, engine.clock.now(), JobId(job_id))
    _tell(job, json)


def payload_of(text: str) -> Json:
    """The payload that a command line gives.

    Raises:
        InvalidInput: It is not a JSON object.
    """
    try:
        payload = json_text.loads(text)
    except ValueError as error:
        raise InvalidInput(f"payload: not JSON: {error}", field="payload") from error
    if not isinstance(payload, dict):
        raise InvalidInput("payload: must be a JSON object, e.g. {}", field="payload")
    return payload


def _tell(job: Job, json: bool) -> None:
    if json:
        print_json(job)
        return
    say(f"job {job.job_id} ({job.kind}): {_status(job)}")


def _status(job: Job) -> str:
    match job.status:
        case JobStatus.RUNNING:
            return f"running, {job.progress:.0%} {job.stage}".rstrip()
        case JobStatus.FAILED if job.error is not None:
            return f"failed: {job.error.code}"
        case _:
            return job.status.value


def _table(found: Iterable[Job]) -> object:
    from rich.markup import escape
    from rich.table import Table

    lines = Table("job", "kind", "made", "attempts", "stands", box=None)
    lines.columns[0].no_wrap = True
    for job in found:
        attempts = f"{job.n_attempts} of {job.max_attempts}"
        made = _instant(job.created_at)
        lines.add_row(job.job_id, escape(job.kind), made, attempts, escape(_status(job)))
    return lines


def _lines(job: Job) -> object:
    from rich.markup import escape
    from rich.table import Table

    lines = Table("job", job.job_id, box=None)
    result = None if job.result is None else json_text.dumps(job.result, ensure_ascii=False)
    for name, value in (
        ("kind", job.kind),
        ("payload", json_text.dumps(job.payload, ensure_ascii=False)),
        ("stands", _status(job)),
        ("attempts", f"{job.n_attempts} of {job.max_attempts}"),
        ("worker", job.worker),
        ("made", _instant(job.created_at)),
        ("due", _instant(job.due_at)),
        ("started", _instant(job.started_at)),
        ("over", _instant(job.finished_at)),
        ("result", result),
        ("error", None if job.error is None else job.error.message),
    ):
        if value:
            lines.add_row(name, escape(value))
    return lines


def _instant(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"
