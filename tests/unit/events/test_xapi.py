"""xAPI statements: what a learner did, who they are here, and nothing lost without a word."""

import gzip
import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from learnloop.core.errors import DataError, InvalidInput, Rejection
from learnloop.core.types import Interaction, InteractionKind, ItemKind
from learnloop.events.rows import Parsed
from learnloop.events.xapi.agent import learner_of
from learnloop.events.xapi.reader import open_xapi
from learnloop.events.xapi.statement import Actor, decode
from learnloop.events.xapi.verbs import KINDS, LeftOut, interaction_of

ADL = "http://adlnet.gov/expapi/verbs"
VIDEO = "https://w3id.org/xapi/video"
SECONDS = f"{VIDEO}/extensions"
MBOX = "mailto:ada@example.org"
IDS = [f"0000000{n}-0000-4000-8000-00000000000a" for n in range(9)]


def statement(verb_id: str = f"{ADL}/answered", /, **changes: Any) -> dict[str, Any]:
    said = {
        "id": IDS[0],
        "actor": {"account": {"homePage": "https://lms.example", "name": "ada"}},
        "verb": {"id": verb_id},
        "object": {"id": "https://lms.example/q/1"},
        "timestamp": "2026-01-05T09:31:00Z",
    } | changes
    return {k: v for k, v in said.items() if v is not None}


def told(said: object) -> Interaction:
    found = interaction_of(decode(json.dumps(said).encode()))
    assert isinstance(found, Interaction), found
    return found


def file_of(folder: Path, text: str) -> Path:
    path = folder / "statements"
    path.write_text(text, encoding="utf-8")
    return path


def lines_of(folder: Path, *statements: object) -> Path:
    return file_of(folder, "\n".join(json.dumps(x) for x in statements))


def test_an_answer_with_its_result() -> None:
    result = {"success": False, "score": {"scaled": 0.25}, "duration": "PT1M0.5S"}
    x = told(statement(result=result, id=IDS[0].upper()))
    assert (x.interaction_id, x.item_id) == (IDS[0], "https://lms.example/q/1")
    assert (x.kind, x.correct, x.score) == (InteractionKind.ANSWERED, False, 0.25)
    assert x.response_time_ms == 60_500
    assert x.occurred_at == datetime(2026, 1, 5, 9, 29, 59, 500_000, UTC)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ({"scaled": 0.5, "raw": 9, "min": 0, "max": 10}, 0.5),
        ({"scaled": -0.5}, 0.0),
        ({"raw": 15, "min": 10, "max": 20}, 0.5),
        ({"raw": 3, "max": 4}, 0.75),
        ({"raw": -3, "max": 4}, 0.0),
        ({"raw": 3}, None),
        ({"raw": 0, "min": 0, "max": 0}, None),
        ({}, None),
    ],
)
def test_a_score_is_from_0_to_1_or_unknown(score: dict[str, float], expected: float | None) -> None:
    assert told(statement(result={"score": score, "success": True})).score == expected


@pytest.mark.parametrize(
    ("verb", "result", "kind", "correct"),
    [
        ("answered", {"score": {"scaled": 1}}, "answered", True),
        ("answered", {"score": {"scaled": 0.5}}, "answered", None),
        ("answered", {"response": "an essay"}, "studied", None),
        ("answered", {}, "studied", None),
        ("attempted", {}, "started", None),
        ("attempted", {"success": True}, "answered", True),
        ("initialized", {"success": True}, "started", None),
        ("completed", {"success": False, "duration": "PT1H"}, "completed", False),
        ("terminated", {"success": True}, "viewed", None),
    ],
)
def test_kinds_follow_the_verb_and_whether_it_was_judged(
    verb: str, result: dict[str, Any], kind: str, correct: bool | None
) -> None:
    x = told(statement(f"{ADL}/{verb}", result=result))
    assert (x.kind, x.correct) == (kind, correct)
    assert x.sequence == (kind != "started")
    assert x.response_time_ms is None


