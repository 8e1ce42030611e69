"""Logs of other systems: what is taken, what is refused, and that a second import adds nothing."""

import contextlib
import gzip
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnloop.core.errors import DataError, Rejection
from learnloop.core.time import EPOCH
from learnloop.core.types import Interaction, InteractionKind
from learnloop.events.csv import open_log
from learnloop.events.rows import Parsed

Written = Callable[..., Path]
Outcome = tuple[list[Interaction], list[Rejection]]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: str | bytes, name: str = "log.csv", *, packed: bool = False) -> Path:
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if packed else data)
        return path

    return write


def outcome(path: Path, map_name: str = "auto", items: Path | None = None) -> Outcome:
    """What an import of the file would take, and what it would refuse."""
    good: list[Interaction] = []
    refused: list[Rejection] = []
    for row in open_log(path, map_name, items):
        if isinstance(row, Parsed):
            good.append(row.interaction)
        else:
            refused.append(row)
    return good, refused


ASSISTMENTS = (
    "order_id,user_id,problem_id,original,correct,ms_first_response,skill_id,skill_name,hint_count\n"
    "11,ada,p1,1,1,4000,5,Table,0\n"
    "12,ada,p2,1,0,-5,5,Table,2\n"
    "12,ada,p2,1,0,-5,6,Range,2\n"
    "13,ada,p3,0,1,100,5,Table,0\n"
    "14,bob,p2,1,0.5,99999999999,,,\n"
)
DATASHOP = (
    "Row\tAnon Student Id\tProblem Name\tStep Name\tStep Start Time\tFirst Transaction Time\t"
    "Correct First Attempt\tHints\tKC(Default)\n"
    '1\ts1\tP "one"\tR1\t2006-10-26 09:51:58.0\t2006-10-26 09:52:30.5\t0\t1\tadd~~sub~~add\n'
    "2\ts1\tP2\tR1\t.\t2006-10-26 09:53:41.0\t1\t0\t\n"
)


def my_map(written: Written, **changes: object) -> str:
    fields = {
        "name": "mine",
        "learner": "who",
        "item": ["what"],
        "correct": {"column": "ok", "right": ["yes"], "wrong": ["no"], "studied": ["read"]},
        "time": {"column": "when"},
    }
    return str(written(json.dumps(fields | changes), "mine.json"))


def test_assistments_as_published(written: Written) -> None:
    path = written(ASSISTMENTS)
    log = open_log(path)
    assert log.logmap.name == "assistments"
    assert log.notes[0].startswith("map assistments")
    good, refused = outcome(path)
    assert refused == []
    assert [(x.learner_id, x.item_id, x.sequence) for x in good] == [
        ("ada", "p1", 11),
        ("ada", "p2", 12),
        ("ada", "p2", 12),
        ("bob", "p2", 14),
    ]
    assert good[1] == good[2]  # one answer, written once per skill
    assert [x.correct for x in good] == [True, False, False, None]
    assert (good[3].score, good[3].response_time_ms, good[3].hints) == (0.5, None, 0)
    assert (good[0].response_time_ms, good[1].response_time_ms, good[1].hints) == (4000, None, 2)
    assert all(x.occurred_at == EPOCH for x in good)
    skills, items = log.nouns()
    assert [s.skill_id for s in skills] == ["Table", "Range"]
    assert {x.item_id: x.skills for x in items} == {"p1": ("Table",), "p2": ("Table", "Range")}
    assert sum(1 for _ in log) == 4
    assert log.skipped == 1


def test_a_datashop_step_export(written: Written) -> None:
    path = written(DATASHOP, "steps.txt")
    (first, second), refused = outcome(path)
    assert refused == []
    assert first.occurred_at == datetime(2006, 10, 26, 9, 51, 58, tzinfo=UTC)
    assert (first.item_id, first.correct, first.hints) == ('P "one" / R1', False, 1)
    assert first.response_time_ms == 32_500
    assert second.occurred_at == datetime(2006, 10, 26, 9, 53, 41, tzinfo=UTC)
    assert (second.correct, second.sequence, second.response_time_ms) == (True, 2, 0)
    skills, items = open_log(path).nouns()
    assert [s.name for s in skills] == ["add", "sub"]
    assert [x.skills for x in items] == [("add", "sub"), ()]


