"""Which exercises teach parts of a whole? Equal fractions, their arithmetic, decimals, percent."""

from fractions import Fraction
from math import gcd, lcm

import numpy as np

from learnloop.catalog.course.lesson import Draft, Lesson, between, shuffled
from learnloop.catalog.course.whole_numbers import ADD, DIVIDE, MULTIPLY
from learnloop.core.ids import SkillId
from learnloop.core.types import Skill

EQUAL = Skill(SkillId("equivalent-fractions"), "Equivalent fractions", (DIVIDE.skill_id,))
SUM = Skill(SkillId("add-fractions"), "Adding fractions", (EQUAL.skill_id, ADD.skill_id))
PRODUCT = Skill(
    SkillId("multiply-fractions"), "Multiplying fractions", (EQUAL.skill_id, MULTIPLY.skill_id)
)
PERCENT = Skill(SkillId("decimals-percent"), "Decimals and percent", (EQUAL.skill_id,))

_EIGHTHS = (2, 4, 5, 8, 10, 20, 25)


def _proper(rng: np.random.Generator, level: float, hard: int = 12) -> tuple[int, int]:
    """Numerator and denominator of a fraction in lowest terms between 0 and 1."""
    while True:
        d = between(rng, level, (2, 5), (4, hard))
        n = int(rng.integers(1, d))
        if gcd(n, d) == 1:
            return n, d


def _expand(rng: np.random.Generator, level: float) -> Draft:
    n, d = _proper(rng, level)
    k = between(rng, level, (2, 4), (5, 12))
    text = f"{n}/{d} = ?/{d * k}. Which number stands for the question mark?"
    hints = (
        f"What was {d} multiplied by to become {d * k}?",
        f"By {k}. Multiply the top number {n} by the same.",
    )
    return Draft(text, f"{n * k}", hints, seconds=30)


def _lowest_terms(rng: np.random.Generator, level: float) -> Draft:
    n, d = _proper(rng, level)
    k = between(rng, level, (2, 3), (4, 9))
    answer = f"{n}/{d}"
    wrong = [f"{n + 1}/{d + 1}", f"{n}/{d + 1}", f"{d}/{n}", f"{n + 1}/{d + 2}"]
    choices = shuffled(rng, answer, [w for w in wrong if Fraction(w) != Fraction(n, d)])
    hints = (
        f"Find a number that divides both {n * k} and {d * k}.",
        f"Divide both by {k}: {n * k} ÷ {k} = {n} and {d * k} ÷ {k} = {d}.",
    )
    text = f"Which fraction is {n * k}/{d * k} in lowest terms?"
    return Draft(text, answer, hints, choices, seconds=35)


def _which_is_larger(rng: np.random.Generator, level: float) -> Draft:
    a, b = _proper(rng, level), _proper(rng, level)
    while Fraction(*a) == Fraction(*b):
        b = _proper(rng, level)
    first, second = f"{a[0]}/{a[1]}", f"{b[0]}/{b[1]}"
    answer = max(first, second, key=Fraction)
    common = lcm(a[1], b[1])
    hints = (
        f"Write both with the denominator {common}.",
        f"{first} = {a[0] * common // a[1]}/{common} and "
        f"{second} = {b[0] * common // b[1]}/{common}.",
    )
    text = f"Which fraction is larger, {first} or {second}?"
    return Draft(text, answer, hints, (first, second), seconds=30)


def _same_denominator(rng: np.random.Generator, level: float) -> Draft:
    d = between(rng, level, (3, 7), (8, 15))
    a, b = (int(rng.integers(1, d)) for _ in range(2))
    hints = (
        "The denominators are equal: add the top numbers only.",
        f"{a} + {b} = {a + b}, over {d}.",
    )
    return Draft(f"What is {a}/{d} + {b}/{d}?", f"{Fraction(a + b, d)}", hints, seconds=30)


def _unlike_sum(rng: np.random.Generator, level: float) -> Draft:
    a, b = _proper(rng, level, 10), _proper(rng, level, 10)
    while a[1] == b[1]:
        b = _proper(rng, level, 10)
    common = lcm(a[1], b[1])
    left, right = a[0] * common // a[1], b[0] * common // b[1]
    hints = (
        f"Both denominators divide {common}: write both fractions over {common}.",
        f"{a[0]}/{a[1]} = {left}/{common} and {b[0]}/{b[1]} = {right}/{common}.",
        f"Now add {left} and {right}, over {common}.",
    )
    text = f"What is {a[0]}/{a[1]} + {b[0]}/{b[1]}?"
    return Draft(text, f"{Fraction(*a) + Fraction(*b)}", hints, seconds=50)


def _difference(rng: np.random.Generator, level: float) -> Draft:
    a, b = _proper(rng, level, 10), _proper(rng, level, 10)
    while Fraction(*a) == Fraction(*b):
        b = _proper(rng, level, 10)
    large, small = (a, b) if Fraction(*a) > Fraction(*b) else (b, a)
    common = lcm(a[1], b[1])
    left, right = large[0] * common // large[1], small[0] * common // small[1]
    hints = (
        f"Write both fractions over {common}.",
        f"It becomes {left}/{common} - {right}/{common}.",
    )
    text = f"What is {large[0]}/{large[1]} - {small[0]}/{small[1]}?"
    return Draft(text, f"{Fraction(*large) - Fraction(*small)}", hints, seconds=50)


