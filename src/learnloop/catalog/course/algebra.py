"""Which exercises teach first algebra? Expressions, like terms, and linear equations."""

import numpy as np

from learnloop.catalog.course.fractions import PRODUCT
from learnloop.catalog.course.lesson import Draft, Lesson, between, shuffled, signed
from learnloop.catalog.course.whole_numbers import NEGATIVE, ORDER
from learnloop.core.ids import SkillId
from learnloop.core.types import Skill

EXPRESSIONS = Skill(SkillId("expressions"), "Expressions", (ORDER.skill_id, NEGATIVE.skill_id))
LIKE_TERMS = Skill(SkillId("like-terms"), "Like terms and brackets", (EXPRESSIONS.skill_id,))
ONE_STEP = Skill(
    SkillId("one-step-equations"),
    "One-step equations",
    (EXPRESSIONS.skill_id, PRODUCT.skill_id),
)
LINEAR = Skill(
    SkillId("linear-equations"), "Linear equations", (ONE_STEP.skill_id, LIKE_TERMS.skill_id)
)


def _either(rng: np.random.Generator, level: float, size: int) -> int:
    """A whole number other than zero; negative ones come with the level."""
    value = between(rng, level, (1, 5), (2, size))
    return -value if rng.random() < 0.6 * level else value


def _substitute(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 4), (4, 11))
    b, x = _either(rng, level, 15), _either(rng, level, 9)
    shown = f"({x})" if x < 0 else f"{x}"
    hints = (
        f"Put {x} in place of x: {a} × {shown} {signed(b)}.",
        f"{a} × {shown} = {a * x}. Now the {signed(b)}.",
    )
    text = f"What is {a}x {signed(b)} when x = {x}?"
    return Draft(text, f"{a * x + b}", hints, seconds=32)


def _substitute_in_brackets(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 4), (3, 9))
    b, x = _either(rng, level, 12), _either(rng, level, 9)
    hints = (
        "Put the number in place of x, then work out the brackets first.",
        f"The brackets are {x + b}. Multiply by {a}.",
    )
    text = f"What is {a}(x {signed(b)}) when x = {x}?"
    return Draft(text, f"{a * (x + b)}", hints, seconds=35)


def _substitute_square(rng: np.random.Generator, level: float) -> Draft:
    x = between(rng, level, (2, 5), (5, 12))
    b = _either(rng, level, 20)
    hints = (
        f"x × x means {x} × {x}.",
        f"{x} × {x} = {x * x}. Now the {signed(b)}.",
    )
    text = f"What is x × x {signed(b)} when x = {x}?"
    return Draft(text, f"{x * x + b}", hints, seconds=30)


def linear(a: int, b: int) -> str:
    """`ax + b` as it is written: `x - 3`, `-2x + 1`, `4x`, `7`."""
    if a == 0:
        return f"{b}"
    head = {1: "x", -1: "-x"}.get(a, f"{a}x")
    return f"{head} {signed(b)}" if b else head


def _collect(rng: np.random.Generator, level: float) -> Draft:
    a, c = (between(rng, level, (1, 4), (3, 12)) for _ in range(2))
    b = _either(rng, level, 14)
    hints = (
        "Only terms with x go together.",
        f"{a} + {c} = {a + c} of the x terms; the {signed(b)} stays as it is.",
    )
    text = f"Simplify {linear(a, b)} + {linear(c, 0)}."
    return Draft(text, linear(a + c, b), hints, seconds=35)


def _collect_both(rng: np.random.Generator, level: float) -> Draft:
    c = between(rng, level, (1, 3), (2, 8))
    a = c + between(rng, level, (1, 4), (2, 9))
    b = _either(rng, level, 12)
    d = _either(rng, level, 12)
    while b + d == 0:
        d = _either(rng, level, 12)
    answer = linear(a - c, b + d)
    wrong = [linear(a + c, b + d), linear(a - c, b - d), linear(a - c + b + d, 0)]
    choices = shuffled(rng, answer, [*wrong, linear(a + c, b - d), linear(a - c, b + d + 1)])
    hints = (
        "Put the x terms together, then the plain numbers.",
        f"{a} - {c} = {a - c} of the x terms, and {b} {signed(d)} = {b + d}.",
    )
    text = f"Which is {linear(a, b)} - {linear(c, 0)} {signed(d)}, simplified?"
    return Draft(text, answer, hints, choices, seconds=40)


