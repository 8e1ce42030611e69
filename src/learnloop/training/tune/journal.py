"""How does a search outlive its process? Each finished trial is a few lines of a journal file.

Only finished trials are written. Which settings are asked for depends on the seed, the number of
the trial and the trials before it alone, so a search that was killed asks again for what it had
begun and goes on as if nothing had happened. Optuna's own tools read the file; it is no SQLite,
which Optuna advises against and which costs seven times as much per trial.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnloop.core.errors import InvalidInput
from learnloop.core.random import derive_rng
from learnloop.core.search_space import Choice, Float, Int, Space, Value
from learnloop.training.tune.results import Finished, Status

if TYPE_CHECKING:
    import optuna


class Journal:
    """The study of Optuna that chooses, in memory, and the file that remembers, where one is given.

    Args:
        path: The file; None remembers nothing.
        name: Of the study.
        space: What is drawn from.
        maximize: Whether larger values are better.
        rules: What else must not change between two runs of the same search.

    Raises:
        InvalidInput: The file holds another search of that name.
    """

    def __init__(
        self,
        path: Path | None,
        name: str,
        space: Space,
        *,
        maximize: bool,
        rules: Mapping[str, Any],
    ) -> None:
        self._optuna = _import_optuna()
        self._distributions = {field: self._distribution(space[field]) for field in space}
        direction = "maximize" if maximize else "minimize"
        self._study = self._optuna.create_study(direction=direction)
        self._file: optuna.Study | None = None
        if path is not None:
            self._file = self._open(path, name, direction)
            _check_same(self._file, {"space": repr(dict(space)), "maximize": maximize, **rules})
            self._study.add_trials(self._file.get_trials(deepcopy=False))

    def __len__(self) -> int:
        return len(self._study.get_trials(deepcopy=False))

    def finished(self) -> tuple[Finished, ...]:
        """All trials that are over, in order."""
        return tuple(_finished(trial) for trial in self._study.get_trials(deepcopy=False))

    def ask(self, seed: int, numbers: range) -> list[Mapping[str, Value]]:
        """What to try in the trials of these numbers, as far as it depends on those before.

        A study of its own asks, so that what was asked and not told leaves no trace.
        """
        study = self._optuna.create_study(direction=self._study.direction)
        study.add_trials(self._study.get_trials(deepcopy=False)[: numbers.start])
        draw = derive_rng(seed, "ask", str(numbers.start)).integers(2**32)
        together = len(numbers) > 1
        study.sampler = self._optuna.samplers.TPESampler(seed=int(draw), constant_liar=together)
        return [study.ask(self._distributions).params for _ in numbers]

    def tell(self, trial: Finished) -> None:
        """Remember a trial that is over; they come in order."""
        states = self._optuna.trial.TrialState
        frozen = self._optuna.trial.create_trial(
            state={
                Status.COMPLETE: states.COMPLETE,
                Status.PRUNED: states.PRUNED,
                Status.FAILED: states.FAIL,
            }[trial.status],
            value=trial.value,
            params=dict(trial.params),
            distributions=self._distributions,
            intermediate_values=dict(trial.reports),
        )
        self._study.add_trial(frozen)
        if self._file is not None:
            self._file.add_trial(frozen)

    def importances(self) -> Mapping[str, float]:
        """The share of each setting in what makes the best trials, largest first."""
        evaluator = self._optuna.importance.PedAnovaImportanceEvaluator()
        found: dict[str, float] = self._optuna.importance.get_param_importances(
            self._study, evaluator=evaluator
        )
        return found

    def _open(self, path: Path, name: str, direction: str) -> "optuna.Study":
        _drop_half_a_line(path)
        journal = self._optuna.storages.journal
        storage = self._optuna.storages.JournalStorage(journal.JournalFileBackend(str(path)))
        study: optuna.Study = self._optuna.create_study(
            storage=storage, study_name=name, direction=direction, load_if_exists=True
        )
        return study

    def _distribution(self, of: Float | Int | Choice) -> "optuna.distributions.BaseDistribution":
        distributions = self._optuna.distributions
        found: optuna.distributions.BaseDistribution
        match of:
            case Float():
                found = distributions.FloatDistribution(of.low, of.high, log=of.log)
            case Int():
                found = distributions.IntDistribution(of.low, of.high, log=of.log)
            case Choice():
                found = distributions.CategoricalDistribution(of.options)
        return found


def _finished(trial: "optuna.trial.FrozenTrial") -> Finished:
    status = {"COMPLETE": Status.COMPLETE, "PRUNED": Status.PRUNED}
    found = status.get(trial.state.name, Status.FAILED)
    value = trial.value if found is Status.COMPLETE else None
    return Finished(trial.number, found, value, trial.params, trial.intermediate_values)


def _check_same(study: "optuna.Study", rules: Mapping[str, Any]) -> None:
    written = json.dumps(rules, sort_keys=True)
    known = study.user_attrs.get("search")
    if known is None:
        study.set_user_attr("search", written)
    elif known != written:
        raise InvalidInput(
            f"journal: it holds another search named {study.study_name!r}, {known}; "
            "use another file or name, or the same search",
            field="journal",
        )


def _drop_half_a_line(path: Path) -> None:
    """A process that was killed while it wrote leaves half a line behind."""
    if path.exists():
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with path.open("r+b") as file:
                file.truncate(whole)


def _import_optuna() -> Any:
    try:
        import optuna  # noqa: PLC0415
    except ImportError as error:
        message = "tune: Optuna is not installed; pip install 'learnloop[train]'"
        raise InvalidInput(message) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it tells every trial otherwise
    return optuna
