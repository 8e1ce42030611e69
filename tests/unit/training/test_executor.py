"""Do tasks give the same here and in processes, and is an executor opened by one setting?"""

import importlib.util
from collections.abc import Iterator

import pytest
from tests.unit.training import far_away
from tests.unit.training.executor_suite import MATRIX, ExecutorSuite, WorkersSuite

from learnloop.core.errors import InvalidInput
from learnloop.training.executor import LocalExecutor, open_executor


class TestHere(ExecutorSuite):
    @pytest.fixture
    def executor(self) -> LocalExecutor:
        return LocalExecutor()


class TestInProcesses(WorkersSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def executor(cls) -> Iterator[LocalExecutor]:
        with LocalExecutor(2) as executor:
            yield executor

    def test_processes_are_kept_and_read_what_is_shared_once(self, executor: LocalExecutor) -> None:
        first = executor.map(far_away.worker, range(20), shared=MATRIX)
        second = executor.map(far_away.worker, range(20), shared=MATRIX)
        assert len({pid for pid, _ in first + second}) <= 2
        assert len(set(first + second)) <= 2, "each worker has one copy"


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
