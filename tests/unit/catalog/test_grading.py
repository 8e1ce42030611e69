"""Which answers count as right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.catalog.grading import asks_for_number, grade, number
from learnloop.core.errors import InvalidInput
from learnloop.core.ids import ItemId
from learnloop.core.types import Item


def item(answer: str | None, *choices: str) -> Item:
    return Item(ItemId("i"), answer=answer, choices=choices)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("5", "5"),
        ("5", " 5 "),
        ("5", "x = 5"),
        ("5", "X=5"),
        ("5", "5.0"),
        ("5", "+5"),
        ("5", "10/2"),
        ("-5", "−5"),
        ("-5", "x = - 5"),
        ("-5", "\u20135"),
        ("3/4", "3 / 4"),
        ("3/4", "0.75"),
        ("3/4", ".75"),
        ("3/4", "0,75"),
        ("3/4", "6/8"),
        ("3/2", "1 1/2"),
        ("-3/2", "-1 1/2"),
        ("-1/2", "1/-2"),
        ("1200", "1,200"),
        ("0.75", "0,750"),
        ("35", "35%"),
        ("35", "35 %"),
        ("5x + 3", "5x+3"),
        ("5x + 3", "3 + 5x"),
        ("5x + 3", "5*x + 3"),
        ("x - 7", "-7 + 1x"),
        ("x - 7", "X − 7"),
        ("-x + 1", "1 - x"),
        ("New York", "new  york"),
    ],
)
def test_right_however_it_is_written(key: str, answer: str) -> None:
    assert grade(item(key), answer)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("5", "-5"),
        ("5", ""),
        ("5", " "),
        ("5", "five"),
        ("5", "55"),
        ("5", "x"),
        ("5", "5/0"),
        ("5", "nan"),
        ("5", "1e999999999"),
        ("5", "y = 6"),
        ("11/2", "1 1/2"),
        ("3/4", "4/3"),
        ("0.35", "35%"),
        ("5x + 3", "2x + 3x + 3"),
        ("5x + 3", "5x - 3"),
        ("5x + 3", "5 + 3x"),
        ("5x", "5"),
        ("1200", "1,2,00"),
        ("New York", "York New"),
    ],
)
def test_wrong_stays_wrong(key: str, answer: str) -> None:
    assert not grade(item(key), answer)


def test_a_choice_is_its_text_or_its_only_number() -> None:
    fraction = item("1/2", "1/2", "2/4", "1/3")
    assert grade(fraction, " 1/2 ")
    assert not grade(fraction, "2/4")
    assert not grade(fraction, "0.5")
    assert grade(item("0.5", "0.5", "0.25"), "1/2")
    assert not grade(item("0.5", "0.5", "0.25"), "0.75")


def test_what_can_not_be_graded_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no answer key"):
        grade(item(None), "5")
    with pytest.raises(InvalidInput, match="200"):
        grade(item("5"), "5" * 201)


@given(st.fractions(-1000, 1000, max_denominator=10**6))
@settings(deadline=None)
def test_a_fraction_is_read_back_exactly(value: object) -> None:
    assert number(str(value)) == value


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_gets_a_verdict(text: str) -> None:
    assert grade(item("3/4"), text) in (True, False)
    assert grade(item("5x + 3"), text) in (True, False)
    assert grade(item(text[:50] or "x"), text[:50] or "x")


@pytest.mark.parametrize(
    ("asked", "is_number"),
    [
        (item("5"), True),
        (item("-1 1/2"), True),
        (item("35%"), True),
        (item("5x + 3"), False),
        (item("New York"), False),
        (item("5", "5", "6"), False),
        (item(None), False),
    ],
)
def test_whether_only_a_number_will_do(asked: Item, is_number: bool) -> None:
    assert asks_for_number(asked) is is_number
