"""What can be learnt? Courses, skills with prerequisites, items, and how they are read and graded.

Start with `catalog.py` (the value and its rules), then `files.py` (reading JSON and CSV),
`course/` (the seeded course from arithmetic to linear equations) and `grading.py`.
"""

from learnloop.catalog.catalog import Catalog

__all__ = ["Catalog"]