def test_ednet_has_a_file_for_each_learner_and_one_for_the_questions(written: Written) -> None:
    head = "timestamp,solving_id,question_id,user_answer,elapsed_time\n"
    written(head + "1565096190868,1,q1,b,38000\n1565096221062,2,q2,,24000\n", "KT1/u1.csv")
    written(head + "1565096293432,1,q2,C,68000\n1565096293433,2,q9,a,1\n", "KT1/u2.csv")
    questions = "question_id,correct_answer,part,tags\nq1,b,1,7;9;7\nq2,d,2,-1\n"
    folder = written(questions, "questions.csv").parent / "KT1"
    good, refused = outcome(folder)
    assert [(x.learner_id, x.item_id, x.kind, x.correct) for x in good] == [
        ("u1", "q1", InteractionKind.ANSWERED, True),
        ("u1", "q2", InteractionKind.SKIPPED, None),
        ("u2", "q2", InteractionKind.ANSWERED, False),
    ]
    assert good[0].occurred_at == datetime(2019, 8, 6, 12, 56, 30, 868_000, tzinfo=UTC)
    assert [(r.line, r.field) for r in refused] == [(3, "user_answer")]
    assert refused[0].message.startswith("u2.csv ")
    log = open_log(folder)
    assert log.nouns()[1][0].skills == ("7", "9")
    assert log.nouns()[1][0].answer == "b"
    assert log.nouns()[1][1].skills == ()
    assert log.bytes_read == log.total_bytes == sum(f.stat().st_size for f in folder.iterdir())
    alone, _ = outcome(folder / "u1.csv", "ednet", folder.parent / "questions.csv")
    assert alone == good[:2]


def test_the_items_file_must_be_there(written: Written) -> None:
    path = written("timestamp,solving_id,question_id,user_answer,elapsed_time\n1,1,q1,b,1\n")
    with pytest.raises(DataError, match=r"questions\.csv.*--side"):
        outcome(path)
    wrong = written("question,answer\nq1,b\n", "questions.csv")
    with pytest.raises(DataError, match=r"questions\.csv.*needs the column question_id"):
        outcome(path, "ednet", wrong)


def test_a_matrix_of_scores(written: Written) -> None:
    path = written("1\t0\t0.25\n0\t\t1\n1\t1\n0\tx\t1.5\n", "Math1/data.txt")
    written("1\t0\n1\t1\n0\t1\n", "Math1/q.txt")
    written("No.\tSkill Names\n1\tSets,\n2\tLogic.\n", "Math1/qnames.txt")
    good, refused = outcome(path)
    assert [(x.learner_id, x.item_id, x.correct, x.score) for x in good] == [
        ("math1:1", "math1:1", True, None),
        ("math1:1", "math1:2", False, None),
        ("math1:1", "math1:3", None, 0.25),
        ("math1:2", "math1:1", False, None),
        ("math1:2", "math1:3", True, None),
        ("math1:4", "math1:1", False, None),
    ]
    assert [r.line for r in refused] == [3, 4, 4]
    skills, items = open_log(path.parent).nouns()
    assert [s.name for s in skills] == ["Sets", "Logic"]
    assert [x.skills for x in items] == [
        ("math1:1",),
        ("math1:1", "math1:2"),
        ("math1:2",),
    ]


def test_ones_own_map(written: Written) -> None:
    path = written(
        "who;what;ok;when;took;topics\n"
        "ada;e1;yes;2026-01-05T10:00:00;1.5;a, b\n"
        "ada;e2;read;2026-07-05 10:00;;a\n"
        "ada;e3;no;2026-07-05T10:00:00Z;-1;\n"
    )
    time = {"column": "when", "zone": "Europe/Zurich"}
    taken = {"column": "took", "unit": "s"}
    skills = {"column": "topics", "separator": ","}
    name = my_map(written, time=time, response_time=taken, skills=skills, prefix="x:")
    good, refused = outcome(path, name)
    assert refused == []
    assert [x.occurred_at.hour for x in good] == [9, 8, 10]
    assert [x.response_time_ms for x in good] == [1500, None, None]
    assert [x.kind.value for x in good] == ["answered", "studied", "answered"]
    assert good[0].learner_id == "x:ada"
    assert [s.skill_id for s in open_log(path, name).nouns()[0]] == ["x:a", "x:b"]


