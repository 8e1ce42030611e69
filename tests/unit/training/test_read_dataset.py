"""A folder of answers is read as it says, and refused with file, column and line."""

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnloop.core.answers import STUDY
from learnloop.core.errors import DataError
from learnloop.training.columns import COLUMNS
from learnloop.training.dataset import Dataset, read_dataset
from learnloop.training.split import is_held_out

from .conftest import Write

SPLIT = ["train", "train", "test", "test"]


def small() -> dict[str, list[object]]:
    return {
        "user_id": ["a", "a", "b", "b"],
        "item_id": ["i", "j", "i", "k"],
        "skill_id": ["s", "t", "s", "t"],
        "correct": [1, 0, -1, 1],
        "timestamp": [20, 10, 5, 5],
        "split": SPLIT,
    }


def rows_of(data: Dataset) -> list[tuple[object, ...]]:
    """Each row with ids for codes, in the order of the log."""
    log = data.log
    items = log.items()
    return [
        (
            log.learner_ids[log.learner[r]],
            items[log.item[r]].item_id,
            items[log.item[r]].skills,
            int(log.correct[r]),
            None if log.occurred_us is None else int(log.occurred_us[r]),
            bool(data.is_test[log.learner[r]]),
        )
        for r in range(len(log))
    ]


def test_a_folder_with_everything(write: Write) -> None:
    data = read_dataset(write(interactions=small()))
    assert rows_of(data) == [
        ("a", "j", ("t",), 0, 10_000_000, False),
        ("a", "i", ("s",), 1, 20_000_000, False),
        ("b", "i", ("s",), STUDY, 5_000_000, True),
        ("b", "k", ("t",), 1, 5_000_000, True),
    ]
    assert data.knows_items
    assert (data.train.learner_ids, data.test.learner_ids) == (("a",), ("b",))


def test_a_q_matrix_gives_the_single_skills(write: Write) -> None:
    columns = small() | {"skill_id": [7, 8, 7, 8]}
    q_matrix = {"item_id": ["i", "j", "i", "zz"], "skill_id": ["s", "t", "u", "s"]}
    data = read_dataset(write(interactions=columns, q_matrix=q_matrix))
    skills = {str(x.item_id): x.skills for x in data.log.items()}
    assert skills == {"i": ("s", "u"), "j": ("t",), "k": ()}
    assert data.row_skill is not None
    assert data.row_skill.tolist() == [1, 0, 0, 1]


def test_without_items_each_skill_is_one(write: Write) -> None:
    columns = small()
    del columns["item_id"]
    data = read_dataset(write(interactions=columns))
    assert [(r[1], r[2]) for r in rows_of(data)][:2] == [("t", ("t",)), ("s", ("s",))]
    assert not data.knows_items


def test_without_skills_items_have_none(write: Write) -> None:
    columns = small()
    del columns["skill_id"]
    data = read_dataset(write(interactions=columns))
    assert {r[2] for r in rows_of(data)} == {()}
    assert data.row_skill is None


def test_without_items_and_skills_everything_is_one_item(write: Write) -> None:
    columns = small()
    del columns["skill_id"], columns["item_id"]
    assert read_dataset(write(interactions=columns)).log.item_ids == ("any",)


def test_an_empty_skill_is_no_skill(write: Write) -> None:
    data = read_dataset(write(interactions=small() | {"skill_id": ["s", "", "s", ""]}))
    assert {r[1]: r[2] for r in rows_of(data)} == {"i": ("s",), "j": (), "k": ()}


def test_without_times_the_order_of_the_file_holds(write: Write) -> None:
    columns = small()
    del columns["timestamp"]
    data = read_dataset(write(interactions=columns))
    assert data.log.occurred_us is None
    assert [r[1] for r in rows_of(data)] == ["i", "j", "i", "k"]
    assert len(set(data.log.instant.tolist())) == 4


@pytest.mark.parametrize(
    ("name", "given", "us"),
    [
        ("timestamp", 1_499_059_021, 1_499_059_021_000_000),
        ("timestamp", 1_446_515_378_339, 1_446_515_378_339_000),
        ("timestamp", 11622.5, 11_622_500_000),
        ("ts_ms", 1_446_515_378_339, 1_446_515_378_339_000),
        ("ts_ms", 12, 12_000),
    ],
)
def test_seconds_and_milliseconds(write: Write, name: str, given: float, us: int) -> None:
    columns = small()
    del columns["timestamp"]
    data = read_dataset(write(interactions=columns | {name: [given] * 4}))
    assert set(data.log.times.tolist()) == {us}


def test_backward_steps_are_sorted_and_equal_times_keep_the_order_of_the_file(write: Write) -> None:
    columns = {
        "user_id": ["b", "a", "a", "a", "a"],
        "item_id": ["z", "x", "w", "v", "y"],
        "correct": [1] * 5,
        "timestamp": [1, 30, 10, 30, 10],
        "split": ["test"] + ["train"] * 4,
    }
    data = read_dataset(write(interactions=columns))
    assert [r[1] for r in rows_of(data) if r[0] == "a"] == ["w", "y", "x", "v"]


