"""Are the models in service still as good as they were? Figures by period, and alerts."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, say, show, working
from learnloop.cli.worker import log_to_stderr
from learnloop.core.errors import DataError, InvalidInput
from learnloop.core.watch import Alert, Change

if TYPE_CHECKING:
    from learnloop.journeys.monitor.report import ModelPeriod, Report
    from learnloop.metrics import Interval

app = typer.Typer(help="How the models in service do, and alerts.", no_args_is_help=True)

COLORS = {Change.RAISED: "red", Change.CLEARED: "green"}
_DAYS = re.compile(r"([1-9][0-9]{0,3})d")

Since = Annotated[
    str, typer.Option(metavar="DAYS", help="How far back, e.g. 30d; from the start of a period.")
]
Explained = Annotated[
    bool,
    typer.Option(
        "--importance/--no-importance",
        help="Say which features moved the answers; takes seconds where models take features.",
    ),
]
Period = Annotated[int, typer.Option(min=1, max=365, metavar="DAYS", help="Days of a period.")]


@app.command("report")
def report(
    slot: Annotated[
        str | None, typer.Option(help="Only the models of this slot, e.g. estimator.")
    ] = None,
    since: Since = "30d",
    period: Period = 7,
    html: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write the report here too, as one page with plots."),
    ] = None,
    importance: Explained = True,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Accuracy, calibration, drift, latency and fallbacks, by model and period.

    Of the live model of P(correct) the whole log is judged; of other models what they answered to
    requests. Nothing is changed.

    For example:

        learnloop monitor report --since 90d --html monitor.html
    """
    from learnloop.journeys.monitor.alerts import plain
    from learnloop.journeys.monitor.report import look
    from learnloop.journeys.monitor.rules import judge

    days = _days(since)
    with open_engine(database) as engine, working(quiet=json) as tell:
        tell("judging what the models said")
        with engine.store.begin(write=False) as tx:
            live = engine.live(tx)
            found = look(live, tx, days=days, period=period, slot=slot, explained=importance)
    alerts = judge(found, {}).alerts
    if html is not None:
        _write(html, found, alerts)
    if json:
        print_json({**_plain(found), "alerts": [plain(alert) for alert in alerts]})
        return
    _show(found, alerts)
    if html is not None:
        say(f"written: {html}")