def test_each_wrong_row_is_named_and_the_others_are_taken(written: Written) -> None:
    rows = [
        ("who,what,ok,when", None),
        ("ada,e1,yes,2026-01-05T10:00:00Z", None),
        ("ada,e1,maybe,2026-01-05T10:00:00Z", "ok"),
        ("ada,e1,yes,2026-01-05T10:00:00", "when"),
        ("ada,e1,yes,yesterday", "when"),
        ("ada,e1,yes,9999-12-31T23:59:59-05:00", "when"),
        (",e1,yes,2026-01-05T10:00:00Z", "learner"),
        ("ada,,yes,2026-01-05T10:00:00Z", "item"),
        ("a\x00b,e1,yes,2026-01-05T10:00:00Z", "learner"),
        ("ada,e1,yes", None),
        ("ada,e1,yes,2026-01-05T10:00:00Z,more", None),
        ("", None),
        ("<script>alert(1)</script>,'); DROP TABLE items;--,no,2026-01-05T10:00:01Z", None),
    ]
    good, refused = outcome(written("\n".join(text for text, _ in rows)), my_map(written))
    assert [x.learner_id for x in good] == ["ada", "<script>alert(1)</script>"]
    assert good[1].item_id == "'); DROP TABLE items;--"
    assert [(r.line, r.field) for r in refused] == [
        *[(i, field) for i, (_, field) in enumerate(rows, start=1) if field],
        (10, None),
        (11, None),
    ]
    assert next(r.code for r in refused if r.line == 4) == "naive_time"


@pytest.mark.parametrize("cell", ["nan", "inf", "-inf", "1.5", "-0.1", "1e999", "", "x", "1_0"])
def test_scores_that_can_not_be_are_refused(written: Written, cell: str) -> None:
    text = ASSISTMENTS.splitlines()[0] + f"\n1,ada,p1,1,{cell},1,5,Table,0\n"
    good, refused = outcome(written(text))
    assert good == []
    assert [(r.line, r.field) for r in refused] == [(2, "correct")]


@pytest.mark.parametrize(
    "cell", ["nan", "inf", "1e30", "-99999999999999999999", "", "soon", "9" * 5000]
)
def test_times_that_can_not_be_are_refused(written: Written, cell: str) -> None:
    name = my_map(written, time={"column": "when", "unit": "s"})
    good, refused = outcome(written(f"who,what,ok,when\nada,e1,yes,{cell}\n"), name)
    assert good == []
    assert [(r.line, r.field) for r in refused] == [(2, "when")]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_rows_however_the_file_was_saved(
    written: Written, ends: str, mark: bytes, packed: bool
) -> None:
    text = ASSISTMENTS.replace("\n", ends).encode()
    assert outcome(written(mark + text, packed=packed)) == outcome(written(ASSISTMENTS, "b.csv"))


def test_cells_over_several_lines_keep_the_line_they_begin_at(written: Written) -> None:
    text = 'who,what,ok,when\nada,"e\n1",yes,x\nada,e2,yes,y\n'
    _, refused = outcome(written(text), my_map(written))
    assert [r.line for r in refused] == [2, 4]


