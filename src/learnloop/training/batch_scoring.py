"""What does a model say of each row of a large table? Shard by shard, on any executor.

A worker loads the model once, from its artifact (or the folder that holds it), and checks it as a
server does. The answers come back in the order of the rows. How many rows make a shard may move
the last bits of an answer (a product of many rows adds in another order); who computes a shard, and
how many do, moves nothing.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from learnloop.core.arrays import Arrays
from learnloop.core.artifact import Artifact, TensorSpec
from learnloop.core.errors import DataError, FeatureMismatch, InvalidInput
from learnloop.core.protocols import Predictor
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import FeatureFold
from learnloop.features.statistics import NOTHING
from learnloop.models import runtime
from learnloop.training.executor import Executor, LocalExecutor
from learnloop.training.executor.tasks import OnDone

ROWS_PER_SHARD = 50_000
Columns = Mapping[str, Sequence[str]]
_Shard = pl.DataFrame | tuple[Path, int, int]  # rows, or a file, the first row and how many


class Scorer:
    """A model and the columns that it reads.

    Args:
        source: The artifact, or the folder of one, which every worker must be able to read.
        columns: For each input of the model the columns it is made of: one column for an input
            of shape (n,), k of them for (n, k).
        load: From an artifact to what predicts.
    """

    def __init__(
        self,
        source: Artifact | Path,
        columns: Columns,
        load: Callable[[Artifact], Predictor] = runtime.load,
    ) -> None:
        self.source = source
        self.columns = dict(columns)
        self.load = load

    def __reduce__(self) -> tuple[object, ...]:
        return Scorer, (self.source, self.columns, self.load)  # without the predictor

    @cached_property
    def predictor(self) -> Predictor:
        """The model, loaded when it is first asked."""
        source = self.source
        return self.load(Artifact.read(source) if isinstance(source, Path) else source)

    def __call__(self, rows: pl.DataFrame) -> Arrays:
        """The outputs for some rows, (n, ...) each.

        Raises:
            DataError: A column is missing.
            InvalidInput: A column holds what the input does not take.
        """
        return self.predictor.predict(
            {spec.name: self._input(spec, rows) for spec in self.predictor.inputs}
        )

    def _input(self, spec: TensorSpec, rows: pl.DataFrame) -> np.ndarray:
        names = self.columns.get(spec.name, ())
        missing = [name for name in names if name not in rows.columns]
        if missing or not names:
            what = f"no column {missing[0]}" if missing else "no columns are given"
            raise DataError(f"{what} for input {spec.name}")
        values = rows.select(names).to_numpy()
        return spec.checked(values[:, 0] if len(spec.shape) == 1 else values)


def columns_of(artifact: Artifact, named: Columns) -> Columns:
    """The columns that each input of a model is made of.

    Args:
        artifact: Of the model.
        named: Of some of its inputs. An input that is not among them is made of all features, where
            the model takes features, in the order of `features.definitions`; else of the column of
            its own name.

    Raises:
        InvalidInput: The model has no input of that name, or no inputs at all.
        FeatureMismatch: It takes features of other definitions than this release has.
    """
    manifest = artifact.manifest
    known = [spec.name for spec in manifest.inputs]
    if not known:
        raise InvalidInput(
            f"model: {artifact.ref} keeps a state of each learner and scores no rows; "
            "'learnloop evaluate' asks such models"
        )
    for name in named:
        if name not in known:
            names = ", ".join(known)
            raise InvalidInput(f"columns: there is no input {name!r}; there are {names}")
    return {name: named.get(name) or _usual(artifact, name) for name in known}


def _usual(artifact: Artifact, name: str) -> Sequence[str]:
    trained_on = artifact.manifest.features
    if trained_on is None:
        return (name,)
    ours = str(FeatureFold().ref).removesuffix(NOTHING.version)
    if not trained_on.startswith(ours):
        raise FeatureMismatch(
            f"{artifact.ref} takes {trained_on}; this release computes {ours}...: fit it again"
        )
    return tuple(feature.name for feature in FEATURES)


def score_table(
    scorer: Scorer,
    table: pl.DataFrame | Path,
    *,
    keep: Sequence[str] = (),
    out: Path | None = None,
    rows_per_shard: int = ROWS_PER_SHARD,
    executor: Executor | None = None,
    on_done: OnDone | None = None,
) -> pl.DataFrame:
    """Score every row.

    Args:
        scorer: The model.
        table: The rows, or a Parquet file of them, which workers read themselves.
        keep: Columns of the table to carry along, such as ids.
        out: A Parquet file to write too; it is replaced whole, or left as it is.
        rows_per_shard: How many rows a task takes.
        executor: Where the shards are scored; by default in this process.
        on_done: Called with the number of shards done.

    Returns:
        `keep` and one column for each output, a row for each row of the table, in its order.

    Raises:
        DataError: A column is missing, or the file can't be read or written.
        TaskFailed: A shard could not be scored; the message says which and why.
    """
    frame = _lazy(table)
    try:
        n = frame.select(pl.len()).collect().item()
        kept = frame.select(keep).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"the table can't be read: {error}") from error
    shards = list(_shards(table, n, rows_per_shard))
    executor = executor or LocalExecutor()
    parts = executor.map(_score, shards, shared=scorer, label="shard", on_done=on_done)
    outputs = [_joined(spec, parts) for spec in scorer.predictor.outputs]
    scored = pl.DataFrame([*kept.get_columns(), *outputs])
    if out is not None:
        _write(scored, out)
    return scored


def _score(scorer: Scorer, shard: _Shard) -> Arrays:
    if isinstance(shard, tuple):
        path, first, n = shard
        rows = pl.scan_parquet(path).slice(first, n)
        wanted = {name for names in scorer.columns.values() for name in names}
        there = [name for name in rows.collect_schema().names() if name in wanted]
        return scorer(rows.select(there).collect())
    return scorer(shard)


def _shards(table: pl.DataFrame | Path, n: int, size: int) -> Iterator[_Shard]:
    for first in range(0, n, size):
        if isinstance(table, Path):
            yield table, first, min(size, n - first)
        else:
            yield table.slice(first, size)


def _joined(output: TensorSpec, parts: Sequence[Arrays]) -> pl.Series:
    """The output of all shards as a column; of several values a row, as an array."""
    empty = np.empty((0, *(k or 1 for k in output.shape[1:])), np.dtype(output.dtype))
    values = np.concatenate([empty, *(part[output.name] for part in parts)])
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return pl.Series(output.name, values)


def _lazy(table: pl.DataFrame | Path) -> pl.LazyFrame:
    return pl.scan_parquet(table) if isinstance(table, Path) else table.lazy()


def _write(frame: pl.DataFrame, out: Path) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}-")
        os.close(handle)
        try:
            frame.write_parquet(name)
            os.replace(name, out)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{out}: can't be written ({error.strerror})") from error
