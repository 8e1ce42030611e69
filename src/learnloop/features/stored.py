"""Which stored vector was the latest known at a question? A point-in-time join of rows.

For features that are kept elsewhere, or were exported (`journeys/feast.py`): a row holds what was
known right after its event, and counts from when it happened and had arrived. Of the rows known at
a question the one of the latest event is taken; a row that arrives late never hides a newer one.
"""

import polars as pl

from learnloop.core.errors import DataError

EVER = 2**62


def latest_rows(questions: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The questions in their order, each with the columns of its row; nulls where none was known.

    Args:
        questions: `learner_id`, `at_us` (null asks for everything); others are carried along.
        rows: `learner_id`, `occurred_us`, `received_us` (null: as it happened), and the features.

    Raises:
        DataError: A column is missing, or a feature has the name of a column of the questions.
    """
    for table, name, needed in (
        (questions, "questions", ("learner_id", "at_us")),
        (rows, "rows", ("learner_id", "occurred_us", "received_us")),
    ):
        for column in needed:
            if column not in table.columns:
                raise DataError(f"{name}: there is no column {column}", field=column)
    both = (set(questions.columns) & set(rows.columns)) - {"learner_id"}
    if both:
        raise DataError(f"questions and rows both have a column {min(both)}", field=min(both))
    # From when a row may be seen; at the instant of its own event it may not.
    known = pl.max_horizontal(pl.col("occurred_us") + 1, "received_us").alias("known_us")
    newest = pl.col("occurred_us").cum_max().over("learner_id")
    seen = (
        rows.with_columns(known)
        .sort("known_us", "occurred_us", maintain_order=True)
        .filter(pl.col("occurred_us") >= newest)
    )
    asked = questions.with_row_index("_row").with_columns(_at=pl.col("at_us").fill_null(EVER))
    found = asked.sort("_at").join_asof(
        seen, left_on="_at", right_on="known_us", by="learner_id", check_sortedness=False
    )
    return found.sort("_row").drop("_row", "_at", "known_us", strict=False)
