"""What does an LSTM forget, and is told again? The learner's own record of a skill and of an item.

Hidden units are too few to remember every skill and item of a long history. So the state keeps a
trace of each practised skill and of the latest `MEMORY` items, and they are told
with what is asked:

    skill   ln(1 + right) / 2, ln(1 + wrong) / 2, average, last, since / 10, 1 / (1 + rows since)
    item    ln(1 + n) / 2, average, last, since / 10, 1 / (1 + rows since)

average is a moving one of +1 and -1, since is ln(1 + seconds); zeros where never practised; an item
of several skills has their mean.

Reference: Pavlik, Cen, Koedinger (2009), Performance factors analysis; Choffin et al. (2019),
DAS3H (practice and its times, per skill and item).
"""

from collections.abc import Iterable, Mapping
from math import log1p
from typing import Final, NamedTuple

MEMORY: Final = 100
N_SKILL: Final = 6
N_ITEM: Final = 5
N_TRACES: Final = N_SKILL + N_ITEM
SPEED: Final = 0.4
"""What the latest result counts in the average."""
_NO_SKILL: Final = (0.0,) * N_SKILL
_NO_ITEM: Final = (0.0,) * N_ITEM


class SkillTrace(NamedTuple):
    """One practised skill.

    Attributes:
        right: Answers that were right.
        wrong: Answers that were wrong.
        average: Moving average of 1 for right and -1 for wrong.
        last: The last of them; 0 where it was only studied.
        at_us: When it was last practised.
        row: The learner's number of rows then.
        shift: What mastery is above the network's own, logits: see `model`.
    """

    right: int
    wrong: int
    average: float
    last: int
    at_us: int
    row: int
    shift: float


class ItemTrace(NamedTuple):
    """One item met lately.

    Attributes:
        n: Times it was answered or studied.
        average: Moving average of 1 for right and -1 for wrong.
        last: The last of them; 0 where it was only studied.
        at_us: When it was last met.
        row: The learner's number of rows then.
    """

    n: int
    average: float
    last: int
    at_us: int
    row: int


NEW_SKILL: Final = SkillTrace(0, 0, 0.0, 0, 0, 0, 0.0)
NEW_ITEM: Final = ItemTrace(0, 0.0, 0, 0, 0)
Skills = Mapping[str, SkillTrace]
Items = Mapping[str, ItemTrace]


def practised(trace: SkillTrace, sign: int, at_us: int, row: int) -> SkillTrace:
    """A skill after one more row: sign 1 right, -1 wrong, 0 studied."""
    right, wrong, average, last, _, _, shift = trace
    return SkillTrace(
        right + (sign > 0),
        wrong + (sign < 0),
        average + SPEED * (sign - average) if sign else average,
        sign or last,
        at_us,
        row,
        shift,
    )


def met(items: Items, item_id: str, sign: int, at_us: int, row: int) -> dict[str, ItemTrace]:
    """The latest items after one more row."""
    kept = dict(items)
    n, average, last, _, _ = kept.pop(item_id, NEW_ITEM)
    average = average + SPEED * (sign - average) if sign else average
    kept[item_id] = ItemTrace(n + 1, average, sign or last, at_us, row)
    if len(kept) > MEMORY:
        del kept[next(iter(kept))]
    return kept


def of_skill(trace: SkillTrace | None, at_us: int, row: int) -> tuple[float, ...]:
    """(N_SKILL,) what is told of a skill when the learner has `row` rows."""
    if trace is None:
        return _NO_SKILL
    return (
        log1p(trace.right) / 2.0,
        log1p(trace.wrong) / 2.0,
        trace.average,
        float(trace.last),
        log1p(max(at_us - trace.at_us, 0) / 1e6) / 10.0,
        1.0 / (1.0 + row - trace.row),
    )


def of_item(trace: ItemTrace | None, at_us: int, row: int) -> tuple[float, ...]:
    """(N_ITEM,) what is told of an item when the learner has `row` rows."""
    if trace is None:
        return _NO_ITEM
    return (
        log1p(trace.n) / 2.0,
        trace.average,
        float(trace.last),
        log1p(max(at_us - trace.at_us, 0) / 1e6) / 10.0,
        1.0 / (1.0 + row - trace.row),
    )


def told(
    skills: Skills, items: Items, item_id: str, own: Iterable[str], at_us: int, row: int
) -> tuple[float, ...]:
    """(N_TRACES,) what is told when an item is asked."""
    of_own: tuple[float, ...]
    each = [of_skill(skills.get(s), at_us, row) for s in own]
    if not each:
        of_own = _NO_SKILL
    elif len(each) == 1:
        of_own = each[0]
    else:
        of_own = tuple(sum(column) / len(each) for column in zip(*each, strict=True))
    return of_own + of_item(items.get(item_id), at_us, row)