def test_partial_scores_count_as_wrong_and_are_counted(write: Write) -> None:
    data = read_dataset(write(interactions=small() | {"correct": [0.5, 0.999, 1.0, 0.0]}))
    assert [r[3] for r in rows_of(data)] == [0, 0, 1, 0]
    assert data.n_partial == 2


def test_fold_0_is_the_test(write: Write) -> None:
    columns = small()
    del columns["split"]
    data = read_dataset(write(interactions=columns | {"fold": [0, 0, 3, 3]}))
    assert data.test.learner_ids == ("a",)


def test_without_split_the_hash_of_the_id_holds_out_one_in_five(write: Write) -> None:
    people = [str(i) for i in range(1000)]
    data = read_dataset(write(interactions={"user_id": people, "correct": [1] * 1000}))
    assert int("8f14e45fceea167a5a36dedd4bea2543", 16) % 5 == 0  # the MD5 of "7"
    assert [is_held_out(name) for name in ("1", "3", "7", "8")] == [False, False, True, False]
    assert data.is_test.tolist() == [is_held_out(name) for name in people]
    assert 160 <= data.is_test.sum() <= 240


def test_latencies_keep_to_their_rows_and_unknown_ones_are_nan(write: Write) -> None:
    data = read_dataset(write(interactions=small() | {"end_latency_ms": [20, 10, "", -1]}))
    assert data.log.seconds is not None
    np.testing.assert_array_equal(data.log.seconds, [0.01, 0.02, np.nan, np.nan])


IDS = st.integers(0, 5).map(str)
ROWS = st.lists(
    st.tuples(IDS, IDS, st.sampled_from(["", "s", "t", "u"]), st.sampled_from([-1, 0, 1]),
              st.integers(0, 9)),
    min_size=1,
    max_size=30,
)  # fmt: skip
HELD_OUT_ROWS = [("test", "0", "s", 1, 0), ("train", "0", "s", 1, 0)]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.permutations(range(6)), st.sampled_from(["csv", "tsv", "csv.gz", "tsv.gz"]))
def test_any_rows_come_back_from_any_form_of_file(
    tmp_path: Path, rows: list[tuple[str, str, str, int, int]], order: list[int], suffix: str
) -> None:
    rows = [*rows, *HELD_OUT_ROWS]
    names = ["user_id", "item_id", "skill_id", "correct", "timestamp"]
    columns = {n: [r[k] for r in rows] for k, n in enumerate(names)}
    columns["split"] = ["test" if r[0] in {"test", "0", "1"} else "train" for r in rows]
    frame = pl.DataFrame(columns).select([list(columns)[k] for k in order])
    text = frame.write_csv(separator="\t" if "tsv" in suffix else ",").encode()
    for old in tmp_path.iterdir():
        old.unlink()
    packed = gzip.compress(text) if suffix.endswith("gz") else text
    (tmp_path / f"interactions.{suffix}").write_bytes(packed)

    data = read_dataset(tmp_path)

    skills: dict[str, list[str]] = {}
    for _, item, skill, _, _ in rows:
        known = skills.setdefault(item, [])
        if skill and skill not in known:
            known.append(skill)
    by_time = sorted(rows, key=lambda r: r[4])
    for name in {r[0] for r in rows}:
        mine = [
            (name, r[1], tuple(skills[r[1]]), r[3], r[4] * 1_000_000, name in {"test", "0", "1"})
            for r in by_time
            if r[0] == name
        ]
        assert [r for r in rows_of(data) if r[0] == name] == mine


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfuser_id,correct,split\na,1,train\nb,0,test\n",
        b"user_id,correct,split\r\na,1,train\r\nb,0,test\r\n",
        b"user_id,correct,split\ra,1,train\rb,0,test\r",
        b"user_id,correct,split\n\na,1,train\n\nb,0,test\n\n",
        b'"user_id","correct","split"\n"a","1","train"\n"b","0","test"',
    ],
    ids=["byte-order mark", "CR LF", "CR alone", "blank lines", "quotes, no last line end"],
)
def test_forms_of_text_that_spreadsheets_write(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "interactions.csv").write_bytes(text)
    data = read_dataset(tmp_path)
    assert [(r[0], r[3], r[5]) for r in rows_of(data)] == [("a", 1, False), ("b", 0, True)]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"correct": [1, 0, "NaN", 1]}, r"interactions.csv, line 4, column correct: 'NaN' is not"),
        ({"correct": [1, "", 0, 1]}, r"line 3, column correct: an empty field is not a finite"),
        ({"correct": [1, 0, 0, "yes"]}, r"line 5, column correct: 'yes' is not a finite number"),
        ({"correct": [1, 0, 0, 2]}, r"line 5, column correct: '2' is not 1, 0, -1"),
        ({"correct": [1, 0, 0, -0.5]}, r"line 5, column correct: '-0.5' is not 1, 0, -1"),
        ({"user_id": ["a", "", "b", "b"]}, r"line 3, column user_id: an empty field is no id"),
        ({"item_id": ["i", "i", "nan", "i"]}, r"line 4, column item_id: 'nan' is no id"),
        ({"skill_id": ["s", "NaN", "t", "t"]}, r"line 3, column skill_id: 'NaN' is no id"),
        ({"timestamp": [1, 2, 3, "inf"]}, r"line 5, column timestamp: 'inf' is not a finite"),
        ({"timestamp": [1, 2, 3, "2020-01-01"]}, r"line 5, column timestamp: '2020-01-01' is not"),
        ({"timestamp": [1, -2, 3, 4]}, r"line 3, column timestamp: '-2' is no time"),
        (
            {"timestamp": [1e15, 1, 1, 1]},
            r"line 2, column timestamp: '1000000000000000.0' is no time",
        ),
        ({"split": ["train", "dev", "test", "test"]}, r"line 3, column split: 'dev' is neither"),
        ({"split": ["train", "test", "test", "test"]}, r"line 2, .* puts learner a on both sides"),
        ({"split": ["train"] * 4}, r"no learner is left to test"),
        ({"split": ["test"] * 4}, r"no learner is left to train"),
        ({"end_latency_ms": [1, 2, 3, "slow"]}, r"line 5, column end_latency_ms: 'slow' is not"),
    ],
)
def test_wrong_fields_are_named(
    write: Write, change: dict[str, list[object]], complaint: str
) -> None:
    with pytest.raises(DataError, match=complaint):
        read_dataset(write(interactions=small() | change))