@app.command("check")
def check(
    since: Since = "28d",
    period: Annotated[
        int, typer.Option(min=1, max=365, metavar="DAYS", help="Days of a period.")
    ] = 1,
    importance: Explained = True,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Judge the models, store the figures, raise and clear alerts, and tell the webhook.

    The job 'monitor' does the same; run it every day. A period is taken in once.

    For example:

        learnloop monitor check

        learnloop schedule add watch --kind monitor --every 1d
    """
    from learnloop.journeys.job_kinds import KINDS
    from learnloop.journeys.monitor.alerts import ALERT_JOB, plain
    from learnloop.journeys.monitor.watch import watch
    from learnloop.journeys.worker import Worker

    log_to_stderr()
    with open_engine(database) as engine:
        alerts = watch(engine, days=_days(since), period=period, explained=importance)
        if engine.settings.alert_webhook is not None:
            Worker(engine, kinds={ALERT_JOB: KINDS[ALERT_JOB]}).run_due()
    if json:
        print_json([plain(alert) for alert in alerts])
    else:
        _show_alerts(alerts, "no alert was raised or cleared")


@app.command("alerts")
def alerts(
    every: Annotated[
        bool, typer.Option("--all", help="The whole history, not only what is up now.")
    ] = False,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Alerts that were raised and have not cleared, newest first.

    For example:

        learnloop monitor alerts --all
    """
    from learnloop.journeys.monitor.alerts import MANY, plain, up

    with open_engine(database) as engine, engine.store.begin(write=False) as tx:
        found = tx.watch.alerts(MANY) if every else up(tx)
    if json:
        print_json([plain(alert) for alert in found])
    else:
        _show_alerts(found, "no alert is up")


def _days(text: str) -> int:
    found = _DAYS.fullmatch(text)
    if found is None:
        raise InvalidInput(f"--since: {text!r} is no number of days, such as 30d", field="since")
    return int(found[1])


def _plain(found: "Report") -> dict[str, object]:
    from learnloop.journeys.monitor.report import plain

    periods = [
        {"slot": x.slot, "model": x.ref, "start": x.start, "end": x.end, "is_over": x.is_over}
        | dict(plain(x))
        for x in found.periods
    ]
    return {"at": found.at, "since": found.since, "days": found.days, "periods": periods}


def _write(path: Path, found: "Report", alerts: Sequence[Alert]) -> None:
    from learnloop.journeys.monitor.page import page

    try:
        path.write_text(page(found, alerts), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: can't be written ({error.strerror})") from error


def _show(found: "Report", alerts: Sequence[Alert]) -> None:
    from rich.table import Table

    if not found.periods:
        show("no model has said anything in that time")
        return
    table = Table(box=None)
    for name in ("slot", "model", "from", "answers", "known", "log loss", "AUC", "bias", "drifted"):
        table.add_column(name, justify="right" if name in ("answers", "known") else "left")
    for one in found.periods:
        table.add_row(*_cells(one))
    show(table)
    slow = [x for x in found.periods if x.performance.latency is not None]
    if slow:
        show(_served(slow))
    explained = [x for x in found.periods if x.importance]
    if explained:
        show(_important(explained))
    _show_alerts(alerts, "nothing that is worth an alert")


def _cells(one: "ModelPeriod") -> Iterable[str]:
    from rich.markup import escape

    done = one.performance
    return (
        escape(one.slot),
        escape(str(one.ref)),
        f"{one.start:%Y-%m-%d}" + ("" if one.is_over else " (not over)"),
        f"{done.n:,}",
        f"{done.n_known:,}",
        _said(done.log_loss),
        _said(done.auc),
        _said(done.bias),
        f"[red]{escape(', '.join(one.drifted))}[/]",
    )


def _served(periods: Sequence["ModelPeriod"]) -> object:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None)
    for name in ("slot", "model", "from", "p50 ms", "p99 ms", "longest ms", "fallbacks"):
        table.add_column(name)
    for one in periods:
        took, fallback = one.performance.latency, one.performance.fallback
        assert took is not None
        share = "" if fallback is None else f"{fallback.point:.1%}"
        times = (f"{ms:.2f}" for ms in (took.p50_ms, took.p99_ms, took.max_ms))
        start = f"{one.start:%Y-%m-%d}"
        table.add_row(escape(one.slot), escape(str(one.ref)), start, *times, share)
    return table


def _important(periods: Sequence["ModelPeriod"]) -> object:
    from rich.markup import escape
    from rich.table import Table

    from learnloop.journeys.monitor.importance import asked, shown

    table = Table(box=None)
    for name in (
        "slot",
        "model",
        "from",
        "what moved its answers most",
        "moves them otherwise now",
    ):
        table.add_column(name)
    for one in periods:
        most = ", ".join(f"{x.name} {x.value:.3f}" for x in shown(one.importance))
        first = one.sample is not None
        if first or asked(one.importance):
            now = "" if first else f"[red]{escape(', '.join(one.reweighed))}[/]"
        else:
            now = "not enough yet"
        start = f"{one.start:%Y-%m-%d}"
        table.add_row(escape(one.slot), escape(str(one.ref)), start, escape(most), now)
    return table


def _show_alerts(alerts: Sequence[Alert], none: str) -> None:
    from rich.markup import escape

    if not alerts:
        show(none)
    for one in alerts:
        show(
            f"[{COLORS[one.change]}]{one.change.value}[/] {one.severity.value} {escape(one.rule)} "
            f"of {escape(one.subject)}, {one.at:%Y-%m-%d}: {one.value:.3g} (bound {one.bound:.3g})"
        )


def _said(interval: "Interval") -> str:
    if interval.point != interval.point:
        return "-"
    if interval.low != interval.low:
        return f"{interval.point:.3f}"
    return f"{interval.point:.3f} ({interval.low:.3f} to {interval.high:.3f})"
