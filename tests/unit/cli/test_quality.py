"""Does `quality` look at a database, a file and a table, and change none of them?"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from learnloop.cli.demo_folder import DemoFolder

Learnloop = Callable[..., Any]

ROWS = "".join(f"l{n % 3},i{n % 7},{n % 2},2026-01-05T09:{n:02}:00Z\n" for n in range(60))
MAP = """{"name": "m", "learner": "who", "item": ["what"], "correct": {"column": "ok"},
          "time": {"column": "at"}}"""


@pytest.fixture
def files(elsewhere: Path) -> Path:
    (elsewhere / "map.json").write_text(MAP)
    (elsewhere / "log.csv").write_text("who,what,ok,at\n" + ROWS)
    return elsewhere


def statuses(report: Any) -> dict[str, str]:
    return {check["code"]: check["status"] for check in report["checks"]}


def test_the_log_of_a_database_is_looked_at_and_left_alone(
    demo: DemoFolder, elsewhere: Path, learnloop: Learnloop
) -> None:
    url = ("--database", demo.url)
    kept = demo.path / "learnloop.db"
    before = sha256(kept.read_bytes()).digest()
    done = learnloop("quality", *url, "--max-age", "1e6", "--html", "q.html")
    assert "value_range" in done.out
    assert " learners, 20" in done.out
    assert "<svg" in Path("q.html").read_text()
    found = learnloop("quality", *url, "--max-age", "1e6", "--json").json
    assert {"ok", "warn"} >= {statuses(found)[x] for x in ("schema", "value_range", "stale")}
    assert [x["code"] for x in found["alerts"]] == [
        code for status in ("fail", "warn") for code, s in statuses(found).items() if s == status
    ]
    assert sha256(kept.read_bytes()).digest() == before


def test_a_file_is_looked_at_before_it_is_imported(files: Path, learnloop: Learnloop) -> None:
    done = learnloop("quality", "log.csv", "--map", "map.json", "--json")
    assert done.code == 0
    assert statuses(done.json)["rejected"] == "ok"
    assert statuses(done.json)["stale"] == "ok"
    assert not list(files.glob("*.db"))


def test_a_failed_check_is_exit_code_1(files: Path, learnloop: Learnloop) -> None:
    arguments = ("quality", "log.csv", "--map", "map.json")
    assert learnloop(*arguments, "--max-age", "1").code == 1
    wrong = "".join(f"l1,i1,?,2026-01-05T10:{n:02}:00Z\n" for n in range(9))
    (files / "log.csv").write_text("who,what,ok,at\n" + ROWS + wrong)
    done = learnloop(*arguments)
    assert done.code == 1
    assert "9 of 69 rows can't be taken: invalid_input 9" in done.out
    assert "line 62" in done.out


def test_a_table_is_looked_at(elsewhere: Path, learnloop: Learnloop) -> None:
    rows = {"learner_id": ["a"], "interaction_id": ["1"], "item_id": ["i"], "occurred_us": [10**15]}
    pl.DataFrame({**rows, "kind": ["viewed"]}).write_parquet("log.parquet")
    assert learnloop("quality", "log.parquet").code == 0
    pl.DataFrame(rows).write_parquet("log.parquet")
    done = learnloop("quality", "log.parquet", "--json")
    assert done.code == 1
    assert statuses(done.json) == {"schema": "fail"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "no database at"),
        (("nowhere.csv",), "nowhere.csv"),
        (("nowhere.parquet",), "can't be read"),
        (("map.json", "--format", "catalog"), "a catalog has no events"),
        (("log.csv", "--map", "map.json", "--html", "no/folder.html"), "can't be written"),
    ],
)
def test_what_can_not_be_done_is_told_in_one_line(
    arguments: tuple[str, ...], problem: str, files: Path, learnloop: Learnloop
) -> None:
    done = learnloop("quality", *arguments)
    assert done.code == 1
    assert problem in done.err
    assert done.err.count("\n") == 1
