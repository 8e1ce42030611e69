"""Files of learnloop's own JSON: lines, or one array."""

import json
from pathlib import Path

import pytest

from learnloop.core.errors import DataError, Rejection
from learnloop.events.jsonl import open_json, open_jsonl
from learnloop.events.rows import Parsed

GOOD = {
    "interaction_id": "a1",
    "learner_id": "ada",
    "item_id": "i1",
    "occurred_at": "2026-01-05T09:30:00Z",
    "correct": True,
}


def test_each_line_is_taken_or_named(tmp_path: Path) -> None:
    lines = [
        json.dumps(GOOD),
        "",
        json.dumps(GOOD | {"score": 7}),
        "{",
        json.dumps([GOOD]),
        json.dumps(GOOD | {"interaction_id": "a2", "occurred_at": "2026-01-05T09:30:00"}),
        json.dumps(GOOD | {"interaction_id": "a3", "learner_id": "Zoë"}, ensure_ascii=False),
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    log = open_jsonl(path)
    rows = list(log)
    assert [r.line for r in rows] == [1, 3, 4, 5, 6, 7]
    good = [r.interaction for r in rows if isinstance(r, Parsed)]
    assert [(x.interaction_id, x.learner_id) for x in good] == [("a1", "ada"), ("a3", "Zoë")]
    refused = [r for r in rows if isinstance(r, Rejection)]
    assert [r.field for r in refused] == ["score", None, None, "occurred_at"]
    assert log.bytes_read == log.total_bytes == path.stat().st_size
    assert log.nouns() == ((), ())


def test_an_empty_file_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b"")
    with pytest.raises(DataError, match="empty"):
        list(open_jsonl(tmp_path / "log.jsonl"))


@pytest.mark.parametrize(
    "header", ["learner_id,item_id,correct", '"learner";"item"', "\ufeffa\tb", "\n\na,b", "1,2"]
)
def test_csv_is_told_once_and_not_line_by_line(tmp_path: Path, header: str) -> None:
    (tmp_path / "log.jsonl").write_text(f"{header}\n1,2\n3,4\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"log\.jsonl: looks like CSV"):
        open_jsonl(tmp_path / "log.jsonl")


@pytest.mark.parametrize("first", ["{,", "[1, 2]", "nonsense"])
def test_a_first_line_that_is_only_wrong_is_named_alone(tmp_path: Path, first: str) -> None:
    (tmp_path / "log.jsonl").write_text(f"{first}\n{json.dumps(GOOD)}\n")
    assert [isinstance(row, Parsed) for row in open_jsonl(tmp_path / "log.jsonl")] == [False, True]


def test_an_array_is_taken_element_by_element(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    wrong = GOOD | {"interaction_id": "a2", "hints": -1}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([GOOD, wrong, 5], indent=1).encode())
    log = open_json(path)
    rows = list(log)
    assert [r.line for r in rows] == [0, 1, 2]
    assert [isinstance(r, Parsed) for r in rows] == [True, False, False]
    assert log.bytes_read == log.total_bytes
    path.write_text(json.dumps(GOOD))
    assert [r.line for r in open_json(path)] == [0]


def test_an_array_may_be_one_long_line(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps([GOOD] * 12_000))
    assert path.stat().st_size > 1 << 20
    assert sum(isinstance(row, Parsed) for row in open_json(path)) == 12_000


@pytest.mark.parametrize("content", ["[", "5", json.dumps(GOOD) + "\n" + json.dumps(GOOD)])
def test_what_is_no_array_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "log.json").write_text(content)
    with pytest.raises(DataError, match=r"log\.json: body: "):
        list(open_json(tmp_path / "log.json"))
