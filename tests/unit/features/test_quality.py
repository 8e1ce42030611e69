"""Does each check find what it is there for, leave a good log alone, and bear any log?"""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from math import isnan
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.time import to_us
from learnloop.events import ingest
from learnloop.features.log import COLUMNS
from learnloop.features.quality import content
from learnloop.features.quality.look import look, rejected
from learnloop.features.quality.page import page
from learnloop.features.quality.report import Report, Status

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "quality.md"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOW_US = to_us(NOW)
HOUR, MINUTE = 3_600_000_000, 60_000_000
WEEKS = 10


def good_log() -> pl.DataFrame:
    """Twenty learners, six answers each on every working day, received a second later."""
    rows = []
    first = NOW_US - NOW_US % (24 * HOUR) - WEEKS * 7 * 24 * HOUR
    for day in range(WEEKS * 7):
        start = first + day * 24 * HOUR + 9 * HOUR
        if day % 7 >= 5:  # the log begins on a Monday
            continue
        for who in range(20):
            for n in range(6):
                at = start + who * MINUTE * 7 + n * 90_000_000 + day * 1_000
                rows.append(
                    {
                        "learner_id": f"l{who:02}",
                        "interaction_id": f"e{day}-{who}-{n}",
                        "occurred_us": at,
                        "item_id": f"i{(n + day) % 9}",
                        "kind": "answered",
                        "correct": bool((n + who) % 3),
                        "response_time_ms": 2_000 + (who * 977 + n * 131 + day * 37) % 30_000,
                        "received_us": at + 1_000_000 + (n * 517 + who * 7_919) % 900_000,
                    }
                )
    return pl.DataFrame(rows, schema={k: COLUMNS[k] for k in rows[0]})


GOOD = good_log()
LAST = GOOD["occurred_us"].max()


def seen(frame: pl.DataFrame) -> Report:
    return look(frame, NOW, max_age_h=96.0)


def changed(which: pl.Expr, **columns: Any) -> pl.DataFrame:
    """The good log, other in some rows."""
    others = (
        pl.when(which).then(value).otherwise(pl.col(k)).alias(k) for k, value in columns.items()
    )
    return GOOD.with_columns(others)


def again(rows: int, **columns: pl.Expr) -> pl.DataFrame:
    """The good log and its last rows once more, other in some columns."""
    return pl.concat([GOOD, GOOD.tail(rows).with_columns(**columns)])


row = pl.int_range(pl.len())
some = row % 50 == 0
latest = pl.col("occurred_us") > LAST - 6 * 24 * HOUR
one_learner = pl.col("learner_id") == "l03"
two_learners = pl.col("learner_id").is_in(["l03", "l04"])
new_id = pl.lit("again-") + pl.col("interaction_id")
middle = pl.col("occurred_us").is_between(LAST - 50 * 24 * HOUR, LAST - 35 * 24 * HOUR)

