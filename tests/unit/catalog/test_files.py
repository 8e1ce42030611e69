"""Catalog files: what is read, what is refused, and at which line."""

import contextlib
import gzip
import json
import math
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnloop.catalog import Catalog, files
from learnloop.catalog.course import seeded_course
from learnloop.catalog.cycles import SHOWN
from learnloop.catalog.json import dump, load
from learnloop.core.errors import CatalogError, Rejection
from learnloop.core.ids import ItemId, SkillId
from learnloop.core.types import Course, Item, ItemKind, Skill


def refused(text: str | bytes) -> tuple[Rejection, ...]:
    with pytest.raises(CatalogError) as caught:
        load(text.encode() if isinstance(text, str) else text)
    return caught.value.rejections


def places(rejections: tuple[Rejection, ...]) -> list[tuple[int, str | None, str]]:
    return [(r.line, r.field, r.code) for r in rejections]


def write(folder: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, newline="")
    return folder


def test_the_seeded_course_survives_json() -> None:
    course = seeded_course()
    text = dump(course)
    assert load(text) == course
    assert load(b"\xef\xbb\xbf" + text) == course
    assert dump(load(text)) == text


def test_every_wrong_json_entry_is_named_with_path_and_line() -> None:
    rejections = refused(
        """{"skills": [
  {"skill_id": "a", "prerequisites": ["c"]},
  {"skill_id": "b", "prerequisites": ["a", "nope"]},
  {"skill_id": "c",
   "prerequisites": ["b"]},
  {"skill_id": "a"},
  {"skill_id": ""},
  {"skill": "typo"},
  {"skill_id": "d", "prerequisites": ["d"]}
 ],
 "items": [{"item_id": "i1", "skills": ["a", "zz"]}, {"item_id": "i2", "kind": "film"},
  {"item_id": "i3", "choices": ["1", "2"], "answer": "3"},
  {"item_id": "i4", "choices": ["1", "1"]},
  {"item_id": "i5", "difficulty_logit": "hard"}, {"item_id": "i6", "difficulty_logit": 99},
  {"item_id": "i7", "expected_seconds": -1},
  {"item_id": "i7", "course_id": "none", "corect": 1}, {"item_id": "i8\\u0000"},
  {"item_id": "i9", "course_id": "none"}
 ]}"""
    )
    assert set(places(rejections)) == {
        (3, "skills[1].prerequisites[1]", "unknown_skill"),
        (6, "skills[3].skill_id", "duplicate_id"),
        (7, "skills[4].skill_id", "invalid_input"),
        (8, "skills[5].skill", "invalid_input"),
        (9, "skills[6].prerequisites", "prerequisite_cycle"),
        (11, "items[0].skills[1]", "unknown_skill"),
        (11, "items[1].kind", "invalid_input"),
        (12, "items[2].answer", "invalid_input"),
        (13, "items[3].choices[1]", "invalid_input"),
        (14, "items[4].difficulty_logit", "invalid_input"),
        (14, "items[5].difficulty_logit", "invalid_input"),
        (15, "items[6].expected_seconds", "invalid_input"),
        (16, "items[7].corect", "invalid_input"),
        (16, "items[7].item_id", "duplicate_id"),
        (16, "items[8].item_id", "invalid_input"),
        (17, "items[9].course_id", "unknown_course"),
    }
    assert all(r.field and r.field in r.message for r in rejections)


def test_cycles_name_the_way_round_at_every_skill_of_it() -> None:
    skills = [
        {"skill_id": "a", "prerequisites": ["c"]},
        {"skill_id": "b", "prerequisites": ["a"]},
        {"skill_id": "c", "prerequisites": ["b"]},
        {"skill_id": "outside", "prerequisites": ["a"]},
    ]
    rejections = refused(json.dumps({"skills": skills}))
    assert [r.field for r in rejections] == [f"skills[{i}].prerequisites" for i in range(3)]
    assert all(r.code == "prerequisite_cycle" for r in rejections)
    circle = rejections[0].message.split("circle: ")[1].split(";")[0].split(" -> ")
    assert circle[0] == circle[-1]
    assert sorted(circle[1:]) == ["a", "b", "c"]


def test_a_long_cycle_is_found_quickly_and_cut_short() -> None:
    n = 20_000
    skills = tuple(Skill(SkillId(f"{i}"), "s", (SkillId(f"{(i + 1) % n}"),)) for i in range(n))
    with pytest.raises(CatalogError) as caught:
        Catalog(skills=skills).checked()
    assert len(caught.value.rejections) == n
    assert caught.value.rejections[0].message.count("->") < SHOWN


