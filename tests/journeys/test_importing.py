"""A whole log comes in: good rows kept, each once; a rehearsal that writes nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from learnloop.catalog import Catalog
from learnloop.core.errors import CatalogError, Rejection
from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.types import Item, ItemKind, Learner, Skill
from learnloop.events.csv import open_log
from learnloop.events.jsonl import open_jsonl
from learnloop.events.xapi.reader import open_xapi
from learnloop.journeys import states
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.importing import ImportReport, Log, import_log
from learnloop.journeys.record import record
from tests.journeys.worlds import NOW, answer, small_world

HEADER = "order_id,user_id,problem_id,original,correct,attempt_count,ms_first_response,"
HEADER += "hint_count,skill_id,skill_name\n"


def raw_log(folder: Path, *rows: str) -> Path:
    path = folder / "log.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    return raw_log(
        tmp_path,
        "1,7,51,1,1,1,32000,0,1,Adding",
        "2,7,52,1,0,1,9000,1,1,Adding",
        "3,8,51,1,maybe,1,100,0,1,Adding",
        "4,8,51,1,1,1,100,0,1,Adding",
    )


def taken(
    engine: PersonalizationEngine, log: Log, *, dry_run: bool = False
) -> tuple[ImportReport, list[Rejection]]:
    rejected: list[Rejection] = []
    return import_log(engine, log, dry_run=dry_run, on_rejected=rejected.append), rejected


def test_good_rows_are_kept_and_bad_ones_named_by_line(log_file: Path) -> None:
    engine = PersonalizationEngine.open("memory://")
    report, rejected = taken(engine, open_log(log_file, "assistments"))
    assert (report.n_read, report.accepted, report.rejected) == (4, 3, 1)
    assert (report.new_learners, report.new_items, report.new_skills) == (2, 2, 1)
    assert [(r.line, r.field) for r in rejected] == [(4, "correct")]
    assert engine.profile("7").n_interactions == 2


def test_a_second_import_adds_nothing(log_file: Path) -> None:
    engine = PersonalizationEngine.open("memory://")
    taken(engine, open_log(log_file, "assistments"))
    with engine.store.begin(write=False) as tx:
        version = tx.catalog.version()
    again, _ = taken(engine, open_log(log_file, "assistments"))
    assert (again.accepted, again.duplicates, again.new_learners, again.new_items) == (0, 3, 0, 0)
    with engine.store.begin(write=False) as tx:
        assert (tx.catalog.version(), tx.interactions.count()) == (version, 3)


def test_a_dry_run_says_the_same_and_writes_nothing(log_file: Path) -> None:
    engine = PersonalizationEngine.open("memory://")
    rehearsed, _ = taken(engine, open_log(log_file, "assistments"), dry_run=True)
    with engine.store.begin(write=False) as tx:
        assert tx.interactions.count() == 0
        assert tx.catalog.version() == "0"
        assert tx.learners.page(None, 9) == []
    real, _ = taken(engine, open_log(log_file, "assistments"))
    assert rehearsed.dry_run
    assert (rehearsed.accepted, rehearsed.rejected, rehearsed.new_learners) == (
        real.accepted,
        real.rejected,
        real.new_learners,
    )
    after, _ = taken(engine, open_log(log_file, "assistments"), dry_run=True)
    assert (after.accepted, after.duplicates) == (0, 3)


def test_our_own_lines_need_known_items(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    line = '{{"interaction_id":"{}","learner_id":"new","item_id":"{}","correct":true,'
    line += f'"occurred_at":"{NOW.isoformat()}"}}}}'
    path.write_text("\n".join((line.format("a", "count-0"), line.format("b", "dance"), "{")))
    engine = small_world("memory://")
    report, rejected = taken(engine, open_jsonl(path))
    assert (report.accepted, report.new_learners) == (1, 1)
    assert [(r.line, r.code) for r in rejected] == [(2, "unknown_item"), (3, "invalid_input")]


def test_an_unsound_catalog_is_refused_whole() -> None:
    engine = small_world("memory://")
    cycle = Skill(SkillId("count"), "count", (SkillId("multiply"),))
    with pytest.raises(CatalogError, match="circle"):
        engine.put_catalog(Catalog((), (cycle,), ()))
    with pytest.raises(CatalogError, match="dance"):
        engine.put_catalog(Catalog((), (), (Item(ItemId("x"), (SkillId("dance"),)),)))
    assert engine.generate_recommendations(LearnerId("ada")).recommendations


def test_a_newcomers_log_is_not_read_back(log_file: Path) -> None:
    engine = PersonalizationEngine.open("memory://")
    taken(engine, open_log(log_file, "assistments"))
    with engine.store.begin() as tx:
        live, who = engine.live(tx), LearnerId("7")
        folds = [fold.ref for fold in live.folds]
        imported = tx.states.get(who, folds)
        states.rebuild(live, tx, who)
        assert tx.states.get(who, folds) == imported

        def never(*_: object) -> None:
            raise AssertionError("the log was read back")

        tx.interactions.history = never  # type: ignore[method-assign, assignment]
        new = LearnerId("new")
        rows = [answer(new, 1, item="51"), answer(new, 2, item="52")]
        tx.learners.put(Learner(new, NOW))
        assert record(live, tx, rows, newcomers=[new]).accepted == 2
        assert states.current(live, tx, new).n == 2


def test_rejections_come_in_the_order_of_the_file_whoever_they_are_of(tmp_path: Path) -> None:
    rows = [f"{n},{9 - n % 5},5{n % 3},1,{'maybe' if n % 4 else 1},1,9,0,1,A" for n in range(40)]
    engine = PersonalizationEngine.open("memory://")
    report, rejected = taken(engine, open_log(raw_log(tmp_path, *rows), "assistments"))
    assert (report.n_read, report.accepted, report.rejected) == (40, 10, 30)
    assert [r.line for r in rejected] == [n + 2 for n in range(40) if n % 4]


def test_of_two_rows_with_one_id_the_first_of_the_file_stays(tmp_path: Path) -> None:
    def row(at: str, item: str) -> str:
        said = {"interaction_id": "a", "learner_id": "ada", "item_id": item, "occurred_at": at}
        return json.dumps(said | {"correct": True})

    first, second = row("2026-01-05T09:30:00Z", "add-1"), row("2026-01-04T09:30:00Z", "add-2")
    path = tmp_path / "log.jsonl"
    path.write_text(f"{first}\n{second}")
    engine = small_world("memory://")
    report, rejected = taken(engine, open_jsonl(path))
    assert (report.accepted, [r.code for r in rejected]) == (1, ["conflicting_duplicate"])


ADA = {"mbox": "mailto:ada@example.org"}


def statements(folder: Path) -> Path:
    """What Ada did with a video and a question; the latest first, as an LRS answers."""
    video = {"id": "x:v", "definition": {"type": "https://w3id.org/xapi/video/activity-type/video"}}
    told = [
        ("http://adlnet.gov/expapi/verbs/answered", {"id": "x:q"}, 40, {"success": True}),
        ("http://adlnet.gov/expapi/verbs/completed", video, 30, {}),
        ("http://adlnet.gov/expapi/verbs/interacted", video, 25, {}),
        ("https://w3id.org/xapi/video/verbs/paused", video, 20, {}),
        ("https://w3id.org/xapi/video/verbs/played", video, 10, {}),
    ]
    page = [
        {
            "id": f"0000000{n}-0000-4000-8000-00000000000a",
            "actor": ADA,
            "verb": {"id": verb},
            "object": item,
            "result": result,
            "timestamp": f"2026-01-05T09:{minute}:00Z",
        }
        for n, (verb, item, minute, result) in enumerate(told)
    ]
    path = folder / "page.json"
    path.write_text(json.dumps({"statements": [*page, page[0] | {"actor": {}}], "more": ""}))
    return path


def test_statements_come_in_with_their_items_and_learners(tmp_path: Path) -> None:
    engine = PersonalizationEngine.open("memory://")
    log = open_xapi(statements(tmp_path))
    rehearsed, _ = taken(engine, log, dry_run=True)
    report, rejected = taken(engine, log)
    assert replace(report, dry_run=True) == rehearsed
    assert (report.n_read, report.accepted, report.rejected, report.skipped) == (5, 4, 1, 1)
    assert (report.new_learners, report.new_items, report.new_skills) == (1, 2, 0)
    assert [(r.line, r.field) for r in rejected] == [(5, "actor")]
    with engine.store.begin(write=False) as tx:
        (learner,) = tx.learners.page(None, 9)
        _, _, items = tx.catalog.load()
    assert "ada" not in repr(learner)
    assert {x.item_id: x.kind for x in items} == {
        "x:v": ItemKind.VIDEO,
        "x:q": ItemKind.EXERCISE,
    }
    profile = engine.profile(learner.learner_id)
    assert profile.n_interactions == 4
    again, _ = taken(engine, open_xapi(statements(tmp_path)))
    assert (again.accepted, again.duplicates, again.new_items) == (0, 4, 0)
