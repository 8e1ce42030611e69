"""Is a demo made once, found again, and deleted without touching anything else?"""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learnloop.accounts import authenticate
from learnloop.cli.database import sqlite_url
from learnloop.cli.demo_folder import DATABASE, FILES, MARKER, N_LEARNERS, DemoFolder
from learnloop.core.errors import DataError
from learnloop.core.records import Role
from learnloop.journeys.engine import PersonalizationEngine

Learnloop = Callable[..., Any]


def test_what_is_made_is_found_again_with_working_keys(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "a folder, 100% odd?" / "demo")
    assert folder.access() is None
    steps: list[int] = []
    made = folder.make(steps.append)
    assert steps == list(range(1, N_LEARNERS + 1))
    assert DemoFolder(folder.path).access() == made
    assert {x.name for x in folder.path.iterdir()} <= set(FILES)
    with (
        PersonalizationEngine.open(folder.url) as engine,
        engine.store.begin(write=False) as tx,
    ):
        now = engine.clock.now()
        assert authenticate(tx, made.learner_key, now).learner_id == made.learner_id
        assert authenticate(tx, made.teacher_key, now).class_id == made.class_id
        assert authenticate(tx, made.admin_key, now).role is Role.ADMIN
        assert len(tx.accounts.members(made.class_id)) == N_LEARNERS


def test_the_keys_are_nobody_elses_to_read(demo: DemoFolder) -> None:
    assert (demo.path / MARKER).stat().st_mode & 0o077 == 0


def test_deleting_leaves_nothing(tmp_path: Path, learnloop: Learnloop) -> None:
    folder = DemoFolder(tmp_path / "demo")
    folder.make(lambda _: None)
    done = learnloop("demo", "--delete", "--dir", str(folder.path))
    assert done.code == 0
    assert not folder.path.exists()


def test_deleting_keeps_what_is_not_the_demos(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    folder.make(lambda _: None)
    mine = folder.path / "thesis.txt"
    mine.write_text("mine")
    assert folder.delete() == [mine]
    assert list(folder.path.iterdir()) == [mine]


def test_a_foreign_folder_is_refused(tmp_path: Path, learnloop: Learnloop) -> None:
    database = tmp_path / DATABASE
    database.write_text("a school")
    done = learnloop("demo", "--delete", "--dir", str(tmp_path))
    assert done.code == 1
    assert "nothing is deleted" in done.err
    with pytest.raises(DataError, match="no demo folder"):
        DemoFolder(tmp_path).make(lambda _: None)
    assert database.read_text() == "a school"
    assert learnloop("demo", "--delete", "--dir", str(tmp_path / "nowhere")).code == 1


def test_half_a_demo_is_made_anew(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")

    def stop(n_done: int) -> None:
        if n_done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder.make(stop)
    assert json.loads((folder.path / MARKER).read_text()) == {}
    assert folder.access() is None
    made = folder.make(lambda _: None)
    assert folder.access() == made
    with sqlite3.connect(folder.path / DATABASE) as connection:
        found = connection.execute("SELECT count(*) FROM learners").fetchone()
    connection.close()
    assert found == (N_LEARNERS,)


def test_a_path_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(DataError, match="can't make the demo"):
        DemoFolder(tmp_path / "demo").make(lambda _: None)


def test_every_learner_says_that_it_is_made_up(demo: DemoFolder) -> None:
    with (
        PersonalizationEngine.open(sqlite_url(demo.path / DATABASE)) as engine,
        engine.store.begin(write=False) as tx,
    ):
        learners = tx.learners.page(None, 100)
    assert len(learners) == N_LEARNERS
    assert all(x.is_demo and x.learner_id.startswith("demo-") for x in learners)