@pytest.mark.parametrize("fold", [["x", 0, 1, 1], [-1, 0, 1, 1], [0.5, 0, 1, 1], ["", 0, 1, 1]])
def test_a_wrong_fold_is_named(write: Write, fold: list[object]) -> None:
    columns = small()
    del columns["split"]
    with pytest.raises(DataError, match=r"line 2, column fold: .* is not a whole number"):
        read_dataset(write(interactions=columns | {"fold": fold}))


@pytest.mark.parametrize("missing", ["user_id", "correct"])
def test_a_missing_column_is_named_with_what_is_there(write: Write, missing: str) -> None:
    columns = small()
    del columns[missing]
    with pytest.raises(DataError, match=f"no column {missing} or .*it has .*timestamp") as caught:
        read_dataset(write(interactions=columns))
    assert caught.value.field == missing


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "interactions.csv: can't be read as a table"),
        (b"user_id,correct\n", "interactions.csv: there are no rows"),
        (b"user_id,correct\n\n\n", "interactions.csv: there are no rows"),
        (b"user_id,correct\na,1,2\n", "interactions.csv: can't be read as a table"),
        (b"user_id,correct\n\xff\xfe,1\n", "interactions.csv: can't be read as a table"),
        (
            gzip.compress(b"user_id,correct\na,1\n" * 99, mtime=0)[:30],
            "interactions.csv: can't be read",
        ),
    ],
    ids=["empty", "header", "blank", "ragged", "not UTF-8", "torn gzip"],
)
def test_files_that_are_no_tables(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "interactions.csv").write_bytes(content)
    with pytest.raises(DataError, match=complaint):
        read_dataset(tmp_path)


def test_a_folder_that_is_not_there_or_without_or_with_two_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"there is no interactions\.csv"):
        read_dataset(tmp_path)
    (tmp_path / "interactions.csv").write_text("user_id,correct\na,1\n")
    (tmp_path / "interactions.tsv").write_text("user_id\tcorrect\na\t1\n")
    with pytest.raises(DataError, match="keep one of them"):
        read_dataset(tmp_path)


def test_a_q_matrix_of_other_items_is_refused(write: Write) -> None:
    q_matrix = {"item_id": ["1.0"], "skill_id": ["s"]}
    with pytest.raises(DataError, match=r"q_matrix\.csv: it names none of the items"):
        read_dataset(write(interactions=small(), q_matrix=q_matrix))


def test_every_alias_is_taken(write: Write) -> None:
    plain = {
        "learner": ["a", "b"],
        "item": ["i", "j"],
        "skill": ["s", "t"],
        "correct": [1, 0],
        "time_ms": [1, 2],
        "time": [1, 2],
        "split": ["train", "test"],
        "fold": [1, 0],
        "latency": [3, 4],
    }
    assert set(plain) == {column.role for column in COLUMNS}
    for column in COLUMNS:
        for name in column.names:
            named = {c.names[0]: plain[c.role] for c in COLUMNS if c.role != column.role}
            data = read_dataset(write(interactions=named | {name: plain[column.role]}))
            assert [r[:4] for r in rows_of(data)] == [("a", "i", ("s",), 1), ("b", "j", ("t",), 0)]
            assert data.is_test.tolist() == [False, True]
            assert data.log.seconds is not None
            assert data.log.seconds.tolist() == [0.003, 0.004]
            assert data.log.occurred_us is not None