def test_every_mapped_verb_gives_its_kind() -> None:
    for verb, kind in KINDS.items():
        assert told(statement(verb, result={"success": True})).kind == kind or "attempted" in verb


@pytest.mark.parametrize(
    ("duration", "ms"),
    [
        ("PT0S", 0),
        ("PT1.5S", 1_500),
        ("PT1,5S", 1_500),
        ("PT03M15S", 195_000),
        ("P1D", 86_400_000),
        ("P1DT1S", None),
        ("P1W", None),
        ("P1Y", None),
        ("P0Y0M0DT2H", 7_200_000),
        (f"PT{'9' * 400}S", None),
    ],
)
def test_durations_of_more_than_a_day_are_left_out(duration: str, ms: int | None) -> None:
    assert told(statement(result={"success": True, "duration": duration})).response_time_ms == ms


def test_where_in_a_video_it_happened() -> None:
    extensions = {f"{SECONDS}/time-from": 90.5, f"{SECONDS}/time-to": 30}
    x = told(statement(f"{VIDEO}/verbs/seeked", result={"extensions": extensions}))
    assert (x.kind, x.position_s, x.moved_s) == (InteractionKind.SEEKED, 90.5, -60.5)
    x = told(statement(f"{VIDEO}/verbs/paused", result={"extensions": {f"{SECONDS}/time": 12}}))
    assert (x.kind, x.position_s, x.moved_s) == (InteractionKind.PAUSED, 12.0, None)
    x = told(statement(f"{VIDEO}/verbs/seeked", result={"extensions": {f"{SECONDS}/time-to": 1}}))
    assert (x.position_s, x.moved_s) == (None, None)


def test_times_are_stored_ones_where_nothing_else_is_said() -> None:
    x = told(statement(f"{ADL}/experienced", timestamp=None, stored="2026-01-05T10:31:00+01:00"))
    assert x.occurred_at == datetime(2026, 1, 5, 9, 31, tzinfo=UTC)


def test_a_statement_without_an_id_has_one_by_what_it_says() -> None:
    first = told(statement(id=None, result={"success": True}))
    assert first.interaction_id == told(statement(id=None)).interaction_id
    others = [
        statement(id=None, timestamp="2026-01-05T09:31:01Z"),
        statement(id=None, object={"id": "https://lms.example/q/2"}),
        statement(f"{ADL}/completed", id=None),
    ]
    assert len({first.interaction_id} | {told(x).interaction_id for x in others}) == 4


def test_learners_are_pseudonyms() -> None:
    sha1 = "7F8B1F4F4BB0DC5C0B8B9F1E1F9E5B5F5A5E5D5C"
    agents = [
        {"account": {"homePage": "https://lms.example", "name": "ada"}},
        {"account": {"homePage": "https://lms.example", "name": "bob"}},
        {"account": {"homePage": "https://other.example", "name": "ada"}},
        {"mbox": MBOX},
        {"mbox_sha1sum": sha1},
        {"openid": "https://ada.example.org"},
    ]
    learners = [told(statement(actor=agent)).learner_id for agent in agents]
    assert len(set(learners)) == len(agents)
    assert all(len(x) == 37 and x.startswith("xapi:") for x in learners)
    assert told(statement(actor={"mbox_sha1sum": sha1.lower()})).learner_id == learners[4]


def test_an_mbox_and_its_sha1_are_one_learner() -> None:
    hashed = Actor(mbox_sha1sum=hashlib.sha1(MBOX.encode()).hexdigest())
    assert learner_of(hashed) == learner_of(Actor(mbox=MBOX))


