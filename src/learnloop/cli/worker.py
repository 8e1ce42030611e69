"""Who does the background jobs? This command, until it is told to stop."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import Database, open_engine
from learnloop.core.errors import InvalidInput

if TYPE_CHECKING:
    from learnloop.journeys.job_kinds import Kinds
    from learnloop.journeys.worker import Worker


def worker(
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end.")] = False,
    kind: Annotated[
        list[str] | None, typer.Option(help="Take only jobs of this kind; may be given again.")
    ] = None,
    database: Database = None,
) -> None:
    """Do background jobs, and enqueue what is scheduled. Run as many of them as you like.

    Ctrl-C or SIGTERM: the job at hand may finish within 5 seconds or is given back to the others; a
    second Ctrl-C gives it back at once. With --once the exit code is 1 if a job failed.

    For example:

        learnloop worker

        learnloop worker --once --database postgresql://learnloop@localhost/learnloop
    """
    from learnloop.core.jobs import JobStatus
    from learnloop.journeys.worker import Worker

    log_to_stderr()
    with open_engine(database) as engine:
        made = Worker(engine, kinds=_chosen(kind))
        with _stopping_on_signals(made):
            if not once:
                made.run()
                return
            jobs = made.run_due()
    if any(job.status is not JobStatus.DONE for job in jobs):
        raise typer.Exit(1)


def _chosen(names: list[str] | None) -> "Kinds":
    from learnloop.journeys.job_kinds import KINDS

    if not names:
        return KINDS
    unknown = sorted(set(names) - set(KINDS))
    if unknown:
        raise InvalidInput(
            f"kind: no kind of job {unknown[0]!r}; there are {', '.join(sorted(KINDS))}",
            field="kind",
        )
    return {name: KINDS[name] for name in names}


@contextmanager
def _stopping_on_signals(worker: "Worker") -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        if worker.stopping:
            raise KeyboardInterrupt
        worker.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def log_to_stderr() -> None:
    """One JSON line for each event; to a person, the same in words."""
    import structlog

    people = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
