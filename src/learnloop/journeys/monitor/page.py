"""How does the report look in a browser? One file with its plots, and nothing from elsewhere."""

from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby
from math import isfinite
from typing import Final

from jinja2 import Environment, PackageLoader

from learnloop.core.watch import Alert
from learnloop.journeys.monitor.importance import shown
from learnloop.journeys.monitor.report import ModelPeriod, Report
from learnloop.metrics import Interval
from learnloop.monitoring.drift import Answer

WIDTH: Final = 720.0
HEIGHT: Final = 140.0
LABEL: Final = 56.0
ROW: Final = 22

Figure = Callable[[ModelPeriod], Interval | None]
Section = tuple[str, list[ModelPeriod], list[tuple[str, str, str]]]
"""Its title, its periods, and its plots: name, note and drawing."""

FIGURES: Final[tuple[tuple[str, str, Figure], ...]] = (
    ("Log loss", "Nats; lower is better.", lambda x: x.performance.log_loss),
    ("AUC", "0.5 is chance.", lambda x: x.performance.auc),
    ("Bias", "What came, less what was said; 0 is right.", lambda x: x.performance.bias),
    ("Fallbacks", "Share of answers that another model gave.", lambda x: x.performance.fallback),
)


def page(report: Report, alerts: Sequence[Alert]) -> str:
    """The report as an HTML document."""
    environment = Environment(
        loader=PackageLoader("learnloop.journeys", "monitor"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sections: list[Section] = [
        (f"{slot}: {ref}", list(periods), [])
        for (slot, ref), periods in groupby(report.periods, key=lambda x: (x.slot, x.ref))
    ]
    for _, periods, plots in sections:
        plots += [
            (name, note, plot)
            for name, note, figure in FIGURES
            if (plot := _band(name, periods, figure))
        ]
        if bars := _bars(periods):
            note = "What each feature changes in an answer, on average; a line is the first period."
            plots.append(("Importance", note, bars))
        plots.append(("Confidence", "How often each chance was said.", _histogram(periods)))
    return environment.get_template("page.html").render(
        report=report, sections=sections, alerts=alerts
    )


def _band(name: str, periods: Sequence[ModelPeriod], figure: Figure) -> str:
    """A figure by period: points, and their 95% intervals as lines."""
    known = [
        (i, x)
        for i, one in enumerate(periods)
        if (x := figure(one)) is not None and isfinite(x.point)
    ]
    if not known:
        return ""
    ends = [v for _, x in known for v in x if isfinite(v)]
    low, high = min(ends), max(ends)
    if high - low < 1e-9:
        low, high = low - 0.01, high + 0.01
    step = (WIDTH - LABEL) / len(periods)

    def at(value: float) -> float:
        return HEIGHT * (1.0 - (value - low) / (high - low))

    parts = []
    for i, x in known:
        left = LABEL + (i + 0.5) * step
        said = f"{periods[i].start:%Y-%m-%d}: {x.point:.4f}"
        if isfinite(x.low) and isfinite(x.high):
            said += f" ({x.low:.4f} to {x.high:.4f})"
            parts.append(
                f'<line class="range" x1="{left:.1f}" x2="{left:.1f}" '
                f'y1="{at(x.low):.1f}" y2="{at(x.high):.1f}"/>'
            )
        drifted = "strange" if periods[i].drifted else "bar"
        parts.append(
            f'<circle class="{drifted}" cx="{left:.1f}" cy="{at(x.point):.1f}" r="5">'
            f"<title>{said}</title></circle>"
        )
    for value in (low, high):
        parts.append(f'<text x="0" y="{at(value) + 4:.1f}">{value:.3f}</text>')
    return _svg(name, HEIGHT, _dates(periods) + "".join(parts))


def _histogram(periods: Sequence[ModelPeriod]) -> str:
    """How often each chance was said, in the latest period."""
    counts = periods[-1].performance.confidence.counts
    step, top = (WIDTH - LABEL) / len(counts), max(counts) or 1
    parts = [
        f'<rect class="bar" x="{LABEL + i * step:.1f}" y="{HEIGHT * (1 - n / top):.1f}" '
        f'width="{step * 0.9:.1f}" height="{HEIGHT * n / top:.1f}">'
        f"<title>{i / len(counts):.1f} to {(i + 1) / len(counts):.1f}: {n:,}</title></rect>"
        for i, n in enumerate(counts)
    ]
    ends = f'<text x="{LABEL:.0f}" y="{HEIGHT + 16:.0f}">0</text>'
    ends += f'<text x="{WIDTH:.0f}" y="{HEIGHT + 16:.0f}" text-anchor="end">1</text>'
    return _svg("Confidence", HEIGHT, "".join(parts) + ends)


def _bars(periods: Sequence[ModelPeriod]) -> str:
    """The most important features of the latest period that has any; red where one drifted."""
    latest = next((x.importance for x in reversed(periods) if x.importance), ())
    found = shown(latest)
    longest = max((max(x.value, x.before or 0.0) for x in found), default=0.0) or 1.0
    left, room = WIDTH * 0.4, WIDTH * 0.6
    parts = []
    for i, x in enumerate(found):
        y = i * ROW
        drifted = "strange" if x.answer is Answer.DRIFTED else "bar"
        parts.append(
            f'<text x="0" y="{y + 15}">{escape(x.name)}</text>'
            f'<rect class="{drifted}" x="{left:.1f}" y="{y + 3}" '
            f'width="{room * x.value / longest:.1f}" height="{ROW - 6}">'
            f"<title>{x.value:.4f}, {escape(x.answer.value)}</title></rect>"
        )
        if x.before is not None:
            at = left + room * x.before / longest
            ends = f'x1="{at:.1f}" x2="{at:.1f}" y1="{y}" y2="{y + ROW}"'
            parts.append(f'<line class="range" {ends}/>')
    return _svg("Importance", ROW * len(found), "".join(parts)) if found else ""


def _dates(periods: Sequence[ModelPeriod]) -> str:
    y = HEIGHT + 16
    return (
        f'<text x="{LABEL:.0f}" y="{y:.0f}">{periods[0].start:%Y-%m-%d}</text>'
        f'<text x="{WIDTH:.0f}" y="{y:.0f}" text-anchor="end">{periods[-1].start:%Y-%m-%d}</text>'
    )


def _svg(title: str, height: float, inside: str) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title)}" '
        f'viewBox="0 -10 {WIDTH:.0f} {height + 36:.0f}">{inside}</svg>'
    )