WRONG = [
    ({"actor": {}}, "actor"),
    ({"actor": {"mbox": MBOX, "openid": "https://ada.example.org"}}, "actor"),
    ({"actor": {"mbox": "ada@example.org"}}, "actor.mbox"),
    ({"actor": {"mbox_sha1sum": "abc"}}, "actor.mbox_sha1sum"),
    ({"actor": {"openid": "ada"}}, "actor.openid"),
    ({"actor": {"account": {"homePage": "lms", "name": "ada"}}}, "actor.account.homePage"),
    ({"actor": {"account": {"homePage": "https://x", "name": " "}}}, "actor.account.name"),
    ({"actor": {"account": {"homePage": "https://x"}}}, "actor.account"),
    ({"actor": {"objectType": "Robot", "mbox": MBOX}}, "actor.objectType"),
    ({"verb": {"id": "answered"}}, "verb.id"),
    ({"verb": {"id": "x:\x1b[2J"}}, "verb.id"),
    ({"verb": {}}, "verb"),
    ({"object": {"id": "q1"}}, "object.id"),
    ({"object": {"id": "x:1", "definition": {"name": "Q"}}}, "object.definition.name"),
    ({"object": {"objectType": "Thing", "id": "x:1"}}, "object.objectType"),
    ({"object": {"objectType": "StatementRef", "id": "1"}}, "object.id"),
    ({"verb": {"id": f"{ADL}/voided"}}, "object.objectType"),
    ({"id": "1"}, "id"),
    ({"id": 1}, "id"),
    ({"timestamp": None}, "timestamp"),
    ({"timestamp": "yesterday"}, "timestamp"),
    ({"timestamp": "2026-01-05T09:31:00"}, "timestamp"),
    ({"timestamp": "9999-12-31T23:59:59-05:00"}, "timestamp"),
    ({"timestamp": None, "stored": "soon"}, "stored"),
    ({"result": {"success": "yes"}}, "result.success"),
    ({"result": {"score": {"scaled": 1.1}}}, "result.score.scaled"),
    ({"result": {"score": {"scaled": "1"}}}, "result.score.scaled"),
    ({"result": {"score": {"raw": 11, "max": 10}}}, "result.score.raw"),
    ({"result": {"score": {"raw": 1, "min": 2, "max": 10}}}, "result.score.raw"),
    ({"result": {"success": True, "duration": "1 minute"}}, "result.duration"),
    ({"result": {"success": True, "duration": "P"}}, "result.duration"),
    ({"result": {"success": True, "duration": "PT"}}, "result.duration"),
    ({"result": {"extensions": {f"{SECONDS}/time": "12"}}}, f"result.extensions.{SECONDS}/time"),
]


@pytest.mark.parametrize(("changes", "path"), WRONG, ids=[path for _, path in WRONG])
def test_what_is_wrong_names_its_field(changes: dict[str, Any], path: str) -> None:
    said = json.dumps(statement(**{"result": {"success": True}} | changes))
    with pytest.raises(InvalidInput) as caught:
        interaction_of(decode(said.encode()))
    assert caught.value.field == path
    assert caught.value.message.startswith(f"{path}: ")
    assert "ada" not in caught.value.message


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (statement("https://example.org/waved"), "https://example.org/waved"),
        (statement(actor={"objectType": "Group", "mbox": "mailto:a@b.c"}), "group"),
        (statement(object={"objectType": "Agent", "mbox": MBOX}), "Agent"),
        (statement(object={"objectType": "GroupActivity", "id": "x:1"}), "GroupActivity"),
    ],
)
def test_what_is_no_interaction_is_left_out_and_says_why(said: dict[str, Any], why: str) -> None:
    found = interaction_of(decode(json.dumps(said).encode()))
    assert isinstance(found, LeftOut)
    assert why in found.why


