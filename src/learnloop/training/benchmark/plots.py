"""What does a benchmark look like? Calibration, AUC by history and learning curves, as PNG."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from learnloop.training.benchmark.league import League, Standing
from learnloop.training.benchmark.shapes import Stretch, learning_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_SHOWN = 6
"""Models in one plot: the best ones, and the reference."""


def plots(league: League) -> dict[str, bytes]:
    """File name -> PNG.

    Raises:
        ModuleNotFoundError: matplotlib is not installed (extra `train`).
    """
    return {
        "auc.png": _areas(league),
        "calibration.png": _calibration(league),
        "history.png": _history(league),
        "learning-curves.png": _curves(league),
    }


def _shown(league: League) -> list[Standing]:
    best = list(league.standings[:N_SHOWN])
    named = {standing.entrant.name for standing in best}
    return best + [
        s
        for s in league.standings
        if s.entrant.name == league.reference and s.entrant.name not in named
    ]


def _areas(league: League) -> bytes:
    """AUC of every model with its interval; the line is the reference."""
    figure, axes = _figure(0.35 * len(league.standings) + 1.5)
    lines = league.standings[::-1]
    points = np.array([s.figures["auc"].point for s in lines])
    low = points - [s.figures["auc"].low for s in lines]
    high = np.array([s.figures["auc"].high for s in lines]) - points
    names = [s.entrant.name for s in lines]
    axes.errorbar(points, names, xerr=[low, high], fmt="o", capsize=3)
    axes.axvline(points[names.index(league.reference)], color="0.6", linewidth=1)
    axes.set_xlabel(f"AUC, {league.data.name}, 95% interval by learner")
    return _png(figure)


def _calibration(league: League) -> bytes:
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    for s in _shown(league):
        said, right = [b.mean_p for b in s.reliability], [b.share_correct for b in s.reliability]
        ece = s.figures["ece"].point
        axes.plot(said, right, marker=".", label=f"{s.entrant.name} (ECE {ece:.4f})")
    axes.set_xlabel("chance that was said")
    axes.set_ylabel("share right")
    axes.legend(fontsize="small")
    return _png(figure)


def _history(league: League) -> bytes:
    figure, axes = _figure()
    for s in _shown(league):
        areas = [stretch.auc for stretch in s.by_history]
        axes.plot(range(len(areas)), areas, marker=".", label=s.entrant.name)
    stretches = league.standings[0].by_history
    labels = [f"{_stretch(x)}\nn={x.n:,}" for x in stretches]
    axes.set_xticks(range(len(labels)), labels, fontsize="small")
    axes.set_xlabel("earlier answers of the learner")
    axes.set_ylabel("AUC")
    axes.legend(fontsize="small")
    return _png(figure)


def _curves(league: League) -> bytes:
    figure, axes = _figure()
    for s in _shown(league):
        curve = learning_curve(league.data.test, s.entrant.scored.p)
        axes.plot(np.arange(len(curve.n)) + 1, curve.said, label=s.entrant.name, linewidth=1)
    observed = learning_curve(league.data.test, league.standings[0].entrant.scored.p)
    axes.plot(np.arange(len(observed.n)) + 1, observed.right, "ko", label="observed")
    axes.set_xlabel("practice of the skill")
    axes.set_ylabel("share right")
    axes.legend(fontsize="small")
    return _png(figure)


def _stretch(x: Stretch) -> str:
    return f"{x.first}" if x.first == x.last else f"{x.first}-{x.last}"


def _figure(height: float = 4.5) -> tuple[Any, "Axes"]:
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7, height), layout="constrained")
    return figure, figure.subplots()


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
