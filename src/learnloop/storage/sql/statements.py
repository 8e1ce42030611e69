"""How does a statement become text once, so that no request pays for building it?

Every statement is a SQLAlchemy Core construct over `schema`, compiled at import for both
databases; a request hands the finished text to the driver. Parameters are positional, in the
order in which the construct names them (an insert: the table's columns, in order).
"""

from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Select, Table, bindparam, func
from sqlalchemy.dialects import postgresql, sqlite

SQLITE, POSTGRESQL = 0, 1
NO_LIMIT = 2**62

_SQLITE = sqlite.dialect(paramstyle="qmark")
_POSTGRESQL = postgresql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]


class Statement(NamedTuple):
    """One statement's text per database, indexed by `SQLITE` or `POSTGRESQL`."""

    sqlite: str
    postgresql: str


def statement(construct: ClauseElement, *, limited: bool = False) -> Statement:
    """The construct's text for both databases.

    Args:
        construct: Without inline values: each would become a parameter that nobody passes.
        limited: Append a LIMIT, whose count is the last parameter.
    """
    return per_database(construct, construct, limited=limited)


def per_database(
    on_sqlite: ClauseElement, on_postgresql: ClauseElement, *, limited: bool = False
) -> Statement:
    """Text from two constructs where the databases need different ones."""
    return Statement(
        _text(on_sqlite, _SQLITE) + (" LIMIT ?" if limited else ""),
        _text(on_postgresql, _POSTGRESQL) + (" LIMIT %s" if limited else ""),
    )


def _text(construct: ClauseElement, dialect: object) -> str:
    compiled = construct.compile(dialect=dialect)  # type: ignore[arg-type]
    values = [v for v in compiled.params.values() if v is not None]
    if values:
        raise ValueError(f"inline values {values} in {compiled}")
    return str(compiled)


def param(name: str) -> BindParameter[Any]:
    """A parameter, passed by position."""
    return bindparam(name)


def of_each(select: Select[Any], column: ColumnElement[Any]) -> Statement:
    """The rows whose `column` is one of many values, for `Session.each`."""
    one = param("one")
    return per_database(select.where(column == one), select.where(column == func.any(one)))


def insert(table: Table, *columns: str) -> Statement:
    """Insert one row of the named columns, default all."""
    names = list(columns) or [c.name for c in table.columns]
    row = {name: param(name) for name in names}
    return statement(table.insert().inline().values(row))


def insert_new(table: Table) -> Statement:
    """Insert one row unless its key is there; the row count says which."""
    row = {c.name: param(c.name) for c in table.columns}
    return per_database(
        sqlite.insert(table).values(row).on_conflict_do_nothing(),
        postgresql.insert(table).values(row).on_conflict_do_nothing(),
    )


def upsert(table: Table, *, keep: tuple[str, ...] = ()) -> Statement:
    """Insert one row, or replace the one with its key except for the columns to `keep`."""
    row = {c.name: param(c.name) for c in table.columns}
    key = [c.name for c in table.primary_key]
    changed = [c.name for c in table.columns if c.name not in key and c.name not in keep]

    def replacing(
        base: sqlite.Insert | postgresql.Insert,
    ) -> sqlite.Insert | postgresql.Insert:
        values = {name: base.excluded[name] for name in changed}
        return base.values(row).on_conflict_do_update(index_elements=key, set_=values)

    return per_database(replacing(sqlite.insert(table)), replacing(postgresql.insert(table)))


def from_arrays(table: Table, ending: str) -> Statement:
    """PostgreSQL's one-round-trip bulk insert: one array parameter per column.

    Args:
        ending: What follows the rows, e.g. `ON CONFLICT DO NOTHING RETURNING ...`.
    """
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    arrays = ", ".join(
        f"%s::{c.type.compile(_POSTGRESQL).split(' COLLATE')[0]}[]" for c in table.columns
    )
    rows = f"({names}) SELECT * FROM unnest({arrays})"
    return Statement("", f"INSERT INTO {table.name} {rows} {ending}")
