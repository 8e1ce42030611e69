"""Which exercises teach whole numbers? Addition to division, their order, negatives."""

import numpy as np

from learnloop.catalog.course.lesson import Draft, Lesson, between, shuffled
from learnloop.core.ids import SkillId
from learnloop.core.types import Skill

ADD = Skill(SkillId("add-subtract"), "Addition and subtraction")
MULTIPLY = Skill(SkillId("multiply"), "Multiplication", (ADD.skill_id,))
DIVIDE = Skill(SkillId("divide"), "Division", (MULTIPLY.skill_id,))
ORDER = Skill(SkillId("order-of-operations"), "Order of operations", (DIVIDE.skill_id,))
NEGATIVE = Skill(SkillId("negative-numbers"), "Negative numbers", (MULTIPLY.skill_id,))


def _add(rng: np.random.Generator, level: float) -> Draft:
    a, b = (between(rng, level, (3, 20), (120, 480)) for _ in range(2))
    tens = b // 10 * 10
    steps = (
        f"Split {b} into {tens} and {b - tens}, and add one part after the other.",
        f"{a} + {tens} = {a + tens}. Now add {b - tens}.",
    )
    return Draft(f"What is {a} + {b}?", f"{a + b}", steps, seconds=20)


def _subtract(rng: np.random.Generator, level: float) -> Draft:
    b = between(rng, level, (3, 15), (110, 380))
    left = between(rng, level, (2, 12), (60, 300))
    a = b + left
    ones = left % 10 or 1
    hints = (
        f"Which number has to be added to {b} to reach {a}?",
        f"Count up from {b}: it is {left - ones} to {a - ones}, then {ones} more.",
    )
    return Draft(f"What is {a} - {b}?", f"{left}", hints, seconds=22)


def _missing(rng: np.random.Generator, level: float) -> Draft:
    a, x = (between(rng, level, (4, 20), (90, 260)) for _ in range(2))
    text = f"{a} + ? = {a + x}. Which number stands for the question mark?"
    hints = (
        "Subtraction undoes addition.",
        f"The missing number is {a + x} - {a}.",
    )
    return Draft(text, f"{x}", hints, seconds=25)


def _stickers(rng: np.random.Generator, level: float) -> Draft:
    a, b = (between(rng, level, (6, 25), (80, 190)) for _ in range(2))
    text = f"Mia has {a} stickers and gets {b} more. How many stickers does she have now?"
    hints = ("She gets more, so add.", f"Work out {a} + {b}.")
    return Draft(text, f"{a + b}", hints, seconds=30)


def _times(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 6), (12, 29))
    b = between(rng, level, (2, 9), (6, 12))
    hints = (
        f"{a} × {b} is {b} groups of {a}.",
        f"{a} × {b - 1} = {a * (b - 1)}. One more group of {a} is missing.",
    )
    return Draft(f"What is {a} × {b}?", f"{a * b}", hints, seconds=22)


def _boxes(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 6), (8, 19))
    b = between(rng, level, (3, 10), (11, 25))
    text = f"There are {a} boxes with {b} pencils in each. How many pencils are there in all?"
    hints = ("Equal groups are multiplied.", f"Work out {a} × {b}.")
    return Draft(text, f"{a * b}", hints, seconds=32)


def _which_product(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (3, 7), (11, 24))
    b = between(rng, level, (3, 9), (7, 15))
    wrong = [a * b + a, a * b - b, a * b + 10, a + b]
    choices = shuffled(rng, f"{a * b}", [f"{x}" for x in wrong])
    hints = (
        f"Look at the last digit: {a % 10} × {b % 10} ends in {a * b % 10}.",
        f"{a} × {b} is {a} more than {a * (b - 1)}.",
    )
    return Draft(f"Which number is {a} × {b}?", f"{a * b}", hints, choices, seconds=20)


def _quotient(rng: np.random.Generator, level: float) -> Draft:
    b = between(rng, level, (2, 5), (7, 12))
    q = between(rng, level, (2, 9), (12, 40))
    hints = (
        f"How many times does {b} go into {b * q}?",
        f"{b} × {q - 1} = {b * (q - 1)}. One more {b} fits.",
    )
    return Draft(f"What is {b * q} ÷ {b}?", f"{q}", hints, seconds=25)


def _shared(rng: np.random.Generator, level: float) -> Draft:
    b = between(rng, level, (2, 5), (6, 12))
    q = between(rng, level, (3, 10), (11, 30))
    text = f"{b * q} apples are shared equally among {b} baskets. How many apples are in each?"
    hints = ("Sharing equally is dividing.", f"Work out {b * q} ÷ {b}.")
    return Draft(text, f"{q}", hints, seconds=32)


def _remainder(rng: np.random.Generator, level: float) -> Draft:
    b = between(rng, level, (3, 5), (7, 12))
    q = between(rng, level, (2, 8), (9, 24))
    r = int(rng.integers(0, b))
    hints = (
        f"Find the largest multiple of {b} that is not above {b * q + r}.",
        f"That multiple is {b * q}. How far is it from {b * q + r}?",
    )
    return Draft(f"What is the remainder of {b * q + r} ÷ {b}?", f"{r}", hints, seconds=35)


def _sum_of_product(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 9), (12, 40))
    b, c = (between(rng, level, (2, 5), (6, 12)) for _ in range(2))
    hints = (
        "Multiply before you add, wherever the multiplication stands.",
        f"{b} × {c} = {b * c}. Now add {a}.",
    )
    return Draft(f"Work out {a} + {b} × {c}.", f"{a + b * c}", hints, seconds=30)


