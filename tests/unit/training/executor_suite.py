"""What must every executor do? Give the same as a plain loop, and say which task failed."""

from pathlib import Path

import numpy as np
import pytest
from tests.unit.training import far_away

from learnloop.training.executor import Executor, TaskFailed

MATRIX = np.random.default_rng(3).normal(size=(300, 40))
NAMES = [f"task {i}" for i in range(7)]


class ExecutorSuite:
    """For a class of tests with a fixture `executor`."""

    def test_the_results_are_those_of_a_plain_loop_to_the_bit(self, executor: Executor) -> None:
        expected = [far_away.product_sum(MATRIX, name) for name in NAMES]
        assert executor.map(far_away.product_sum, NAMES, shared=MATRIX) == expected
        assert executor.map(far_away.product_sum, NAMES[::-1], shared=MATRIX) == expected[::-1]

    def test_no_task_is_no_result(self, executor: Executor) -> None:
        assert executor.map(far_away.refuse_two, [], shared=None) == []

    def test_progress_is_told_one_by_one(self, executor: Executor) -> None:
        seen: list[int] = []
        executor.map(far_away.product_sum, NAMES, shared=MATRIX, on_done=seen.append)
        assert seen == [1, 2, 3, 4, 5, 6, 7]

    def test_a_task_that_raises_says_which_it_is_and_why(self, executor: Executor) -> None:
        with pytest.raises(TaskFailed) as caught:
            executor.map(far_away.refuse_two, [0, 1, 2, 3], shared=None, label="fold")
        assert str(caught.value) == "fold 2 of 4: DataError: two is not wanted"
        assert caught.value.index == 2
        assert "far_away.py" in caught.value.__notes__[0]
        assert executor.map(far_away.refuse_two, [0, 1], shared=None) == [0, 1]

    def test_an_error_that_no_other_process_knows_is_told_too(self, executor: Executor) -> None:
        with pytest.raises(TaskFailed, match="task 0 of 1: Local: made here"):
            executor.map(far_away.raise_what_does_not_travel, [0], shared=None)


class WorkersSuite(ExecutorSuite):
    """For executors whose workers are other processes."""

    def test_a_lost_worker_costs_nothing_but_time(self, executor: Executor, tmp_path: Path) -> None:
        tasks = list(range(6))
        found = executor.map(far_away.die_once, tasks, shared=str(tmp_path))
        assert found == [0, 1, 4, 9, 16, 25]
        assert (tmp_path / "died").exists()

    def test_a_task_that_loses_every_worker_is_named(self, executor: Executor) -> None:
        lost = "shard 1 of 3: its worker was lost 3 times"
        with pytest.raises(TaskFailed, match=lost) as caught:
            executor.map(far_away.always_die, [0, 1, 2], shared=None, label="shard")
        assert caught.value.index == 1
        assert executor.map(far_away.refuse_two, [0, 1], shared=None) == [0, 1]

    def test_a_worker_computes_with_one_thread(self, executor: Executor) -> None:
        assert executor.map(far_away.threads, [0, 1], shared=None) == ["1", "1"]
