"""Maps: the ready ones are sound, one's own is checked, and guessing is careful."""

import json
from pathlib import Path

import pytest

from learnloop.core.errors import DataError
from learnloop.events import logmap
from learnloop.events.logmap import FILE_NAME, guess, load, parse, position, ready

MINE = {
    "name": "mine",
    "learner": "student",
    "item": ["exercise"],
    "correct": {"column": "ok"},
}


def mine(**changes: object) -> bytes:
    return json.dumps(MINE | changes).encode()


def test_the_promised_maps_are_ready() -> None:
    assert set(ready()) == {
        "algebra05_part",
        "assistments",
        "assistments09",
        "datashop",
        "ednet",
        "ednet_part",
        "frcsub",
        "math1",
        "math2",
        "mofacts_stats_cloze",
        "statics11",
    }
    assert all(m.about for m in ready().values())
    assert ready()["ednet"].learner == FILE_NAME


def test_a_map_is_found_by_name_or_path(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(b"\xef\xbb\xbf" + mine())
    assert load("datashop").name == "datashop"
    assert load(str(tmp_path / "mine.json")).learner == "student"
    with pytest.raises(DataError, match=r"neither a file nor one of .*assistments"):
        load("asistments")
    with pytest.raises(DataError, match="neither a file"):
        load(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "truncated"),
        (b"\xff", "malformed"),
        (b"[" * 50_000, "recursion|Expected"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `name`"),
        (mine(name=" "), "can't be empty"),
        (mine(item=[]), "can't be empty"),
        (mine(learner=[]), "can't be empty"),
        (mine(lerner="x"), "unknown field `lerner`"),
        (mine(correct={"column": "ok", "right": "yes"}), r"correct\.right"),
        (mine(correct={"column": "ok", "key": True}), r"needs items\.key"),
        (mine(delimiter="::"), "one character"),
        (mine(delimiter=""), "one character"),
        (mine(delimiter='"'), "no quote"),
        (mine(delimiter="\n"), "no quote or line end"),
        (mine(response_time={"until": "t"}), "needs time"),
        (mine(time={"column": "t", "unit": "h"}), r"time\.unit"),
        (mine(time={"column": "t", "zone": "Mars/North"}), r"time\.zone"),
        (mine(time={"column": "t", "zone": "../../etc/passwd"}), r"time\.zone"),
        (mine(time={"column": "t", "origin": "2020-01-01T00:00:00"}), r"time\.origin"),
        (mine(response_time={}), "either column or until"),
        (mine(response_time={"column": "a", "until": "b"}), "either column or until"),
    ],
)
def test_a_wrong_map_says_which_field(text: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        parse(text, "mine.json")
    assert caught.value.message.startswith("map mine.json: ")
    assert caught.value.field == "map"


def test_the_first_name_that_the_header_has_counts() -> None:
    assert position("b", ["a", "b"]) == 1
    assert position(["x", "b", "a"], ["a", "b"]) == 1
    assert position("c", ["a", "b"]) is None


def test_a_header_or_a_folder_is_recognised(tmp_path: Path) -> None:
    raw = ["order_id", "user_id", "problem_id", "original", "correct", "skill_name"]
    assert guess(raw, tmp_path / "any.csv").name == "assistments"
    kt1 = ["timestamp", "solving_id", "question_id", "user_answer", "elapsed_time"]
    assert guess(kt1, tmp_path / "u1.csv").name == "ednet"
    log = tmp_path / "statics11" / "interactions.csv.gz"
    assert guess(["user_id", "item_id", "correct"], log).name == "statics11"


def test_a_header_that_many_data_sets_share_is_not_guessed(tmp_path: Path) -> None:
    header = ["user_id", "item_id", "timestamp", "correct", "skill_combo_id"]
    with pytest.raises(DataError, match="no ready map fits the columns user_id"):
        guess(header, tmp_path / "log.csv")


def test_no_two_ready_maps_share_a_folder() -> None:
    folders = [m.folder for m in logmap.ready().values() if m.folder]
    assert len(set(folders)) == len(folders)