def _brackets(rng: np.random.Generator, level: float) -> Draft:
    a, b = (between(rng, level, (1, 5), (6, 15)) for _ in range(2))
    c = between(rng, level, (2, 4), (5, 11))
    hints = (
        "What stands in brackets comes first.",
        f"({a} + {b}) = {a + b}. Now multiply by {c}.",
    )
    return Draft(f"Work out ({a} + {b}) × {c}.", f"{(a + b) * c}", hints, seconds=30)


def _difference_of_quotient(rng: np.random.Generator, level: float) -> Draft:
    c = between(rng, level, (2, 3), (4, 9))
    q = between(rng, level, (1, 5), (5, 12))
    a = q + between(rng, level, (3, 10), (10, 40))
    hints = (
        "Divide before you subtract.",
        f"{c * q} ÷ {c} = {q}. Now take that from {a}.",
    )
    return Draft(f"Work out {a} - {c * q} ÷ {c}.", f"{a - q}", hints, seconds=32)


def _which_order(rng: np.random.Generator, level: float) -> Draft:
    a, b, c = (between(rng, level, (2, 4), (5, 9)) for _ in range(3))
    d = between(rng, level, (1, 3), (4, 9))
    right = a + b * c - d
    wrong = [(a + b) * c - d, a + b * (c + d), (a + b) * (c + d), right + 2 * d, right - b]
    choices = shuffled(rng, f"{right}", [f"{x}" for x in wrong])
    hints = (
        "One multiplication, then from left to right.",
        f"It becomes {a} + {b * c} - {d}.",
    )
    text = f"Which number is {a} + {b} × {c} - {d}?"
    return Draft(text, f"{right}", hints, choices, seconds=35)


def _below_zero(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (1, 6), (10, 45))
    b = a + between(rng, level, (1, 6), (8, 40))
    hints = (
        f"{b} is more than {a}, so the result is below zero.",
        f"First go down {a} to 0, then {b - a} further.",
    )
    return Draft(f"What is {a} - {b}?", f"{a - b}", hints, seconds=25)


def _from_negative(rng: np.random.Generator, level: float) -> Draft:
    a, b = (between(rng, level, (1, 8), (12, 48)) for _ in range(2))
    hints = (
        f"Start at -{a} on the number line and go {b} to the right.",
        f"It is the same as {b} - {a}.",
    )
    return Draft(f"What is -{a} + {b}?", f"{b - a}", hints, seconds=28)


def _signs(rng: np.random.Generator, level: float) -> Draft:
    a, b = (between(rng, level, (2, 5), (6, 14)) for _ in range(2))
    both = bool(rng.integers(2)) and level > 0.3
    right = a * b if both else -a * b
    text = f"What is -{a} × (-{b})?" if both else f"What is -{a} × {b}?"
    rule = "Two minus signs make a plus." if both else "One minus sign makes the product negative."
    return Draft(text, f"{right}", (rule, f"Without signs, {a} × {b} = {a * b}."), seconds=28)


def _which_is_greater(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (1, 5), (20, 60))
    b = a + between(rng, level, (2, 6), (1, 4))
    c = between(rng, level, (6, 9), (61, 90)) + b
    answer = f"-{a}"
    choices = shuffled(rng, answer, [f"-{b}", f"-{c}"])
    hints = (
        "The greater number stands further to the right on the number line.",
        f"The one nearest to zero is the greatest: compare {a}, {b} and {c}.",
    )
    text = f"Which is the greatest: {', '.join(choices)}?"
    return Draft(text, answer, hints, choices, seconds=20)


LESSONS = (
    Lesson(
        ADD,
        -1.1,
        "To add 47 + 38, split the second number: 38 = 30 + 8.\n47 + 30 = 77\n77 + 8 = 85\n"
        "Subtraction undoes it: 85 - 38 = 47.",
        (_add, _subtract, _missing, _stickers),
    ),
    Lesson(
        MULTIPLY,
        -0.8,
        "14 × 6 means 6 groups of 14. Split 14 into 10 and 4:\n10 × 6 = 60\n4 × 6 = 24\n"
        "60 + 24 = 84",
        (_times, _boxes, _which_product),
    ),
    Lesson(
        DIVIDE,
        -0.5,
        "Division undoes multiplication. 56 ÷ 7 asks: how many sevens make 56?\n8 × 7 = 56, so "
        "56 ÷ 7 = 8.\nIf something is left, that is the remainder: 59 = 8 × 7 + 3.",
        (_quotient, _shared, _remainder),
    ),
    Lesson(
        ORDER,
        -0.2,
        "Brackets come first, then × and ÷, then + and -.\n3 + 4 × 5 = 3 + 20 = 23\n"
        "(3 + 4) × 5 = 7 × 5 = 35",
        (_sum_of_product, _brackets, _difference_of_quotient, _which_order),
    ),
    Lesson(
        NEGATIVE,
        -0.1,
        "Numbers below zero have a minus sign.\n4 - 9: from 4 down to 0 are 4 steps, 5 more lead "
        "to -5.\n-3 × 6 = -18, and -3 × (-6) = 18: two minus signs make a plus.",
        (_below_zero, _from_negative, _signs, _which_is_greater),
    ),
)
