"""What did one person review, and how did it go? Review logs as files, as columns.

    review_logs.csv    of py-fsrs: card_id, review_rating (1-4), review_time (ISO 8601)
    anki_reviews.csv   of Anki's revlog: id (ms since 1970), cid, ease (1-4), type (3: cramming,
                       which is left out)

A day begins at 4 o'clock UTC, as Anki has it: an interval is the number of mornings in between.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from learnloop.core.errors import DataError
from learnloop.models.memory.batch import Reviews
from learnloop.models.memory.curve import DAY_US

DAY_STARTS_US: Final = 4 * 3_600_000_000
CRAMMED: Final = 3
FSRS_FILE, ANKI_FILE = "review_logs.csv", "anki_reviews.csv"


@dataclass(frozen=True, slots=True, eq=False)
class ReviewLog:
    """The reviews of one person."""

    name: str
    reviews: Reviews


def read_logs(folder: Path) -> tuple[ReviewLog, ...]:
    """The log of a folder, or those of the folders in it.

    Raises:
        DataError: There is none, or one can't be read.
    """
    inside = sorted(x for x in folder.iterdir() if x.is_dir()) if folder.is_dir() else []
    found = tuple(log for place in (folder, *inside) if (log := _of(place)) is not None)
    if not found:
        raise DataError(
            f"{folder}: no {FSRS_FILE} or {ANKI_FILE} there, nor in a folder inside", field="data"
        )
    return found


def _of(folder: Path) -> ReviewLog | None:
    try:
        if (folder / FSRS_FILE).is_file():
            rows = pl.read_csv(folder / FSRS_FILE).select(
                pl.col("card_id").cast(pl.Int64).alias("card"),
                pl.col("review_time").str.to_datetime(time_zone="UTC").dt.epoch("us").alias("at"),
                pl.col("review_rating").cast(pl.Int64).alias("grade"),
            )
        elif (folder / ANKI_FILE).is_file():
            rows = (
                pl.read_csv(folder / ANKI_FILE)
                .filter(pl.col("type") != CRAMMED, pl.col("ease") > 0)
                .select(
                    pl.col("cid").cast(pl.Int64).alias("card"),
                    (pl.col("id").cast(pl.Int64) * 1000).alias("at"),
                    pl.col("ease").cast(pl.Int64).alias("grade"),
                )
            )
        else:
            return None
    except (PolarsError, OSError) as error:
        told = str(error).splitlines()[0]
        raise DataError(f"{folder}: the review log can't be read: {told}", field="data") from error
    card, at_us, grade = (rows[name].to_numpy() for name in ("card", "at", "grade"))
    day = (at_us - DAY_STARTS_US) // DAY_US
    return ReviewLog(folder.name, Reviews.ordered(card, at_us, grade, day))
