"""Does a search find what is good, the same wherever it runs, and go on after it was killed?"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from tests.unit.training import far_away

from learnloop.core.errors import DataError, InvalidInput
from learnloop.core.search_space import Choice, Float, Int
from learnloop.training.executor import LocalExecutor, TaskFailed
from learnloop.training.tune import Halving, Median, Search, Status, Tuned, plots, tune
from learnloop.training.tune.pruning import Pruning

SPACE = {
    "rate": Float(1e-4, 1.0, log=True),
    "width": Int(4, 64),
    "cell": Choice(("gru", "lstm")),
}
SEARCH = Search("bowl", SPACE, n_trials=30, seed=1)
RATES = {"rate": SPACE["rate"]}
PNG = b"\x89PNG\r\n\x1a\n"


def test_it_finds_better_than_chance_does() -> None:
    found = tune(SEARCH, far_away.bowl, None)
    assert len(found.trials) == 30
    values = [trial.value for trial in found.trials if trial.value is not None]
    assert found.best.value == min(values)
    assert np.median(values[20:]) < 0.5 * np.median(values[:10])
    assert found.best.params["cell"] == "gru"


def test_the_same_seed_gives_the_same_trials_and_another_one_others() -> None:
    search = replace(SEARCH, n_trials=14)
    first = tune(search, far_away.bowl, None)
    assert tune(search, far_away.bowl, None) == first
    assert tune(replace(search, seed=2), far_away.bowl, None) != first


def test_each_trial_has_chance_of_its_own() -> None:
    search = replace(SEARCH, n_trials=4)
    values = [t.value for t in tune(search, far_away.noise, None).trials]
    assert len(set(values)) == 4
    assert [t.value for t in tune(search, far_away.noise, None).trials] == values


def test_draws_stay_in_the_space() -> None:
    for trial in tune(SEARCH, far_away.bowl, None).trials:
        assert 1e-4 <= trial.params["rate"] <= 1.0
        assert trial.params["width"] in range(4, 65)
        assert trial.params["cell"] in ("gru", "lstm")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Float(2.0, 1.0),
        lambda: Float(0.0, 1.0, log=True),
        lambda: Int(0, 5, log=True),
        lambda: Choice(()),
        lambda: Choice(("a", "a")),
    ],
)
def test_a_space_that_holds_nothing_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"empty|above 0|at least one"):
        wrong()  # type: ignore[operator]


ROUNDS = Search("rounds", RATES, n_trials=16, seed=3, n_at_once=4, pruning=Median(n_startup=4))


def test_processes_find_the_same_trials() -> None:
    with LocalExecutor(2) as executor:
        found = tune(ROUNDS, far_away.learn_slowly, None, executor=executor)
    assert found == tune(ROUNDS, far_away.learn_slowly, None)


@pytest.mark.parametrize("pruning", [Median(n_startup=4), Halving(n_first=1, factor=3)])
def test_pruning_prunes_and_loses_nothing(pruning: Pruning) -> None:
    plain = Search("plain", RATES, n_trials=25, seed=5)
    full = tune(plain, far_away.learn_slowly, None)
    found = tune(replace(plain, pruning=pruning), far_away.learn_slowly, None)
    pruned = [t for t in found.trials if t.status is Status.PRUNED]
    assert len(pruned) >= 5
    assert all(len(t.reports) < 10 and t.value is None for t in pruned)
    assert _steps(found) < 0.75 * _steps(full)
    assert found.best.value is not None
    assert found.best.value < 0.3


def _steps(tuned: Tuned) -> int:
    return sum(len(trial.reports) for trial in tuned.trials)


@pytest.mark.parametrize("pruning", [Median(n_startup=4), Halving()])
def test_maximizing_prunes_the_low_ones(pruning: Pruning) -> None:
    search = Search("climb", RATES, n_trials=25, seed=5, pruning=pruning)
    down = tune(search, far_away.learn_slowly, None)
    up = tune(replace(search, maximize=True), far_away.climb, None)
    assert [t.status for t in up.trials] == [t.status for t in down.trials]
    assert up.best.number == down.best.number


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Median(n_startup=3), optuna.pruners.MedianPruner(n_startup_trials=3)),
        (
            Median(n_startup=1, n_warmup=4),
            optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=4),
        ),
        (Halving(1, 3), optuna.pruners.SuccessiveHalvingPruner(1, reduction_factor=3)),
        (Halving(2, 2), optuna.pruners.SuccessiveHalvingPruner(2, reduction_factor=2)),
    ],
)
def test_trials_are_given_up_where_optuna_gives_them_up(
    ours: Pruning, theirs: optuna.pruners.BasePruner
) -> None:
    rng = np.random.default_rng(11)
    study = optuna.create_study(pruner=theirs)
    complete: list[dict[int, float]] = []
    pruned: list[dict[int, float]] = []
    for _ in range(60):
        trial, reports, given_up = study.ask(), {}, False
        limits = ours.limits(complete, pruned)
        for step, value in enumerate(np.cumsum(rng.normal(size=9)), start=1):
            reports[step] = float(value)
            trial.report(float(value), step)
            given_up = step in limits and ours.stands(reports) > limits[step]
            assert given_up == trial.should_prune()
            if given_up:
                break
        if given_up:
            pruned.append(reports)
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            complete.append(reports)
            study.tell(trial, reports[9])
    assert len(complete) >= 5
    assert len(pruned) >= 10


def test_a_loss_that_is_no_number_is_given_up_at_once() -> None:
    rule = Median(n_startup=1)
    trial = far_away.Trial(1, {}, 0, pruning=rule, limits=rule.limits([{1: 0.5}], []))
    with pytest.raises(Exception, match="trial 1: nan at step 1"):
        trial.report(1, float("nan"))


def test_a_value_that_is_not_finite_is_a_failed_trial() -> None:
    found = tune(replace(SEARCH, n_trials=4), far_away.diverge, None)
    assert [t.status for t in found.trials] == [
        Status.COMPLETE,
        Status.FAILED,
        Status.COMPLETE,
        Status.COMPLETE,
    ]
    with pytest.raises(DataError, match="none of 1 trials"):
        assert Tuned(found.trials[1:2], maximize=False).best


def test_an_objective_that_raises_ends_the_search_and_keeps_what_was_found(tmp_path: Path) -> None:
    journal, mended = tmp_path / "journal", tmp_path / "mended"
    search = replace(SEARCH, n_trials=10)
    with pytest.raises(TaskFailed, match="bowl, trial 0 of 1: DataError: no answers"):
        tune(search, far_away.stumble, str(mended), journal=journal)
    mended.touch()
    seen: list[int] = []
    found = tune(search, far_away.stumble, str(mended), journal=journal, on_done=seen.append)
    assert seen == [8, 9, 10]
    assert found == tune(search, far_away.bowl, None)


def test_a_finished_search_is_read_and_can_be_made_longer(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    first = tune(replace(SEARCH, n_trials=6), far_away.bowl, None, journal=journal)
    assert tune(replace(SEARCH, n_trials=6), far_away.stumble, "no", journal=journal) == first
    longer = tune(replace(SEARCH, n_trials=12), far_away.bowl, None, journal=journal)
    assert longer == tune(replace(SEARCH, n_trials=12), far_away.bowl, None)


def test_half_a_round_that_was_kept_is_not_run_again(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    tune(replace(ROUNDS, n_trials=6), far_away.learn_slowly, None, journal=journal)
    seen: list[int] = []
    found = tune(ROUNDS, far_away.learn_slowly, None, journal=journal, on_done=seen.append)
    assert seen == list(range(7, 17))
    assert found == tune(ROUNDS, far_away.learn_slowly, None)


@pytest.mark.parametrize(
    "other", [{"seed": 2}, {"maximize": True}, {"pruning": Median()}, {"space": RATES}]
)
def test_the_journal_of_another_search_is_refused(tmp_path: Path, other: dict[str, object]) -> None:
    journal = tmp_path / "journal"
    tune(replace(SEARCH, n_trials=2), far_away.bowl, None, journal=journal)
    with pytest.raises((InvalidInput, optuna.exceptions.DuplicatedStudyError)):
        tune(replace(SEARCH, **other), far_away.bowl, None, journal=journal)  # type: ignore[arg-type]


KILLED = """
import sys
from pathlib import Path
from learnloop.training.tune import tune
from tests.unit.training import far_away, test_tune
mark, journal = sys.argv[1:]
tune(test_tune.LONG, far_away.be_killed, mark, journal=Path(journal))
"""
LONG = Search("long", RATES, n_trials=12, seed=3, pruning=Median(n_startup=4))


def test_a_killed_search_goes_on_and_ends_as_if_it_had_not_been_killed(tmp_path: Path) -> None:
    mark, journal = tmp_path / "mark", tmp_path / "journal"
    command = [sys.executable, "-c", KILLED, str(mark), str(journal)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -9
    with journal.open("ab") as file:
        file.write(b'{"op_code": 5, "wor')  # as if it had been killed in the middle of a line
    seen: list[int] = []
    found = tune(LONG, far_away.be_killed, str(mark), journal=journal, on_done=seen.append)
    assert seen == [8, 9, 10, 11, 12]
    assert found == tune(LONG, far_away.learn_slowly, None)
    assert tune(LONG, far_away.be_killed, str(mark), journal=journal) == found


def test_the_table_has_a_row_for_each_trial() -> None:
    found = tune(ROUNDS, far_away.learn_slowly, None)
    table = found.table()
    assert table.columns == ["number", "status", "value", "n_steps", "rate"]
    assert table["number"].to_list() == list(range(16))
    assert set(table["status"]) == {"complete", "pruned"}


def test_plots_are_pictures_and_the_setting_that_matters_comes_first() -> None:
    found = tune(SEARCH, far_away.bowl, None)
    assert plots.history(found).startswith(PNG)
    assert plots.parallel(found, SPACE).startswith(PNG)
    assert plots.importance(found, SPACE).startswith(PNG)
    assert next(iter(plots.importances(found, SPACE))) == "rate"
    assert plots.history(tune(ROUNDS, far_away.learn_slowly, None)).startswith(PNG)