def test_lines_are_taken_left_out_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "statements.jsonl.gz"
    lines = [
        json.dumps(statement(result={"success": True})),
        "",
        "{",
        json.dumps(statement(f"{ADL}/interacted", id=IDS[1])),
        json.dumps(statement(id=IDS[2], actor={"mbox": "ada"})),
        json.dumps(statement(f"{ADL}/interacted", id=IDS[3])),
    ]
    path.write_bytes(gzip.compress("\r\n".join(lines).encode()))
    log = open_xapi(path)
    for _ in range(2):
        rows = list(log)
        assert [r.line for r in rows] == [1, 3, 5]
        assert [type(r) for r in rows] == [Parsed, Rejection, Rejection]
        assert [r.field for r in rows[1:] if isinstance(r, Rejection)] == [
            "statement",
            "actor.mbox",
        ]
        assert log.skipped == 2
        assert log.notes == [f"2 statements are left out: the verb {ADL}/interacted is not mapped"]
    assert log.bytes_read == log.total_bytes


def test_nothing_that_is_kept_of_a_row_says_who_it_was(tmp_path: Path) -> None:
    wrote = {"success": 1, "response": "my secret"}
    rows = list(open_xapi(lines_of(tmp_path, statement(actor={"mbox": MBOX}, result=wrote))))
    rows += list(open_xapi(lines_of(tmp_path, statement(actor={"mbox": MBOX}))))
    for row in rows:
        kept = json.loads(str(row.row))
        assert kept.keys() == {"id", "verb", "timestamp"}
        assert not any(word in repr(row) for word in ("ada", "example.org", "secret"))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("is_page", [True, False])
def test_arrays_and_answers_of_an_lrs(tmp_path: Path, indent: int | None, is_page: bool) -> None:
    result = {"success": True}
    many = [statement(id=IDS[n], result=result) for n in range(3)] + [{"id": IDS[4]}, 5]
    document = {"statements": many, "more": "/more"} if is_page else many
    rows = list(open_xapi(file_of(tmp_path, "\ufeff " + json.dumps(document, indent=indent))))
    assert [(r.line, type(r)) for r in rows] == [
        (0, Parsed), (1, Parsed), (2, Parsed), (3, Rejection), (4, Rejection),
    ]  # fmt: skip


def test_one_statement_over_several_lines(tmp_path: Path) -> None:
    log = open_xapi(file_of(tmp_path, json.dumps(statement(), indent=2)))
    assert [r.line for r in log] == [0]


def test_an_array_in_one_long_line(tmp_path: Path) -> None:
    many = json.dumps([statement()] * 6_000)
    assert len(many) > 1 << 20
    assert sum(1 for _ in open_xapi(file_of(tmp_path, many))) == 6_000


@pytest.mark.parametrize("text", ["[", "[1,", '{"statements": 5}', "{\n]", ""])
def test_what_holds_no_statements_is_refused_whole(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="statements"):
        open_xapi(file_of(tmp_path, text)).nouns()


def test_csv_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="CSV"):
        open_xapi(file_of(tmp_path, "actor,verb,object\n1,2,3\n"))


def test_voided_statements_are_left_out_wherever_the_voiding_one_stands(tmp_path: Path) -> None:
    def voiding(n: int, target: str) -> dict[str, Any]:
        taken_back = {"objectType": "StatementRef", "id": target.upper()}
        return statement(f"{ADL}/voided", id=IDS[n], object=taken_back)

    path = lines_of(
        tmp_path,
        voiding(0, IDS[2]),
        *(statement(id=IDS[n]) for n in (1, 2, 3)),
        voiding(4, IDS[3]),
        voiding(5, IDS[8]),
    )
    log = open_xapi(path)
    rows = list(log)
    assert [r.interaction.interaction_id for r in rows if isinstance(r, Parsed)] == [IDS[1]]
    assert log.skipped == 5
    assert log.notes == [
        f"3 statements are left out: the verb {ADL}/voided is not mapped",
        "2 statements are left out: voided by another statement",
        "1 voided statements are not in this file; what was imported of them before stays",
    ]


def test_reasons_are_many_but_the_notes_are_not(tmp_path: Path) -> None:
    log = open_xapi(lines_of(tmp_path, *(statement(f"https://verb/{n}") for n in range(50))))
    assert list(log) == []
    assert len(log.notes) == 21
    assert log.notes[-1] == "30 are left out for 30 other reasons"


