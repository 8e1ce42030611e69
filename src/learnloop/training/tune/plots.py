"""How did a search go? Its history, its trials, and which settings mattered, as PNG."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from learnloop.core.search_space import Choice, Float, Int, Space
from learnloop.core.types import Floats
from learnloop.training.tune.journal import Journal
from learnloop.training.tune.results import Finished, Status, Tuned

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def history(tuned: Tuned) -> bytes:
    """Value of each trial, and the best so far."""
    figure, axes = _figure()
    complete = _complete(tuned)
    numbers, values = [t.number for t in complete], _values(complete)
    best = (np.maximum if tuned.maximize else np.minimum).accumulate(values)
    axes.scatter(numbers, values, s=16, label="complete")
    axes.step(numbers, best, where="post", label="best so far")
    for status, marker in ((Status.PRUNED, "v"), (Status.FAILED, "x")):
        at = [t.number for t in tuned.trials if t.status is status]
        if at:
            axes.scatter(
                at,
                [0.02] * len(at),
                s=16,
                marker=marker,
                label=status.value,
                transform=axes.get_xaxis_transform(),
            )
    axes.set_xlabel("trial")
    axes.set_ylabel("value")
    axes.legend()
    return _png(figure)


def parallel(tuned: Tuned, space: Space) -> bytes:
    """One line for each complete trial across its settings; the better, the darker."""
    figure, axes = _figure()
    complete = _complete(tuned)
    names = list(space)
    values = _values(complete)
    order = np.argsort(values if tuned.maximize else -values)
    places = np.array([[_place(space[name], t.params[name]) for name in names] for t in complete])
    for rank, i in enumerate(order, start=1):
        axes.plot(names, places[i], color=str(0.95 - 0.95 * rank / len(order)), linewidth=1)
    axes.set_yticks([0, 1], ["low", "high"])
    return _png(figure)


def importance(tuned: Tuned, space: Space) -> bytes:
    """How much each setting mattered; see `importances`."""
    figure, axes = _figure()
    found = importances(tuned, space)
    axes.barh(list(found)[::-1], list(found.values())[::-1])
    axes.set_xlabel("share of what the settings explain")
    return _png(figure)


def importances(tuned: Tuned, space: Space) -> Mapping[str, float]:
    """The share of each setting in what separates the best tenth of trials from all, largest first.

    Reference: Watanabe, Bansal and Hutter (2023), "PED-ANOVA", IJCAI; Optuna computes it.
    """
    study = Journal(None, "importance", space, maximize=tuned.maximize, rules={})
    for trial in tuned.trials:
        study.tell(trial)
    return study.importances()


def _complete(tuned: Tuned) -> list[Finished]:
    return [trial for trial in tuned.trials if trial.status is Status.COMPLETE]


def _values(complete: list[Finished]) -> Floats:
    return np.array([trial.value for trial in complete], dtype=np.float64)


def _place(of: Float | Int | Choice, value: Any) -> float:
    """Where a value lies in its range, [0, 1]."""
    if isinstance(of, Choice):
        return of.options.index(value) / max(len(of.options) - 1, 1)
    low, high, at = (np.log(x) if of.log else x for x in (of.low, of.high, value))
    return float((at - low) / (high - low)) if high > low else 0.5


def _figure() -> tuple[Any, "Axes"]:
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7, 4), layout="constrained")
    return figure, figure.subplots()


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
