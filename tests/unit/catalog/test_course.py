"""Every answer key of the seeded course, worked out again from the text alone.

The evaluator here shares nothing with the generator: it reads the question, as a learner does.
"""

import re
from fractions import Fraction

import pytest

from learnloop.catalog.course import seeded_course
from learnloop.catalog.grading import grade
from learnloop.core.types import Item, ItemKind

COURSE = seeded_course()
QUESTIONS = [x for x in COURSE.items if x.kind is not ItemKind.READING]
NUMBER = r"-?\d+(?:\.\d+)?(?:/\d+)?"

Line = tuple[Fraction, Fraction]  # a and b of ax + b


class Reader:
    """Evaluates `3x + 4 × (x - 2) ÷ 5` to ax + b (squares of x need a value for x)."""

    def __init__(self, text: str, x: Fraction | None = None) -> None:
        self.tokens = re.findall(r"\d+/\d+|\d+\.\d+|\d+|[x()+×÷/-]", text)
        assert "".join(self.tokens) == text.replace(" ", ""), text
        self.x: Line = (Fraction(1), Fraction(0)) if x is None else (Fraction(0), x)

    def all(self) -> Line:
        value = self.sum()
        assert not self.tokens, self.tokens
        return value

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def sum(self) -> Line:
        a, b = self.product()
        while self.peek() in ("+", "-"):
            sign = 1 if self.tokens.pop(0) == "+" else -1
            c, d = self.product()
            a, b = a + sign * c, b + sign * d
        return a, b

    def product(self) -> Line:
        left = self.factor()
        while self.peek() in ("×", "÷", "/", "x", "("):
            sign = self.tokens.pop(0) if self.peek() in "×÷/" else "×"
            right = self.factor()
            if sign == "×":
                assert left[0] == 0 or right[0] == 0
                left = (left[0] * right[1] + right[0] * left[1], left[1] * right[1])
            else:
                assert right[0] == 0
                left = (left[0] / right[1], left[1] / right[1])
        return left

    def factor(self) -> Line:
        token = self.tokens.pop(0)
        if token == "-":
            a, b = self.factor()
            return -a, -b
        if token == "(":
            inside = self.sum()
            assert self.tokens.pop(0) == ")"
            return inside
        return self.x if token == "x" else (Fraction(0), Fraction(token))


def value(text: str, x: Fraction | None = None) -> Fraction:
    a, b = Reader(text, x).all()
    assert a == 0
    return b


def worked_out(item: Item) -> Fraction | Line | str:
    """The answer as it follows from the question."""
    text = item.text
    numbers = [Fraction(n) for n in re.findall(NUMBER, text)]
    if found := re.fullmatch(r"Solve (.*) = (.*)\.", text):
        (a, b), (c, d) = Reader(found[1]).all(), Reader(found[2]).all()
        return (d - b) / (a - c)
    if found := re.fullmatch(rf"What is (.*) when x = ({NUMBER})\?", text):
        return value(found[1], Fraction(found[2]))
    if found := re.fullmatch(r"(?:Simplify|Expand) (.*)\.|Which is (.*), simplified\?", text):
        return Reader(found[1] or found[2]).all()
    if found := re.fullmatch(r"What is the remainder of (\d+) ÷ (\d+)\?", text):
        return Fraction(int(found[1]) % int(found[2]))
    if text.startswith(("Which is the greatest: ", "Which fraction is larger, ")):
        return max(numbers)
    if "stands for the question mark" in text:
        return unknown(text)
    if found := re.fullmatch(rf"What is ({NUMBER})(%?) of (\d+)\?", text):
        return Fraction(found[1]) / (100 if found[2] else 1) * Fraction(found[3])
    if found := re.fullmatch(
        r"(?:What is|Work out|Which (?:number|decimal|fraction) is) (.*?)( in lowest terms)?[.?]",
        text,
    ):
        return value(found[1])
    return story(text, numbers)


def unknown(text: str) -> Fraction:
    if found := re.match(r"(\d+) \+ \? = (\d+)\.", text):
        return Fraction(found[2]) - Fraction(found[1])
    if found := re.match(r"(\d+/\d+) = \?/(\d+)\.", text):
        return Fraction(found[1]) * Fraction(found[2])
    found = re.match(r"([\d.]+) = \?%\.", text)
    assert found, text
    return Fraction(found[1]) * 100


def story(text: str, numbers: list[Fraction]) -> Fraction:
    first, second = numbers
    if "stickers" in text:
        return first + second
    if "pencils" in text:
        return first * second
    assert "shared equally" in text, text
    return first / second