def test_latin_1_is_read_and_said(written: Written) -> None:
    path = written("who,what,ok,when\nZo\xeb,e1,yes,2026-01-05T10:00:00Z\n".encode("latin-1"))
    log = open_log(path, my_map(written))
    assert [row.interaction.learner_id for row in log] == ["Zo\xeb"]  # type: ignore[union-attr]
    assert log.notes == ["log.csv: not UTF-8; read as Latin-1"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("\n\n \n", "no header|first line"),
        ("who what ok when\nada e1 yes now\n", "needs the column who"),
        ("ada,e1,yes,2026-01-05T10:00:00Z\n", "needs the column who, what, ok, when; found 4"),
        ("WHO,what,ok,when\n", "needs the column who"),
        (b"\x00\x01\x02" * 50, "needs the column"),
    ],
)
def test_a_file_that_does_not_fit_says_what_it_has(
    written: Written, content: str | bytes, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        outcome(written(content), my_map(written))


def test_an_open_quote_or_a_huge_cell_is_a_row_that_is_refused(written: Written) -> None:
    start = "who,what,ok,when\n"
    _, refused = outcome(written(start + 'ada,"e1,yes,2026\nbob,e1,yes,x\n'), my_map(written))
    assert [r.line for r in refused] == [2]
    huge = (
        start + f"ada,{'x' * 200_000},yes,2026-01-05T10:00:00Z\nada,e1,yes,2026-01-05T10:00:00Z\n"
    )
    good, refused = outcome(written(huge), my_map(written))
    assert (len(good), [r.line for r in refused]) == (1, [2])


def test_long_names_of_items_become_ids_that_differ(written: Written) -> None:
    names = ["x" * 400 + end for end in "ab"]
    rows = "".join(f"ada,{name},yes,2026-01-05T10:00:00Z\n" for name in names)
    path, name = written("who,what,ok,when\n" + rows), my_map(written)
    good, refused = outcome(path, name)
    assert refused == []
    assert len({x.item_id for x in good}) == 2
    assert all(len(x.item_id) <= 200 for x in good)
    assert {x.item_id for x in good} == {x.item_id for x in open_log(path, name).nouns()[1]}


def test_the_items_file_names_texts_skills_and_keys(written: Written) -> None:
    items = {
        "file": "items.csv",
        "item": "id",
        "skills": "skill",
        "skill_name": "name",
        "text": "text",
        "key": "key",
    }
    name = my_map(written, items=items)
    path = written("who,what,ok,when\nada,e1,yes,2026-01-05T10:00:00Z\n")
    written(
        "id,skill,name,text,key\ne1,s1,Sums,2 + 3?,5\nbroken\n\ne1,s2,Odd,2 + 3?,5\na\x00,,,,\n",
        "items.csv",
    )
    log = open_log(path, name)
    skills, items_read = log.nouns()
    assert [(s.skill_id, s.name) for s in skills] == [("s1", "Sums"), ("s2", "Odd")]
    assert [(x.item_id, x.text, x.answer) for x in items_read] == [("e1", "2 + 3?", "5")]
    assert items_read[0].skills == ("s1", "s2")
    assert log.notes == ["items.csv: 1 rows could not be read and were left out"]


def test_matrices_with_other_columns_or_cells_are_refused(written: Written) -> None:
    path = written("1\t0\n", "Math1/data.txt")
    written("1\t2\n", "Math1/q.txt")
    with pytest.raises(DataError, match=r"q\.txt line 1: only 0 and 1"):
        outcome(path)
    with pytest.raises(DataError, match="matrix map mine needs the column who, what, ok, when"):
        outcome(path, my_map(written, layout="matrix"))
    columns = {"learner": "learner", "item": ["item"], "correct": {"column": "cell"}}
    name = my_map(written, layout="matrix", time=None, **columns)
    _, refused = outcome(written("1\t" + "9" * 200_000 + "\n", "big.txt"), name)
    assert [r.line for r in refused] == [1]


def test_a_time_of_answer_that_is_missing_leaves_the_duration_out(written: Written) -> None:
    name = my_map(written, response_time={"until": "end"})
    start = "ada,e1,yes,2026-01-05T10:00:00Z,"
    rows = [start, start + "2026-01-05T10:00:02Z", start + "soon"]
    good, refused = outcome(written("\n".join(["who,what,ok,when,end", *rows])), name)
    assert [x.response_time_ms for x in good] == [None, 2000]
    assert [(r.line, r.field) for r in refused] == [(4, "end")]
    assert len(outcome(written("who,what,ok,when\n" + start[:-1]), name)[0]) == 1


def test_rows_with_an_id_or_a_time_are_the_same_in_any_order(written: Written) -> None:
    for text in (ASSISTMENTS, DATASHOP):
        head, *rows = text.splitlines(keepends=True)
        first, _ = outcome(written(text))
        random.Random(3).shuffle(rows)
        again, _ = outcome(written(head + "".join(rows)))
        assert {(x.interaction_id, x) for x in again} == {(x.interaction_id, x) for x in first}


def test_rows_without_either_are_known_by_their_place(written: Written) -> None:
    name = my_map(written, time=None)
    rows = ["ada,e1,yes\n", "ada,e1,yes\n", "bob,e1,no\n", "ada,e2,no\n"]
    good, _ = outcome(written("who,what,ok\n" + "".join(rows)), name)
    assert len({x.interaction_id for x in good}) == 4
    assert [x.sequence for x in good] == [1, 2, 1, 3]
    other = [rows[2], rows[0], rows[1], rows[3]]  # each learner's own order is kept
    again, _ = outcome(written("who,what,ok\n" + "".join(other)), name)
    assert {x.interaction_id: x for x in again} == {x.interaction_id: x for x in good}


def test_a_folder_without_a_log_says_so(tmp_path: Path) -> None:
    for name in ("auto", "datashop", "ednet", "statics11"):
        with pytest.raises(DataError, match=r"folder|no log"):
            open_log(tmp_path, name)


rows = st.lists(
    st.lists(st.sampled_from(["", "1", "0", '"', "a", "2026-01-05T10:00:00Z", "\x00", ",", "\r"])),
    max_size=6,
).map(lambda xs: "\n".join(",".join(x) for x in xs).encode())


@given(st.sampled_from(["", ASSISTMENTS, DATASHOP]), st.binary(max_size=200) | rows)
@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200
)
def test_any_bytes_are_rows_or_refused(written: Written, start: str, content: bytes) -> None:
    path = written(start.encode() + content)
    for name in ("auto", "assistments", "datashop", "assistments09", "math1"):
        with contextlib.suppress(DataError):
            good, refused = outcome(path, name)
            assert all(x.item_id and x.learner_id for x in good)
            assert all(r.line >= 1 and r.message for r in refused)
            open_log(path, name).nouns()
