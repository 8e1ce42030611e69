"""Which columns may a folder of answers have, and by which names? The one table; the docs show it.

A role is looked for by its names, first to last, and the first column found is taken. Columns that
no role knows are left alone, and the order of columns does not matter.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that a column can say.

    Attributes:
        role: What the reader calls it.
        names: The column names it goes by, the first one found is taken.
        needed: Without it the file is refused.
        meaning: What it holds, and what happens without it.
    """

    role: str
    names: tuple[str, ...]
    needed: bool
    meaning: str


COLUMNS = (
    Column("learner", ("user_id", "learner_id", "student_id"), True, "who answered"),
    Column(
        "item",
        ("item_id", "question_id", "problem_id"),
        False,
        "what was answered; without it each skill counts as one item",
    ),
    Column(
        "skill",
        ("skill_id", "skill_combo_id", "kc_id"),
        False,
        "the skill, or one id for a combination of skills; an empty field is no skill. "
        "A `q_matrix` file goes before it",
    ),
    Column(
        "correct",
        ("correct", "is_correct"),
        True,
        "1 right, 0 wrong, -1 studied without an answer; a partial score between 0 and 1 "
        "counts as wrong, for only full credit is a right answer",
    ),
    Column(
        "time_ms",
        ("ts_ms", "timestamp_ms"),
        False,
        "when the item was shown, milliseconds since 1970 or since any start",
    ),
    Column(
        "time",
        ("timestamp",),
        False,
        "when the item was shown, in seconds, or in milliseconds where the largest is 1e11 or "
        "more. Without any time the order of the file is the order of the answers",
    ),
    Column("split", ("split",), False, "`train` or `test`, the same on all rows of a learner"),
    Column(
        "fold",
        ("fold",),
        False,
        "a whole number, the same on all rows of a learner; fold 0 is the test. Without `split` "
        "and `fold` a learner is a test learner if the MD5 of the id, as a number, is divisible "
        "by 5",
    ),
    Column(
        "latency",
        ("end_latency_ms", "response_time_ms", "latency_ms"),
        False,
        "from showing the item to the answer, milliseconds; features and the audit read it; "
        "an empty, zero or negative field is unknown",
    ),
)
BY_ROLE = {column.role: column for column in COLUMNS}