FAULTS: dict[str, tuple[str, Status, pl.DataFrame]] = {
    "a column of another type": (
        "schema", Status.FAIL,
        changed(some, response_time_ms=1).with_columns(
            pl.when(some).then(pl.lit("fast")).otherwise(pl.col("response_time_ms").cast(pl.String))
            .alias("response_time_ms"))),
    "a strange column": ("schema", Status.WARN, GOOD.with_columns(mood=pl.lit("good"))),
    "a kind that is none": ("value_range", Status.FAIL, changed(some, kind=pl.lit("guessed"))),
    "a negative time": ("value_range", Status.FAIL, changed(some, response_time_ms=-5)),
    "an empty id": ("value_range", Status.FAIL, changed(row == 3, item_id=pl.lit(""))),
    "no item": ("missing_value", Status.FAIL, changed(some, item_id=None)),
    "an answer without result": ("missing_value", Status.FAIL, changed(some, correct=None)),
    "no response times lately": (
        "missing_rising", Status.WARN, changed(latest, response_time_ms=None)),
    "nothing for two weeks": (
        "silence", Status.WARN, GOOD.filter(~middle)),
    "a day with a third of the events": (
        "volume", Status.FAIL,
        GOOD.filter((pl.col("occurred_us") < LAST - 12 * HOUR) | (row % 3 == 0))),
    "a row twice": ("duplicate_id", Status.WARN, again(5)),
    "an event twice": (
        "duplicate_event", Status.WARN, again(5, interaction_id=new_id)),
    "a clock a month ahead": (
        "future_time", Status.FAIL,
        changed(row == 9, occurred_us=pl.lit(NOW_US + 31 * 24 * HOUR), received_us=None)),
    "received before it happened": (
        "received_before", Status.FAIL,
        changed(some, received_us=pl.col("occurred_us") - 20 * MINUTE)),
    "a wrong time zone": (
        "clock_offset", Status.FAIL,
        changed(two_learners, received_us=pl.col("received_us") + 2 * HOUR)),
    "shuffled on the way": (
        "back_in_time", Status.WARN,
        changed(row % 2 == 0, received_us=pl.col("received_us") + 2 * MINUTE)),
    "seconds for milliseconds": (
        "too_fast", Status.FAIL, GOOD.with_columns(pl.col("response_time_ms") // 1000)),
    "a stand-in for unknown times": (
        "same_response_time", Status.WARN, changed(row % 2 == 0, response_time_ms=9_999)),
    "the time of the answer, not of the showing": (
        "overlap", Status.WARN, changed(row % 2 == 0, response_time_ms=120_000 + row)),
}  # fmt: skip


def test_a_good_log_has_no_alerts() -> None:
    report = seen(GOOD)
    assert report.alerts == ()
    assert report.status is Status.OK
    assert (report.n_events, report.n_learners) == (GOOD.height, 20)
    assert len(report.days) == WEEKS * 7 - 2
    assert sum(day.n for day in report.days) == GOOD.height
    assert sum(delay.n for delay in report.delays) == GOOD.height


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_check(fault: str) -> None:
    code, status, frame = FAULTS[fault]
    found = {check.code: check for check in seen(frame).checks}[code]
    assert found.status is status
    assert found.n > 0
    assert found.to_do
    assert code in ("schema", "missing_rising") or found.examples


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_raises_few_other_alerts(fault: str) -> None:
    code, _, frame = FAULTS[fault]
    also = {
        "silence": {"volume"},
        "too_fast": {"same_response_time"},
        "duplicate_event": {"back_in_time"},
        "future_time": {"silence"},
        "schema": {"missing_rising", "same_response_time"},
        "received_before": {"back_in_time"},
    }
    others = {x.code for x in seen(frame).alerts} - {code}
    assert others <= also.get(code, set())


def test_an_old_log_is_stale_by_what_is_allowed() -> None:
    def stale(max_age_h: float) -> Status:
        report = look(GOOD, NOW, max_age_h=max_age_h)
        return {x.code: x.status for x in report.checks}["stale"]

    assert [stale(x) for x in (96.0, 48.0, 2.0)] == [Status.OK, Status.WARN, Status.FAIL]


def test_without_the_needed_columns_only_the_schema_is_judged() -> None:
    report = seen(GOOD.drop("item_id", "kind"))
    assert [x.code for x in report.checks] == ["schema"]
    assert "item_id, kind" in report.checks[0].found


def test_no_events_are_no_good_log() -> None:
    assert seen(GOOD.clear()).status is Status.FAIL


def test_a_log_without_times_is_looked_at_without_them() -> None:
    report = seen(GOOD.with_columns(occurred_us=0, sequence=row))
    assert report.alerts == ()
    assert report.first_at is None
    assert report.days == ()


def test_rejected_rows_are_a_check() -> None:
    assert rejected({}, (), 10).status is Status.OK
    assert rejected({"naive_time": 2}, ("line 3: no zone",), 100).status is Status.WARN
    many = rejected({"naive_time": 2, "invalid_input": 40}, (), 100)
    assert many.status is Status.FAIL
    assert "invalid_input 40, naive_time 2" in many.found


anything: dict[type[pl.DataType], st.SearchStrategy[Any]] = {
    pl.String: st.one_of(st.none(), st.sampled_from(["", "a", "answered", "seeked", "x" * 201])),
    pl.Int64: st.one_of(
        st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, NOW_US + HOUR), st.just(0)
    ),
    pl.Float64: st.one_of(st.none(), st.floats()),
    pl.Boolean: st.one_of(st.none(), st.booleans()),
}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({name: anything[dtype] for name, dtype in COLUMNS.items()}),
        max_size=12,
    ),
    st.sets(st.sampled_from(sorted(set(COLUMNS) - set(content.NEEDED)))),
)
def test_any_log_can_be_looked_at(rows: list[dict[str, Any]], lacking: set[str]) -> None:
    report = seen(pl.DataFrame(rows, schema=COLUMNS).drop(lacking))
    assert report.n_events == len(rows)
    assert page(report)


@pytest.mark.parametrize("strange", [[[1]], ["3"], [b"x"], [{"a": 1}], [NOW]])
def test_a_column_of_any_type_can_be_looked_at(strange: list[Any]) -> None:
    for name in COLUMNS:
        whole = GOOD.head(1).with_columns(pl.Series(name, strange))
        assert {x.code for x in seen(whole).checks} >= {"schema", "value_range"}


def test_the_ranges_are_those_of_the_log() -> None:
    assert content.DAY_MS == ingest.MAX_RESPONSE_TIME_MS
    assert content.MOST_HINTS == ingest.MAX_HINTS
    assert content.LAST_SEQUENCE == ingest.MAX_SEQUENCE
    assert content.DAY_S == ingest.MAX_POSITION_S


def test_every_check_is_documented() -> None:
    codes = {x.code for x in seen(GOOD).checks} | {"rejected"}
    assert set(re.findall(r"^\| `([a-z_]+)` \|", GUIDE.read_text(), re.MULTILINE)) == codes


class Page(HTMLParser):
    """Everything that a page would load, and whether its tags close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_from_elsewhere() -> None:
    wild = changed(row == 3, item_id=pl.lit(""), interaction_id=pl.lit("<script>alert(1)</script>"))
    text = page(seen(changed(row % 2 == 0, response_time_ms=None)))
    assert all(f"<h2>{x}" in text for x in ("Events per day", "Missing values", "From an event"))
    assert text.count("<svg") == 3
    for document in (text, page(seen(wild)), page(seen(GOOD.clear()))):
        parsed = Page(document)
        assert not parsed.open
        assert not parsed.loads
        assert "<script" not in document
        assert "nan" not in document


def test_a_day_is_judged_by_the_same_weekdays_before() -> None:
    days = seen(GOOD).days
    assert all(isnan(x.low) for x in days[:28])
    assert all(x.low <= x.n <= x.high for x in days[28:])
    weekend = [x for x in days[28:] if datetime.fromisoformat(x.day).weekday() >= 5]
    assert {x.n for x in weekend} == {0}
