"""Folders of answers, written from columns."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

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
