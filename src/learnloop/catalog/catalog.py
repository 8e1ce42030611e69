"""What is a catalog, and when is it sound? Courses, skills and items that only name each other.

Sound: ids are unique in their kind, prerequisites and skills of items exist, the prerequisite graph
has no cycle, and the answer of a multiple-choice item is one of its choices.
"""

from dataclasses import dataclass

from learnloop.catalog.check import Placed, by_index, problems
from learnloop.core.errors import CatalogError, Rejection
from learnloop.core.items import ItemTable
from learnloop.core.types import Course, Item, Skill


@dataclass(frozen=True, slots=True)
class Catalog:
    """Courses, skills and items, or some of them that add to or replace those of another catalog.

    Attributes:
        courses: Named sets; items point to them.
        skills: In any order; `table` puts prerequisites first.
        items: In the order of the curriculum.
    """

    courses: tuple[Course, ...] = ()
    skills: tuple[Skill, ...] = ()
    items: tuple[Item, ...] = ()

    def checked(self, known: "Catalog | None" = None) -> "Catalog":
        """This catalog, if it is sound on top of what is known already.

        Args:
            known: The catalog that this one adds to; entries of the same id are replaced.

        Raises:
            CatalogError: Every entry that is wrong; `line` is its 0-based index in its kind.
        """
        placed = (
            by_index("courses", self.courses),
            by_index("skills", self.skills),
            by_index("items", self.items),
        )
        refuse_unsound(*placed, known)
        return self

    def merged(self, update: "Catalog") -> "Catalog":
        """This catalog with the update's entries added, or put in place of those of the same id."""
        courses = {x.course_id: x for x in (*self.courses, *update.courses)}
        skills = {x.skill_id: x for x in (*self.skills, *update.skills)}
        items = {x.item_id: x for x in (*self.items, *update.items)}
        return Catalog(tuple(courses.values()), tuple(skills.values()), tuple(items.values()))

    def table(self, version: str) -> ItemTable:
        """The columns that scoring needs; the catalog must be whole and sound."""
        return ItemTable(version, self.items, self.skills)


def refuse_unsound(
    courses: list[Placed[Course]],
    skills: list[Placed[Skill]],
    items: list[Placed[Item]],
    known: Catalog | None,
    already: list[Rejection] | None = None,
) -> None:
    """Raise CatalogError with everything that is wrong, in the order of the lines.

    Args:
        known: The catalog that the entries add to.
        already: What was found wrong while reading.
    """
    base = known or Catalog()
    found = [*(already or []), *problems(courses, skills, items, base.courses, base.skills)]
    if found:
        found.sort(key=lambda r: r.line)
        shown = "; ".join(r.message for r in found[:3])
        more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
        raise CatalogError(f"the catalog is refused, nothing was imported: {shown}{more}", found)
