"""Do many tasks give the same wherever they run, and say which one failed?"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.unit.training import far_away

from learnloop.core.errors import InvalidInput
from learnloop.training.executor import (
    Executor,
    LocalExecutor,
    RayExecutor,
    TaskFailed,
    open_executor,
)

MATRIX = np.random.default_rng(3).normal(size=(300, 40))
NAMES = [f"task {i}" for i in range(7)]


@pytest.fixture(scope="module")
def processes() -> Iterator[LocalExecutor]:
    with LocalExecutor(2) as executor:
        yield executor


@pytest.fixture(params=["here", "processes", pytest.param("on_ray", marks=pytest.mark.slow)])
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "here":
        return LocalExecutor()
    found: Executor = request.getfixturevalue(request.param)
    return found


def test_the_results_are_those_of_a_plain_loop_to_the_bit(executor: Executor) -> None:
    expected = [far_away.product_sum(MATRIX, name) for name in NAMES]
    assert executor.map(far_away.product_sum, NAMES, shared=MATRIX) == expected
    assert executor.map(far_away.product_sum, NAMES[::-1], shared=MATRIX) == expected[::-1]


def test_no_task_is_no_result(executor: Executor) -> None:
    assert executor.map(far_away.refuse_two, [], shared=None) == []


def test_progress_is_told_one_by_one(executor: Executor) -> None:
    seen: list[int] = []
    executor.map(far_away.product_sum, NAMES, shared=MATRIX, on_done=seen.append)
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_a_task_that_raises_says_which_it_is_and_why(executor: Executor) -> None:
    with pytest.raises(TaskFailed) as caught:
        executor.map(far_away.refuse_two, [0, 1, 2, 3], shared=None, label="fold")
    assert str(caught.value) == "fold 2 of 4: DataError: two is not wanted"
    assert caught.value.index == 2
    assert "far_away.py" in caught.value.__notes__[0]
    assert executor.map(far_away.refuse_two, [0, 1], shared=None) == [0, 1]


def test_an_error_that_no_other_process_knows_is_told_too(executor: Executor) -> None:
    with pytest.raises(TaskFailed, match="task 0 of 1: Local: made here"):
        executor.map(far_away.raise_what_does_not_travel, [0], shared=None)


@pytest.mark.parametrize("kind", ["processes", pytest.param("on_ray", marks=pytest.mark.slow)])
def test_a_lost_worker_costs_nothing_but_time(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    executor: Executor = request.getfixturevalue(kind)
    tasks = list(range(6))
    assert executor.map(far_away.die_once, tasks, shared=str(tmp_path)) == [0, 1, 4, 9, 16, 25]
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("kind", ["processes", pytest.param("on_ray", marks=pytest.mark.slow)])
def test_a_task_that_loses_every_worker_is_named(request: pytest.FixtureRequest, kind: str) -> None:
    executor: Executor = request.getfixturevalue(kind)
    with pytest.raises(TaskFailed, match=r"shard 1 of 3: its worker was lost 3 times") as caught:
        executor.map(far_away.always_die, [0, 1, 2], shared=None, label="shard")
    assert caught.value.index == 1
    assert executor.map(far_away.refuse_two, [0, 1], shared=None) == [0, 1]


def test_processes_are_kept_and_read_what_is_shared_once(processes: LocalExecutor) -> None:
    first = processes.map(far_away.worker, range(20), shared=MATRIX)
    second = processes.map(far_away.worker, range(20), shared=MATRIX)
    assert len({pid for pid, _ in first + second}) <= 2
    assert len(set(first + second)) <= 2, "each worker has one copy"


@pytest.mark.parametrize("kind", ["processes", pytest.param("on_ray", marks=pytest.mark.slow)])
def test_a_worker_computes_with_one_thread(
    request: pytest.FixtureRequest, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor: Executor = request.getfixturevalue(kind)
    assert executor.map(far_away.threads, [0, 1], shared=None) == ["1", "1"]


def test_an_executor_is_opened_by_one_setting() -> None:
    here, processes = open_executor(), open_executor("local:3")
    assert isinstance(here, LocalExecutor)
    assert here.n_workers == 1
    assert isinstance(processes, LocalExecutor)
    assert processes.n_workers == 3


@pytest.mark.parametrize("where", ["", "dask", "local:0", "ray:0", "ray:elsewhere", "ray://"])
def test_a_place_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(InvalidInput, match="is not local, local:N, ray"):
        open_executor(where)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match=r"pip install 'learnloop\[ray\]'"):
        open_executor("ray")


@pytest.mark.slow
def test_who_finds_a_cluster_leaves_it_running(on_ray: RayExecutor) -> None:
    with open_executor("ray:2") as second:
        assert second.map(far_away.refuse_two, [0, 1], shared=None) == [0, 1]
    assert on_ray.map(far_away.refuse_two, [1, 3], shared=None) == [1, 3]