def as_written(answer: str) -> Fraction | Line:
    return Reader(answer).all() if "x" in answer else value(answer)


@pytest.mark.parametrize("item", QUESTIONS, ids=lambda x: x.item_id)
def test_the_answer_key_is_right(item: Item) -> None:
    assert item.answer is not None
    expected = worked_out(item)
    if isinstance(expected, Fraction) and "x" not in item.answer:
        assert as_written(item.answer) == expected
    else:
        assert Reader(item.answer).all() == expected


@pytest.mark.parametrize("item", QUESTIONS, ids=lambda x: x.item_id)
def test_each_question_can_be_answered(item: Item) -> None:
    assert item.answer is not None
    assert grade(item, item.answer)
    assert not grade(item, "12345")
    assert 2 <= len(item.hints) <= 3
    assert all(hint.strip() for hint in item.hints)
    if item.choices:
        assert item.answer in item.choices
        assert len(set(item.choices)) == len(item.choices) >= 2
        right = [c for c in item.choices if as_written(c) == as_written(item.answer)]
        assert right == [item.answer]


def test_the_course_is_of_the_size_promised() -> None:
    skills = [s.skill_id for s in COURSE.skills]
    assert len(skills) >= 12
    assert len(QUESTIONS) >= 240
    for skill in skills:
        of_skill = [x for x in COURSE.items if x.skills == (skill,)]
        exercises = [x for x in of_skill if x.kind is ItemKind.EXERCISE]
        assert len(exercises) >= 20
        assert sum(x.kind is ItemKind.READING for x in of_skill) == 1
        assert sum(x.kind is ItemKind.ASSESSMENT for x in of_skill) >= 3
    assert len({x.item_id for x in COURSE.items}) == len(COURSE.items)
    assert len({x.text for x in COURSE.items}) == len(COURSE.items)


def test_difficulty_spans_and_rises_within_a_skill() -> None:
    difficulty = [x.difficulty_logit for x in QUESTIONS]
    assert -2.3 < min(difficulty) < -1.8
    assert 1.8 < max(difficulty) < 2.3
    for skill in COURSE.skills:
        own = [
            x.difficulty_logit
            for x in QUESTIONS
            if x.skills == (skill.skill_id,) and x.kind is ItemKind.EXERCISE
        ]
        assert own == sorted(own)
    assert all(5 <= (x.expected_seconds or 0) <= 200 for x in COURSE.items)


def test_the_graph_leads_from_addition_to_equations() -> None:
    table = COURSE.table("1")
    assert table.skills[0].skill_id == "add-subtract"
    last = table.column_of[COURSE.skills[-1].skill_id]
    reached, front = {last}, [last]
    while front:
        needed = {int(r) for s in front for r in table.prerequisites[s].nonzero()[0]}
        front = sorted(needed - reached)
        reached |= needed
    assert {table.skills[s].skill_id for s in reached} >= {
        "add-subtract",
        "multiply",
        "negative-numbers",
        "multiply-fractions",
        "like-terms",
        "linear-equations",
    }


def claims(text: str) -> list[list[str]]:
    """The chains `a = b = c` of plain numbers in a text; what has letters in it is left out."""
    chunks = re.split(r"[^-+×÷/().\d =]+", text)
    chains = [[side.strip(" .") for side in chunk.split("=")] for chunk in chunks]
    kept = [[s for s in sides if s and not re.match(r"[-+×÷] ", s)] for sides in chains]
    return [sides for sides in kept if len(sides) > 1]


def test_what_hints_and_examples_claim_is_true() -> None:
    n_checked = 0
    for item in COURSE.items:
        told = item.hints if item.answer is not None else tuple(item.text.splitlines())
        for sides in [chain for text in told for chain in claims(text)]:
            assert len({value(side) for side in sides}) == 1, (item.item_id, sides)
            n_checked += 1
    assert n_checked > 150


def test_the_same_seed_gives_the_same_course() -> None:
    assert seeded_course() == COURSE
    other = seeded_course(seed=2)
    assert other != COURSE
    assert [x.item_id for x in other.items] == [x.item_id for x in COURSE.items]


def test_no_other_seed_gives_a_wrong_key() -> None:
    for seed in range(3, 13):
        for item in seeded_course(seed).items:
            if item.answer is not None:
                key = Reader(item.answer).all() if "x" in item.answer else value(item.answer)
                assert key == worked_out(item), item