def test_random_acyclic_graphs_pass_and_one_back_edge_is_found() -> None:
    rng = random.Random(7)
    for _ in range(50):
        n = rng.randint(2, 30)
        needs = [{j for j in range(i) if rng.random() < 0.3} | {max(i - 1, 0)} for i in range(n)]
        needs[0] = set()
        names = [SkillId(f"s{i}") for i in range(n)]

        def skills(needs: list[set[int]], names: list[SkillId] = names) -> tuple[Skill, ...]:
            made = [
                Skill(names[i], "", tuple(names[j] for j in sorted(needed)))
                for i, needed in enumerate(needs)
            ]
            rng.shuffle(made)
            return tuple(made)

        assert Catalog(skills=skills(needs)).checked()
        late = rng.randint(1, n - 1)
        needs[0].add(late)
        with pytest.raises(CatalogError) as caught:
            Catalog(skills=skills(needs)).checked()
        assert len(caught.value.rejections) == late + 1


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe{",
        b'{"items": 3}',
        b'{"itmes": []}',
        b'{"items": ' + b"[" * 100_000,
        b'{"items": [{"item_id": "a", "difficulty_logit": NaN}]}',
        b'{"items": [5]}',
        b'{"items": [{"item_id": "a", "difficulty_logit": 1e999}]}',
        b'{"items": [{"item_id": 5}]}',
        b'{"items": [{"item_id": "a", "text": "\\u0000"}]}',
        b'{"items": [{"item_id": "a", "visible": "yes"}]}',
    ],
)
def test_what_is_no_catalog_is_refused(text: bytes) -> None:
    with pytest.raises(CatalogError):
        load(text)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (Item(ItemId("i"), title="x" * 501), "title"),
        (Item(ItemId("i"), text="x" * 20_001), "text"),
        (Item(ItemId("i"), hints=("h",) * 101), "hints"),
        (Item(ItemId("i"), hints=("fine", "\x1b[31m")), "hints[1]"),
        (Item(ItemId("i"), choices=("one",)), "choices"),
        (Item(ItemId("i"), difficulty_logit=math.nan), "difficulty_logit"),
        (Item(ItemId("i"), expected_seconds=math.inf), "expected_seconds"),
        (Item(ItemId("i"), expected_seconds=0.0), "expected_seconds"),
        (Item(ItemId("i"), (SkillId("a"), SkillId("a"))), "skills[1]"),
        (Item(ItemId("i"), (SkillId("a"),) * 101), "skills"),
        (Item(ItemId(5)), "item_id"),  # type: ignore[arg-type]
        (Item(ItemId("x" * 201)), "item_id"),
    ],
)
def test_entries_made_by_hand_are_checked_too(entry: Item, field: str) -> None:
    with pytest.raises(CatalogError) as caught:
        Catalog(skills=(Skill(SkillId("a"), "A"),), items=(entry,)).checked()
    assert f"items[0].{field}" in {r.field for r in caught.value.rejections}


def test_the_message_shows_three_and_counts_the_rest() -> None:
    items = tuple(Item(ItemId(""), title=f"{i}") for i in range(5))
    with pytest.raises(CatalogError, match=r"items\[2\].*; and 2 more$"):
        Catalog(items=items).checked()


def test_an_update_may_name_what_is_known() -> None:
    known = Catalog((Course("c", "C"),), (Skill(SkillId("a"), "A"),), ())  # type: ignore[arg-type]
    text = b'{"items": [{"item_id": "i", "skills": ["a"], "course_id": "c"}]}'
    with pytest.raises(CatalogError):
        load(text)
    update = load(text, known)
    assert known.merged(update).checked().table("1").row_of == {"i": 0}
    circle = b'{"skills": [{"skill_id": "a", "prerequisites": ["b"]}, {"skill_id": "b"}]}'
    assert load(circle, known).skills[0].prerequisites == ("b",)


