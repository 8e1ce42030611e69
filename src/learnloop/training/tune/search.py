"""How is a search run? In rounds: ask for settings, let the executor try them, tell what came out.

    tuned = tune(Search("dkt", SPACE, n_trials=40, seed=1), objective, data, executor=executor)
    tuned.best.params

Trials of one round know the rounds before and not each other. How many make a round is part of the
search, how many workers run them is not: so a search finds the same in one process, in eight, and
on Ray.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from learnloop.core.search_space import Space, Value
from learnloop.training.executor import Executor, LocalExecutor
from learnloop.training.executor.tasks import OnDone
from learnloop.training.tune.journal import Journal
from learnloop.training.tune.pruning import Pruning, Reports
from learnloop.training.tune.results import Finished, Status, Tuned
from learnloop.training.tune.trial import Pruned, Trial

D = TypeVar("D")
Objective = Callable[[D, Trial], float]


@dataclass(frozen=True, slots=True)
class Search:
    """What to search, and how.

    Attributes:
        name: Of the search in its journal.
        space: What may be tried.
        n_trials: How many settings are tried; may grow between two runs with one journal.
        seed: Every draw is derived from it.
        maximize: Whether larger values are better.
        n_at_once: Trials of a round. One asks best; more keep as many workers busy.
        pruning: When trials are given up; None lets all come to their end.
    """

    name: str
    space: Space
    n_trials: int
    seed: int
    maximize: bool = False
    n_at_once: int = 1
    pruning: Pruning | None = None


def tune(
    search: Search,
    objective: Objective[D],
    data: D,
    *,
    executor: Executor | None = None,
    journal: Path | None = None,
    on_done: OnDone | None = None,
) -> Tuned:
    """Try settings until there are `search.n_trials`, those of the journal included.

    Args:
        search: What to search.
        objective: From the data and a trial to the value that counts; importable by name. A value
            that is not finite makes a failed trial, which counts as one.
        data: What every trial needs.
        executor: Where the trials run; by default in this process.
        journal: File that the search goes on from, and is kept in.
        on_done: Called with the number of trials that are over.

    Raises:
        InvalidInput: The journal is that of another search, or Optuna is not installed.
        TaskFailed: The objective raised; what was found before is in the journal.
    """
    executor = executor or LocalExecutor()
    rules = {"seed": search.seed, "n_at_once": search.n_at_once, "pruning": repr(search.pruning)}
    kept = Journal(journal, search.name, search.space, maximize=search.maximize, rules=rules)
    shared = _Shared(objective, data, search.seed, search.maximize, search.pruning)
    while (n := len(kept)) < search.n_trials:
        begin = n - n % search.n_at_once
        numbers = range(begin, min(begin + search.n_at_once, search.n_trials))
        asked = kept.ask(search.seed, numbers)
        limits = _limits(search, kept.finished()[:begin])
        tasks = [
            _Task(number, params, limits)
            for number, params in zip(numbers, asked, strict=True)
            if number >= n  # a killed search may have kept part of a round
        ]
        for trial in executor.map(_run, tasks, shared=shared, label=f"{search.name}, trial"):
            kept.tell(trial)
            if on_done is not None:
                on_done(len(kept))
    return Tuned(kept.finished()[: search.n_trials], search.maximize)


@dataclass(frozen=True, slots=True, eq=False)
class _Shared(Generic[D]):
    objective: Objective[D]
    data: D
    seed: int
    maximize: bool
    pruning: Pruning | None


@dataclass(frozen=True, slots=True)
class _Task:
    number: int
    params: Mapping[str, Value]
    limits: Reports


def _run(shared: _Shared[Any], task: _Task) -> Finished:
    trial = Trial(
        task.number, task.params, shared.seed, shared.maximize, shared.pruning, task.limits
    )
    try:
        value = float(shared.objective(shared.data, trial))
    except Pruned:
        return Finished(task.number, Status.PRUNED, None, task.params, trial.reports)
    if not math.isfinite(value):
        return Finished(task.number, Status.FAILED, None, task.params, trial.reports)
    return Finished(task.number, Status.COMPLETE, value, task.params, trial.reports)


def _limits(search: Search, trials: tuple[Finished, ...]) -> Reports:
    """The pruning's limits, lower being better."""
    if search.pruning is None:
        return {}
    sign = -1.0 if search.maximize else 1.0

    def reports(status: Status) -> list[Reports]:
        of = [trial.reports for trial in trials if trial.status is status]
        return [{step: sign * value for step, value in one.items()} for one in of]

    return search.pruning.limits(reports(Status.COMPLETE), reports(Status.PRUNED))
