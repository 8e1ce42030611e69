"""Is this answer right? Same number or same terms, however it is spaced or signed.

numbers      3/4 = 0.75 = .75 = 6/8, 1 1/2 = 3/2, 1,200 = 1200, x = 5 is 5, 35% is 35
expressions  5x + 3 = 3+5x = 5*x+3; not 2x + 3x + 3, which is not simplified
choices      the choice itself, or a number that only one of the choices has
other text   the same words, in capitals or not
"""

import re
from fractions import Fraction

from learnloop.core.errors import InvalidInput
from learnloop.core.types import Item

MAX_LENGTH = 200

_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2044": "/", "\u00a0": " "})
_NAMED = re.compile(r"^[a-z]\s*=\s*(?=[-+.\d])", re.IGNORECASE)
_MIXED = re.compile(r"^(-?)\s*(\d{1,12})\s+(\d{1,12})\s*/\s*(\d{1,12})$")
_FRACTION = re.compile(r"^([-+]?\d{1,12})/(-?\d{1,12})$")
_GROUPED = re.compile(r"^[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d{1,12})?$")
_DECIMAL = re.compile(r"^[-+]?(\d{1,15}[.,]?\d{0,12}|[.,]\d{1,12})$")
_TERM = re.compile(r"[-+]?[^-+]+")


def grade(item: Item, answer: str) -> bool:
    """Whether a typed or chosen answer is right.

    Args:
        item: An item with an answer key.
        answer: What the learner typed, or the text of the choice.

    Raises:
        InvalidInput: The item has no answer key, or the answer is longer than 200 characters.
    """
    if item.answer is None:
        raise InvalidInput(
            f"item {item.item_id!r} has no answer key; send correct instead of answer"
        )
    if len(answer) > MAX_LENGTH:
        raise InvalidInput(f"answer: longer than {MAX_LENGTH} characters", field="answer")
    given, key = _cleaned(answer), _cleaned(item.answer)
    if given == key:
        return True
    if item.choices:
        return _chosen(given, [_cleaned(c) for c in item.choices]) == key
    value = number(given)
    if value is not None:
        return value == number(key)
    return bool(given) and _terms(given) == _terms(key)


def asks_for_number(item: Item) -> bool:
    """Whether only a number can answer it, so that any other text is a slip and no answer."""
    return item.answer is not None and not item.choices and number(item.answer) is not None


def number(text: str) -> Fraction | None:
    """The number that a text stands for, exactly; None where it is none.

    Reads whole numbers, decimals, fractions and mixed numbers; a percent sign is only a unit.
    """
    text = _cleaned(text).removesuffix("%").strip()
    mixed = _MIXED.match(text)
    if mixed:
        sign, whole, top, bottom = mixed.groups()
        part = _ratio(top, bottom)
        return None if part is None else (-1 if sign else 1) * (int(whole) + part)
    text = text.replace(" ", "")
    fraction = _FRACTION.match(text)
    if fraction:
        return _ratio(*fraction.groups())
    if _GROUPED.match(text):
        return Fraction(text.replace(",", ""))
    if _DECIMAL.match(text):
        return Fraction(text.replace(",", "."))
    return None


def _ratio(top: str, bottom: str) -> Fraction | None:
    return Fraction(int(top), int(bottom)) if int(bottom) else None


def _cleaned(text: str) -> str:
    return _NAMED.sub("", text.translate(_MINUS).strip()).strip().casefold()


def _chosen(given: str, choices: list[str]) -> str | None:
    if given in choices:
        return given
    value = number(given)
    same = [c for c in choices if value is not None and number(c) == value]
    return same[0] if len(same) == 1 else None


def _terms(text: str) -> list[str]:
    """The terms of a sum in a fixed order; words come out as one term, their spaces evened out."""
    if not any(c.isdigit() for c in text) and len(text) > 1:
        return [" ".join(text.split())]
    bare = re.sub(r"[\s*·×]", "", text)
    terms = [t.removeprefix("+") for t in _TERM.findall(bare)]
    return sorted(re.sub(r"^(-?)1(?=[a-z])", r"\1", t) for t in terms)
