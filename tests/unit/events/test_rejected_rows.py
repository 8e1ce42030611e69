"""Is what stood in a refused row kept with its reason? Nothing may be lost."""

import json
from pathlib import Path

import pytest

from learnloop.core.errors import Rejection
from learnloop.events.csv import open_log
from learnloop.events.jsonl import open_json, open_jsonl

MAP = {"name": "m", "learner": "who", "item": ["what"], "correct": {"column": "ok"}}
GOOD = {
    "interaction_id": "a",
    "learner_id": "ada",
    "item_id": "i",
    "occurred_at": "2026-01-05T09:30:00Z",
    "correct": True,
}


@pytest.fixture
def mapped(tmp_path: Path) -> str:
    (tmp_path / "map.json").write_text(json.dumps(MAP))
    return str(tmp_path / "map.json")


def test_a_row_of_csv_is_kept_by_column_or_as_its_text(tmp_path: Path, mapped: str) -> None:
    log = tmp_path / "log.csv"
    log.write_text('who,what,ok\nada,i1,1\nbob,"i,1",maybe\ncyd,"i, 2"\n')
    good, by_column, as_text = open_log(log, mapped)
    assert not isinstance(good, Rejection)
    assert isinstance(by_column, Rejection)
    assert isinstance(as_text, Rejection)
    assert by_column.row == {"who": "bob", "what": "i,1", "ok": "maybe"}
    assert as_text.row == 'cyd,"i, 2"'
    later = good.refused(Rejection(0, "unknown_item", "no such item"))
    assert (later.line, later.row) == (2, {"who": "ada", "what": "i1", "ok": "1"})


def test_a_line_of_json_is_kept_as_its_text(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps(GOOD) + '\n{"half":\n')
    good, wrong = open_jsonl(log)
    assert not isinstance(good, Rejection)
    assert good.refused(Rejection(0, "x", "y")).row == json.dumps(GOOD)
    assert isinstance(wrong, Rejection)
    assert wrong.row == '{"half":'


def test_an_element_of_an_array_is_kept_as_json(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    zoneless = {**GOOD, "occurred_at": "2026-01-05T09:30:00"}
    strange = {**GOOD, "mood": "good"}
    log.write_text(json.dumps([GOOD, zoneless, strange]))
    rows = list(open_json(log))
    kept = {row.line: json.loads(row.row) for row in rows if isinstance(row, Rejection)}
    assert {line: row["occurred_at"] for line, row in kept.items()} == {
        1: zoneless["occurred_at"],
        2: GOOD["occurred_at"],
    }
    assert kept[2] == strange
