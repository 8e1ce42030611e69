"""Does a new user see what the demo promises? It is started, and its lines are pasted."""

import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from learnloop.core.time import ManualClock
from learnloop.journeys.demo import CLASS, SHOWN, fill
from learnloop.journeys.engine import PersonalizationEngine
from tests.journeys.demo_server import LEARNLOOP, DemoServer

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with DemoServer(tmp_path_factory.mktemp("home")) as server:
        yield server


def pasted(running: DemoServer) -> list[str]:
    """What each pasted curl line prints."""
    first = next(i for i, line in enumerate(running.lines) if line.startswith("AUTH="))
    auth, *rest = running.lines[first : running.lines.index("", first)]
    return [
        subprocess.run(
            ["bash", "-c", f"{auth}\n{line}"], capture_output=True, text=True, check=True
        ).stdout
        for line in rest
        if line.startswith("curl")
    ]


def count(text: str) -> int:
    found = re.search(r'"n_answers": (\d+)', text)
    assert found is not None, text
    return int(found.group(1))


def title_of(running: DemoServer, item_id: str) -> str:
    with (
        PersonalizationEngine.open(running.database) as engine,
        engine.store.begin(write=False) as tx,
    ):
        return engine.live(tx).item(item_id).title


def test_pasting_the_lines_shows_what_they_promise(running: DemoServer) -> None:
    known, chosen, receipt, known_then, chosen_then, again, known_last = pasted(running)
    assert '"sentence": ' in chosen
    assert json.loads(receipt) == {"accepted": 1, "duplicates": 0, "rejected": []}
    n, n_then, n_last = (count(text) for text in (known, known_then, known_last))
    assert n_then == n + 1, "the profile did not change"
    answered = re.search(r'"item_id": "([^"]+)"', running.text)
    assert answered is not None
    assert title_of(running, answered.group(1)) not in chosen_then, "the same again"
    assert json.loads(again) == {"accepted": 0, "duplicates": 1, "rejected": []}
    assert n_last == n_then, "an answer was counted twice"


def test_three_keys_see_what_is_theirs(running: DemoServer) -> None:
    keys = running.keys
    assert set(keys) == {"learner", "teacher", "admin"}
    own, other = f"/api/users/{SHOWN}/profile", "/api/users/demo-kite/profile"
    assert running.get(own, keys["learner"])[0] == 200
    assert running.get(other, keys["learner"])[0] == 404
    assert running.get(other, keys["teacher"])[0] == 200
    assert running.get(other, keys["admin"])[0] == 200
    assert running.get(own, None)[0] == 401


def test_the_link_signs_in_and_the_page_says_demo_data(running: DemoServer) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(running.page, timeout=30) as reply:
        page = reply.read().decode()
    assert "demo data" in page.lower()
    assert SHOWN in page


def test_the_second_start_keeps_the_keys_and_what_was_answered(running: DemoServer) -> None:
    with DemoServer(running.folder) as second:
        assert second.keys == running.keys
        assert second.url != running.url
    n = running.get(f"/api/users/{SHOWN}/profile", second.keys["learner"])
    assert n[0] == 200


def test_a_taken_port_is_told_in_one_line(running: DemoServer) -> None:
    port = running.url.rpartition(":")[2]
    done = subprocess.run(
        [*LEARNLOOP, "demo", "--no-open", "--port", port],
        cwd=running.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert port in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def filled() -> Iterator[PersonalizationEngine]:
    with PersonalizationEngine.open("memory://", clock=ManualClock(NOW)) as engine:
        fill(engine)
        yield engine


def histories(engine: PersonalizationEngine) -> dict[str, list[Any]]:
    with engine.store.begin(write=False) as tx:
        return {name: tx.interactions.history(name) for name in CLASS}


def test_the_same_seed_makes_the_same_class(filled: PersonalizationEngine) -> None:
    with PersonalizationEngine.open("memory://", clock=ManualClock(NOW)) as other:
        fill(other)
        assert histories(other) == histories(filled)


def test_the_class_has_a_few_hundred_answers_of_the_last_weeks(
    filled: PersonalizationEngine,
) -> None:
    rows = [row for log in histories(filled).values() for row in log]
    assert 300 <= len(rows) <= 900
    assert all(0 <= (NOW - row.occurred_at).days < 30 for row in rows)
    lengths = {name: len(log) for name, log in histories(filled).items()}
    assert lengths["demo-lichen"] == 0, "one learner is quite new"
    assert 0 < lengths["demo-kite"] < 5, "of one, little is known"


def test_the_shown_learner_has_something_known_and_something_to_do(
    filled: PersonalizationEngine,
) -> None:
    known = filled.profile(SHOWN)
    assert known.is_demo
    assert any(level.sure for level in known.skills.current_levels)
    assert any(not level.sure for level in known.skills.current_levels)
    found = filled.generate_recommendations(SHOWN)
    assert len(found.recommendations) == 5
    assert all(r.reasons for r in found.recommendations)