def test_activities_become_items(tmp_path: Path) -> None:
    def about(n: int, verb: str, definition: dict[str, Any] | None = None, **more: Any) -> Any:
        return statement(verb, object={"id": f"x:{n}", "definition": definition or {}}, **more)

    names = {"fr": "Nom", "en-GB": " A\n\x07 name ", "de": "Name"}
    length = {"extensions": {f"{SECONDS}/length": 63.5}}
    path = lines_of(
        tmp_path,
        about(1, f"{VIDEO}/verbs/played", {"name": names, "description": {"fr": "Texte"}}),
        about(1, f"{VIDEO}/verbs/paused", {"name": {"en": "Other"}}, context=length),
        about(2, f"{ADL}/answered", result={"success": True}),
        about(3, f"{ADL}/experienced"),
        about(4, f"{ADL}/completed", {"type": "http://adlnet.gov/expapi/activities/assessment"}),
        about(5, f"{ADL}/initialized", {"type": f"{VIDEO}/activity-type/video"}),
        about(6, "https://example.org/waved"),
        statement(object={"id": "x:" + "7" * 300}),
    )
    skills, items = open_xapi(path).nouns()
    assert skills == ()
    assert [x.kind for x in items] == [
        ItemKind.VIDEO, ItemKind.EXERCISE, ItemKind.READING, ItemKind.ASSESSMENT, ItemKind.VIDEO,
        ItemKind.READING,
    ]  # fmt: skip
    first = items[0]
    assert (first.title, first.text, first.expected_seconds) == ("A name", "Texte", 63.5)
    assert items[1].title == "x:2"
    assert max(len(x.item_id) for x in items) <= 200
    assert {x.item_id for x in items} == {
        r.interaction.item_id for r in open_xapi(path) if isinstance(r, Parsed)
    }


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([f"{ADL}/answered", MBOX, IDS[0], "2026-01-05T09:30:00Z", "PT1S", "Activity"])
    | st.sampled_from(["0001-01-01T00:00:00+23:00", "-1", "StatementRef", "x:1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "objectType", "score"]) | st.text(), inner)
    ),
    max_leaves=6,
)
paths = st.sampled_from(
    [
        ("actor",), ("actor", "account"), ("actor", "mbox"), ("verb",), ("verb", "id"),
        ("object",), ("object", "id"), ("object", "objectType"), ("object", "definition"),
        ("result",), ("result", "score"), ("result", "score", "raw"), ("result", "score", "max"),
        ("result", "score", "scaled"), ("result", "duration"), ("result", "extensions"),
        ("result", "extensions", f"{SECONDS}/time-to"), ("context",), ("timestamp",), ("id",),
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(paths, values), max_size=3), st.sampled_from(sorted(KINDS)))
@example([(("timestamp",), "0001-01-01T00:00:00Z")], f"{ADL}/answered")
@example(
    [(("result", "score"), {"raw": 1e308, "max": 1.7e308, "min": -1.7e308})], f"{ADL}/answered"
)
def test_any_json_is_taken_left_out_or_refused(changes: list[Any], verb: str) -> None:
    said: dict[str, Any] = statement(
        verb, result={"success": True, "duration": "PT1S", "score": {}, "extensions": {}}
    )
    for path, value in changes:
        part = said
        for key in path[:-1]:
            part = part[key] if isinstance(part.get(key), dict) else {}
        part[path[-1]] = value
    with suppress(InvalidInput):
        found = interaction_of(decode(json.dumps(said).encode()))
        assert isinstance(found, Interaction | LeftOut)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80) | values.map(lambda x: json.dumps(x).encode()))
@example(b'{"actor":' * 100_000)
@example(b'{"actor": {"mbox": "\\ud800"}}')
def test_any_bytes_are_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode(text)