def _expand(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 5), (3, 12))
    b = _either(rng, level, 12)
    c = between(rng, level, (1, 1), (2, 6))
    shown = f"({b})" if b < 0 else f"{b}"
    hints = (
        f"Both terms in the brackets are multiplied by {a}.",
        f"{a} × {linear(c, 0)} = {linear(a * c, 0)} and {a} × {shown} = {a * b}.",
    )
    text = f"Expand {a}({linear(c, b)})."
    return Draft(text, linear(a * c, a * b), hints, seconds=35)


def _solve_sum(rng: np.random.Generator, level: float) -> Draft:
    b, x = _either(rng, level, 30), _either(rng, level, 30)
    undo = f"Take {b} away from" if b > 0 else f"Add {-b} to"
    hints = (
        "Do the opposite on both sides, so that x stands alone.",
        f"{undo} both sides: x = {x + b} {signed(-b)}.",
    )
    return Draft(f"Solve {linear(1, b)} = {x + b}.", f"{x}", hints, seconds=30)


def _solve_product(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 5), (6, 13))
    x = _either(rng, level, 15)
    hints = ("Divide both sides by the number before x.", f"x = {a * x} ÷ {a}.")
    return Draft(f"Solve {a}x = {a * x}.", f"{x}", hints, seconds=30)


def _solve_quotient(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 4), (5, 12))
    q = _either(rng, level, 12)
    hints = (f"Multiply both sides by {a}.", f"x = {q} × {a}.")
    return Draft(f"Solve x/{a} = {q}.", f"{q * a}", hints, seconds=32)


def _solve_two_step(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 4), (4, 12))
    b, x = _either(rng, level, 20), _either(rng, level, 12)
    undo = f"Take {b} from" if b > 0 else f"Add {-b} to"
    hints = (
        f"{undo} both sides first, then divide.",
        f"{a}x = {a * x}.",
        f"x = {a * x} ÷ {a}.",
    )
    return Draft(f"Solve {linear(a, b)} = {a * x + b}.", f"{x}", hints, seconds=50)


def _solve_both_sides(rng: np.random.Generator, level: float) -> Draft:
    c = between(rng, level, (1, 3), (3, 9))
    a = c + between(rng, level, (1, 3), (2, 8))
    b, x = _either(rng, level, 15), _either(rng, level, 10)
    d = (a - c) * x + b
    hints = (
        f"Take {linear(c, 0)} from both sides, so that x is on one side only.",
        f"{linear(a - c, b)} = {d}. Now undo the {signed(b)}.",
        f"{linear(a - c, 0)} = {d} {signed(-b)}.",
    )
    return Draft(f"Solve {linear(a, b)} = {linear(c, d)}.", f"{x}", hints, seconds=70)


def _solve_brackets(rng: np.random.Generator, level: float) -> Draft:
    a = between(rng, level, (2, 4), (3, 9))
    b, x = _either(rng, level, 12), _either(rng, level, 10)
    undo = f"take {b} from" if b > 0 else f"add {-b} to"
    hints = (
        f"Divide both sides by {a} first: the brackets are {x + b}.",
        f"{linear(1, b)} = {x + b}: now {undo} both sides.",
    )
    return Draft(f"Solve {a}({linear(1, b)}) = {a * (x + b)}.", f"{x}", hints, seconds=60)


LESSONS = (
    Lesson(
        EXPRESSIONS,
        0.3,
        "A letter stands for a number, and 3x means 3 × x.\nWhen x = 5, 3x + 4 is 3 × 5 + 4 = 19.\n"
        "When x = -1, 2(x - 3) is 2 × (-4) = -8.",
        (_substitute, _substitute_in_brackets, _substitute_square),
    ),
    Lesson(
        LIKE_TERMS,
        0.6,
        "Terms with x are counted together: 3x + 5 + 2x = 5x + 5.\nA number before brackets "
        "multiplies every term inside: 3(x + 4) = 3x + 12.",
        (_collect, _collect_both, _expand),
    ),
    Lesson(
        ONE_STEP,
        0.5,
        "Do the same on both sides until x stands alone.\nx + 7 = 12: take 7 from both sides, "
        "x = 5.\n4x = 28: divide both sides by 4, x = 7.",
        (_solve_sum, _solve_product, _solve_quotient),
    ),
    Lesson(
        LINEAR,
        1.0,
        "Bring the x terms to one side and the numbers to the other.\n5x - 3 = 2x + 9\n"
        "3x - 3 = 9   (2x less on both sides)\n3x = 12   (3 more on both sides)\nx = 4",
        (_solve_two_step, _solve_both_sides, _solve_brackets),
    ),
)
