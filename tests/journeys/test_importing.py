"""A whole log comes in: good rows kept, each once; a rehearsal that writes nothing."""

from pathlib import Path

import pytest

from learnloop.catalog import Catalog
from learnloop.core.errors import CatalogError, Rejection
from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.types import Item, Learner, Skill
from learnloop.events.csv import open_log
from learnloop.events.jsonl import open_jsonl
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
