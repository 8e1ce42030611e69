"""Which course does learnloop bring along? Thirteen skills from addition to linear equations.

Every item is generated from a template and a seed, so the course is the same on every machine:

    whole_numbers.py   addition to negative numbers
    fractions.py       equivalent fractions to percent
    algebra.py         expressions to linear equations
    lesson.py          what a lesson is, and how its templates become items
"""

from learnloop.catalog.catalog import Catalog
from learnloop.catalog.course import algebra, fractions, whole_numbers
from learnloop.catalog.course.lesson import items_of
from learnloop.core.ids import CourseId
from learnloop.core.types import Course

COURSE = Course(
    CourseId("arithmetic-to-equations"),
    "From arithmetic to equations",
    "Whole numbers, fractions and first algebra, up to linear equations.",
)
LESSONS = (*whole_numbers.LESSONS, *fractions.LESSONS, *algebra.LESSONS)
SEED = 1


def seeded_course(seed: int = SEED) -> Catalog:
    """The course: 13 skills, and for each a worked example, 20 exercises and 4 assessment items.

    Args:
        seed: Other seeds give other numbers in the same templates.
    """
    skills = tuple(lesson.skill for lesson in LESSONS)
    items = tuple(item for lesson in LESSONS for item in items_of(lesson, COURSE, seed))
    return Catalog((COURSE,), skills, items).checked()
