"""Folders of answers, written from columns; a cluster of Ray for all tests of a process."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from learnloop.training.executor import RayExecutor

Columns = Mapping[str, Sequence[object]]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the named tables of a folder, each given as columns; returns the folder."""

    def write_tables(**tables: Columns) -> Path:
        for stem, columns in tables.items():
            rows = zip(*columns.values(), strict=True)
            lines = [",".join(columns), *(",".join(str(x) for x in row) for row in rows)]
            (tmp_path / f"{stem}.csv").write_text("\n".join(lines) + "\n")
        return tmp_path

    return write_tables


@pytest.fixture(scope="session")
def on_ray() -> Iterator[RayExecutor]:
    """A cluster of this machine; starting one takes seconds, so it is started once."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install 'learnloop[ray]'")
    with RayExecutor(n_workers=2) as executor:
        yield executor
