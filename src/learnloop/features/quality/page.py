"""How does a report look in a browser? One file with its plots, and nothing from elsewhere."""

from html import escape
from math import isfinite

from jinja2 import Environment, PackageLoader

from learnloop.features.quality.report import Day, Delay, Report

WIDTH, HEIGHT = 720.0, 160.0
BAR = 22.0
LABEL = 210.0


def page(report: Report) -> str:
    """The report as an HTML document."""
    environment = Environment(
        loader=PackageLoader("learnloop.features", "quality"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    bars = [
        (f"{x.column} of {x.kind}", x.n / x.of, f"{x.n / x.of:.0%} of {x.of:,}")
        for x in report.missing
        if 0 < x.n < x.of
    ]
    plots = [
        ("Events per day", "The band is what the same weekdays before let expect.",
         _days(report.days)),
        ("Missing values", "Columns that some events of a kind have and others lack.",
         _bars("Missing values", bars)),
        ("From an event to its arrival", "Only events that say when they were received.",
         _bars("Delays", _shares(report.delays))),
    ]  # fmt: skip
    template = environment.get_template("page.html")
    return template.render(report=report, plots=[x for x in plots if x[2]])


def _shares(delays: tuple[Delay, ...]) -> list[tuple[str, float, str]]:
    n = sum(x.n for x in delays)
    return [(x.label, x.n / n, f"{x.n:,}") for x in delays]


def _days(days: tuple[Day, ...]) -> str:
    if not days:
        return ""
    top = max(max(x.n, x.high if isfinite(x.high) else 0.0) for x in days) or 1.0
    step = WIDTH / len(days)

    def y(value: float) -> float:
        return HEIGHT * (1.0 - value / top)

    known = [(i, x) for i, x in enumerate(days) if isfinite(x.low)]
    ends = [(i * step, (i + 1) * step, y(x.low), y(x.high)) for i, x in known]
    upper = [f"{x:.1f},{high:.1f}" for a, b, _, high in ends for x in (a, b)]
    lower = [f"{x:.1f},{low:.1f}" for a, b, low, _ in ends[::-1] for x in (b, a)]
    band = f'<polygon class="band" points="{" ".join([*upper, *lower])}"/>'
    bars = "".join(
        f'<rect class="{"strange" if x.is_strange else "bar"}" x="{i * step:.1f}" '
        f'y="{y(x.n):.1f}" width="{max(step * 0.8, 0.5):.1f}" height="{HEIGHT - y(x.n):.1f}">'
        f"<title>{x.day}: {x.n:,}</title></rect>"
        for i, x in enumerate(days)
    )
    text = (
        f'<text x="0" y="{HEIGHT + 16:.0f}">{days[0].day}</text>'
        f'<text x="{WIDTH:.0f}" y="{HEIGHT + 16:.0f}" text-anchor="end">{days[-1].day}</text>'
        f'<text x="0" y="-5">at most {max(x.n for x in days):,} a day</text>'
    )
    return _svg("Events per day", -20.0, HEIGHT + 40.0, (band if known else "") + bars + text)


def _bars(title: str, rows: list[tuple[str, float, str]]) -> str:
    """A bar for each share, with its name before and its number behind."""
    if not rows:
        return ""
    room = WIDTH - LABEL - 110.0
    parts = [
        f'<text x="{LABEL - 8:.0f}" y="{i * BAR + 15:.0f}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="bar" x="{LABEL:.0f}" y="{i * BAR + 3:.0f}" '
        f'width="{share * room:.1f}" height="{BAR - 6:.0f}"/>'
        f'<text x="{LABEL + share * room + 6:.1f}" y="{i * BAR + 15:.0f}">{escape(said)}</text>'
        for i, (name, share, said) in enumerate(rows)
    ]
    return _svg(title, 0.0, BAR * len(rows), "".join(parts))


def _svg(title: str, top: float, height: float, inside: str) -> str:
    return (
        f'<svg role="img" aria-label="{title}" viewBox="0 {top:.0f} {WIDTH:.0f} {height:.0f}">'
        f"{inside}</svg>"
    )