def _product(rng: np.random.Generator, level: float) -> Draft:
    a, b = _proper(rng, level, 11), _proper(rng, level, 11)
    hints = (
        "Multiply top by top and bottom by bottom.",
        f"It is {a[0] * b[0]}/{a[1] * b[1]}; make it shorter if you can.",
    )
    text = f"What is {a[0]}/{a[1]} × {b[0]}/{b[1]}?"
    return Draft(text, f"{Fraction(*a) * Fraction(*b)}", hints, seconds=35)


def _part_of(rng: np.random.Generator, level: float) -> Draft:
    n, d = _proper(rng, level)
    whole = d * between(rng, level, (2, 5), (6, 20))
    hints = (
        f"First find 1/{d} of {whole}.",
        f"1/{d} of {whole} is {whole // d}. Take that {n} times.",
    )
    text = f"What is {n}/{d} of {whole}?"
    return Draft(text, f"{whole // d * n}", hints, seconds=32)


def _fraction_quotient(rng: np.random.Generator, level: float) -> Draft:
    a, b = _proper(rng, level, 9), _proper(rng, level, 9)
    hints = (
        "Dividing by a fraction is multiplying by it turned upside down.",
        f"Work out {a[0]}/{a[1]} × {b[1]}/{b[0]}.",
    )
    text = f"What is {a[0]}/{a[1]} ÷ {b[0]}/{b[1]}?"
    return Draft(text, f"{Fraction(*a) / Fraction(*b)}", hints, seconds=40)


def _decimal(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")


def _as_decimal(rng: np.random.Generator, level: float) -> Draft:
    d = _EIGHTHS[between(rng, level, (0, 2), (3, 6))]
    d = 4 if d == 8 else d
    n = int(rng.integers(1, d))
    hundredths = 100 * n // d
    answer = _decimal(hundredths)
    wrong = [f"{n}.{d}", f"0.{n}{d}", _decimal(hundredths + 10), _decimal(hundredths // 10 + 1)]
    distinct = [w for w in wrong if Fraction(w) != Fraction(answer)]
    choices = shuffled(rng, answer, distinct)
    hints = (
        f"Expand {n}/{d} to tenths or hundredths.",
        f"{n}/{d} = {hundredths}/100.",
    )
    return Draft(f"Which decimal is {n}/{d}?", answer, hints, choices, seconds=35)


def _as_percent(rng: np.random.Generator, level: float) -> Draft:
    hundredths = between(rng, level, (1, 9), (11, 140))
    hundredths = hundredths * 10 if level < 0.3 else hundredths
    text = f"{_decimal(hundredths)} = ?%. Which number stands for the question mark?"
    hints = (
        "Percent means hundredths.",
        f"{_decimal(hundredths)} is {hundredths}/100.",
    )
    return Draft(text, f"{hundredths}", hints, seconds=22)


def _percent_of(rng: np.random.Generator, level: float) -> Draft:
    percent = (
        10 * between(rng, level, (1, 5), (3, 9)) if level < 0.6 else 5 * int(rng.integers(1, 20))
    )
    whole = 20 * between(rng, level, (1, 5), (4, 20))
    hints = (
        f"10% of {whole} is {whole // 10}.",
        f"{percent}% is {percent}/100: work out {whole} × {percent} ÷ 100.",
    )
    return Draft(f"What is {percent}% of {whole}?", f"{whole * percent // 100}", hints, seconds=40)


def _decimal_sum(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (1, 9), (101, 990)) * (10 if level < 0.5 else 1)
    b = between(rng, level, (1, 9), (11, 99)) * (10 if level < 0.25 else 1)
    hints = (
        "Write the numbers below each other, point under point.",
        f"In hundredths it is {a} + {b} = {a + b}.",
    )
    return Draft(f"What is {_decimal(a)} + {_decimal(b)}?", _decimal(a + b), hints, seconds=30)


LESSONS = (
    Lesson(
        EQUAL,
        0.0,
        "A fraction keeps its value when top and bottom are multiplied by the same number.\n"
        "3/4 = (3 × 5)/(4 × 5) = 15/20\nThe other way round, 18/24 = 3/4: both were divided by 6.",
        (_expand, _lowest_terms, _which_is_larger),
    ),
    Lesson(
        SUM,
        0.4,
        "Fractions with the same denominator are added at the top: 1/8 + 4/8 = 5/8.\nOthers are "
        "first written over a common one:\n1/2 + 1/3 = 3/6 + 2/6 = 5/6",
        (_same_denominator, _unlike_sum, _difference),
    ),
    Lesson(
        PRODUCT,
        0.3,
        "Top by top, bottom by bottom: 2/3 × 4/5 = 8/15.\nTo divide, turn the second fraction "
        "upside down: 2/3 ÷ 4/5 = 2/3 × 5/4 = 10/12 = 5/6.",
        (_product, _part_of, _fraction_quotient),
    ),
    Lesson(
        PERCENT,
        0.2,
        "Percent means hundredths: 35% = 35/100 = 0.35.\n20% of 45 is 45 × 20 ÷ 100 = 9.\n"
        "3/4 = 75/100 = 0.75",
        (_as_decimal, _as_percent, _percent_of, _decimal_sum),
    ),
)
