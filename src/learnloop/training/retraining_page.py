"""How does a retraining look in a browser? One file with its plots, and nothing from elsewhere."""

from collections.abc import Callable
from html import escape

from jinja2 import Environment, PackageLoader

from learnloop.metrics import Interval
from learnloop.training.retraining import Report, Side

SIZE = 240.0
WIDTH, ROW, LABEL = 720.0, 26.0, 200.0
CLASSES = ("challenger", "champion")


def page(report: Report) -> str:
    """The report as an HTML document."""
    environment = Environment(
        loader=PackageLoader("learnloop", "training"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    both = (report.challenger, report.champion)
    plots = [
        ("Reliability", "What was said (across) and what happened (up); on the line is right.",
         _square("Reliability", "".join(map(_reliability, CLASSES, both)), "said", "right")),
        ("ROC", "Share of wrong answers (across) and of right ones (up) above a threshold.",
         _square("ROC", "".join(map(_roc, CLASSES, both)), "wrong", "right")),
        ("Gain by group", "1 - log loss of the challenger / log loss of the champion, with 95% "
         "intervals; the dashed line is no gain.", _gains(report)),
    ]  # fmt: skip
    template = environment.get_template("retraining.html")
    return template.render(report=report, both=both, plots=[x for x in plots if x[2]])


def _reliability(name: str, side: Side) -> str:
    points = [(x.mean_p, x.share_correct, x.n) for x in side.reliability]
    most = max((n for _, _, n in points), default=1)
    return _line(name, [(x, y) for x, y, _ in points]) + "".join(
        f'<circle class="{name}" cx="{x * SIZE:.1f}" cy="{(1 - y) * SIZE:.1f}" '
        f'r="{2 + 5 * (n / most) ** 0.5:.1f}"><title>{n:,} answers</title></circle>'
        for x, y, n in points
    )


def _roc(name: str, side: Side) -> str:
    return _line(name, list(side.roc))


def _line(name: str, points: list[tuple[float, float]]) -> str:
    path = " ".join(f"{x * SIZE:.1f},{(1 - y) * SIZE:.1f}" for x, y in points)
    return f'<polyline class="{name}" points="{path}"/>'


def _square(title: str, inside: str, across: str, up: str) -> str:
    frame = (
        f'<rect class="frame" width="{SIZE:.0f}" height="{SIZE:.0f}"/>'
        f'<line class="even" x1="0" y1="{SIZE:.0f}" x2="{SIZE:.0f}" y2="0"/>'
        f'<text x="{SIZE / 2:.0f}" y="{SIZE + 16:.0f}" text-anchor="middle">{across}</text>'
        f'<text x="-6" y="{SIZE / 2:.0f}" text-anchor="end">{up}</text>'
    )
    box = f"-60 -10 {WIDTH:.0f} {SIZE + 34:.0f}"
    return f'<svg role="img" aria-label="{title}" viewBox="{box}">{frame}{inside}</svg>'


def _gains(report: Report) -> str:
    rows = report.ruling.intervals
    if not rows:
        return ""
    reach = max(0.01, *(abs(x) for row in rows.values() for x in row))
    room = WIDTH - LABEL - 90.0

    def at(value: float) -> float:
        return LABEL + room * (value / reach + 1.0) / 2.0

    height = ROW * len(rows)
    parts = [f'<line class="even" x1="{at(0):.1f}" y1="0" x2="{at(0):.1f}" y2="{height:.0f}"/>']
    parts += [_gain(i, name, row, at) for i, (name, row) in enumerate(rows.items())]
    return (
        f'<svg role="img" aria-label="Gain by group" viewBox="0 0 {WIDTH:.0f} {height:.0f}">'
        f"{''.join(parts)}</svg>"
    )


def _gain(i: int, name: str, gain: Interval, at: Callable[[float], float]) -> str:
    y = ROW * (i + 0.5)
    return (
        f'<text x="{LABEL - 8:.0f}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>'
        f'<line class="range" x1="{at(gain.low):.1f}" y1="{y:.1f}" x2="{at(gain.high):.1f}" '
        f'y2="{y:.1f}"/><circle class="challenger" cx="{at(gain.point):.1f}" cy="{y:.1f}" r="4"/>'
        f'<text x="{WIDTH - 84:.0f}" y="{y + 4:.1f}">{gain.point:+.2%}</text>'
    )
