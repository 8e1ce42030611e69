"""Where is the catalog? Courses, skills and items, in the order in which each was first put."""

from collections.abc import Sequence

from sqlalchemy import literal_column, select

from learnloop.core.types import Course, Item, Skill
from learnloop.storage.checks import catalog_version
from learnloop.storage.sql.rows.catalog import (
    course_of,
    course_row,
    item_of,
    item_row,
    skill_of,
    skill_row,
)
from learnloop.storage.sql.rows.cells import Row, dumps
from learnloop.storage.sql.schema import catalog_versions, courses, items, skills
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import param, statement, upsert

_VERSION = statement(select(catalog_versions.c.version))
_LOCK = statement(select(catalog_versions.c.version).with_for_update())  # on SQLite only a look
_NEXT = statement(
    catalog_versions.update()
    .values(n_puts=catalog_versions.c.n_puts + literal_column("1"))
    .returning(catalog_versions.c.n_puts, catalog_versions.c.version)
)
_SET_VERSION = statement(catalog_versions.update().values(version=param("v")))
_LOADS = [statement(select(*t.c).order_by(t.c.position)) for t in (courses, skills, items)]
_PUTS = [upsert(t, keep=("position",)) for t in (courses, skills, items)]


class SqlCatalog:
    """What can be learnt."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def version(self) -> str:
        row = self._session.row(_VERSION)
        return "0" if row is None else str(row[0])

    def load(self) -> tuple[list[Course], list[Skill], list[Item]]:
        of_course, of_skill, of_item = (self._session.rows(load) for load in _LOADS)
        return (
            [course_of(row) for row in of_course],
            [skill_of(row) for row in of_skill],
            [item_of(row) for row in of_item],
        )

    def lock(self) -> None:
        self._session.rows(_LOCK)

    def put(self, courses: Sequence[Course], skills: Sequence[Skill], items: Sequence[Item]) -> str:
        ((n_puts, before),) = self._session.rows(_NEXT)
        first = n_puts << 32  # behind everything that earlier puts brought
        rows: list[list[Row]] = [
            [course_row(course, first + i) for i, course in enumerate(courses)],
            [skill_row(skill, first + i) for i, skill in enumerate(skills)],
            [item_row(item, first + i) for i, item in enumerate(items)],
        ]
        for put, table in zip(_PUTS, rows, strict=True):
            self._session.many(put, table)
        version = catalog_version(n_puts, before, dumps(rows))
        self._session.run(_SET_VERSION, (version,))
        return version