def test_a_folder_of_tables_is_one_catalog(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        courses="course_id,name\r\nc1,Sums\r\n",
        skills='\ufeffskill_id,name,prerequisites\na,Add,\nb,"Times, or product",a\n',
        items=(
            "item_id,skills,kind,course_id,text,difficulty_logit,choices,answer,hints,visible\n"
            'i1,a|b,assessment,c1,"What is\n2 + 2?",-1.5,3|4| 5 ,4,Count|Count again,no\n'
            "i2,,,,,,,,,\n"
        ),
    )
    catalog = files.read(folder)
    assert catalog.courses == (Course("c1", "Sums"),)  # type: ignore[arg-type]
    assert catalog.skills[1] == Skill(SkillId("b"), "Times, or product", (SkillId("a"),))
    assert catalog.items[0] == Item(
        ItemId("i1"),
        (SkillId("a"), SkillId("b")),
        ItemKind.ASSESSMENT,
        "c1",  # type: ignore[arg-type]
        text="What is\n2 + 2?",
        difficulty_logit=-1.5,
        choices=("3", "4", "5"),
        answer="4",
        hints=("Count", "Count again"),
        visible=False,
    )
    assert catalog.items[1] == Item(ItemId("i2"))
    assert load(dump(catalog)) == catalog


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_wrong_table_line_is_named(tmp_path: Path, ends: str) -> None:
    folder = write(
        tmp_path,
        skills=ends.join(["skill_id,prerequisites", "a,", "b,zz", "", "b,"]),
        items=ends.join(
            [
                "item_id,skills,difficulty_logit,expected_seconds,answer,choices",
                "i1,a,nan,,,",
                "i2,a|q,0.5,,,",
                "i3,,hard,,,",
                "i4,,,inf,,",
                ",a,,,,",
                "i5,,,,yes,no|maybe",
                "i6,,,,,,surplus",
            ]
        ),
    )
    with pytest.raises(CatalogError) as caught:
        files.read(folder)
    assert set(places(caught.value.rejections)) == {
        (3, "prerequisites[0]", "unknown_skill"),
        (5, "skill_id", "duplicate_id"),
        (2, "difficulty_logit", "invalid_input"),
        (3, "skills[1]", "unknown_skill"),
        (4, "difficulty_logit", "invalid_input"),
        (5, "expected_seconds", "invalid_input"),
        (6, "item_id", "invalid_input"),
        (7, "answer", "invalid_input"),
        (8, "column 7", "invalid_input"),
    }
    assert any(r.message.startswith("skills.csv line 3: ") for r in caught.value.rejections)


def test_a_single_table_or_document_is_recognised(tmp_path: Path) -> None:
    write(tmp_path, items="course_id,item_id\n,i1\n", skills="SKILL_ID\na\n", notes="a,b\n1,2\n")
    assert files.read(tmp_path / "items.csv").items == (Item(ItemId("i1")),)
    assert files.read(tmp_path / "skills.csv").skills == (Skill(SkillId("a"), "a"),)
    (tmp_path / "any.txt").write_bytes(b'\n {"skills": [{"skill_id": "a"}]}')
    assert files.read(tmp_path / "any.txt").skills == (Skill(SkillId("a"), "a"),)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "items.csv").write_text("name,text\na,b\n")
    with pytest.raises(CatalogError, match=r"items\.csv: .*column item_id; found name, text"):
        files.read(tmp_path / "folder")
    for name in ("notes.csv", "absent.json"):
        with pytest.raises(CatalogError, match=name):
            files.read(tmp_path / name)
    (tmp_path / "items.gz").write_bytes(gzip.compress(b"item_id\ni1\n"))
    with pytest.raises(CatalogError, match="unpack"):
        files.read(tmp_path / "items.gz")
    (tmp_path / "blank.csv").write_bytes(b" \n")
    with pytest.raises(CatalogError, match="empty"):
        files.read(tmp_path / "blank.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CatalogError, match="none of"):
        files.read(tmp_path / "empty")


def test_markup_in_names_is_only_text(tmp_path: Path) -> None:
    name = "<b>Robert'); DROP TABLE items;--</b>"
    write(tmp_path, skills=f'skill_id,name\na,"{name}"\n')
    assert files.read(tmp_path).skills[0].name == name


@given(st.binary(max_size=300))
@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200
)
def test_any_bytes_are_a_catalog_or_refused(tmp_path: Path, text: bytes) -> None:
    for start in (b"", b"item_id,text\n", b'{"items": [', b'{"items": [{"item_id": "a", "text": "'):
        (tmp_path / "f").write_bytes(start + text)
        with contextlib.suppress(CatalogError):
            files.read(tmp_path / "f")
