"""What does FSRS-6 say of a whole log, and how does each parameter move it? All cards at once.

The k-th reviews of all cards are one array operation. Beside stability S and difficulty D go their
derivatives (forward mode): S by all 21 parameters, D by the four that it knows. One pass over the
log gives every prediction and its gradient, which is what a Gauss-Newton fit needs.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.memory.curve import AGAIN, DAY_US, EASY, HARD, MAX_STABILITY, MIN_STABILITY
from learnloop.models.memory.parameters import N

OF_DIFFICULTY = slice(4, 8)
"""The parameters that difficulty depends on."""


@dataclass(frozen=True, slots=True, eq=False)
class Reviews:
    """Reviews of many cards; build it with `Reviews.ordered`.

    Attributes:
        card: (n,) card codes from 0, ascending; a card is what one learner keeps of one thing.
        at_us: (n,) when, microseconds, ascending inside a card.
        days: (n,) days since the card's review before, 0 at the first.
        grade: (n,) 1 Again, 2 Hard, 3 Good, 4 Easy.
    """

    card: Ints
    at_us: Ints
    days: Floats
    grade: Ints

    @classmethod
    def ordered(cls, card: Ints, at_us: Ints, grade: Ints, day: Ints | None = None) -> "Reviews":
        """The reviews put in order.

        Args:
            card: (n,) any whole numbers.
            at_us: (n,) when.
            grade: (n,) 1-4.
            day: (n,) on which day, counted from any day on; None: days are 24 hours since the
                review before, rounded down, as the `fsrs` library has them.

        Raises:
            DataError: A grade is none.
        """
        if not np.isin(grade, (1, 2, 3, 4)).all():
            raise DataError("grade: only 1, 2, 3 and 4 are known", field="grade")
        order = np.lexsort((np.arange(len(card)), at_us, card))
        code = np.unique(card, return_inverse=True)[1][order]
        since = np.diff(at_us[order] if day is None else day[order], prepend=0)
        days = (since // DAY_US if day is None else since).astype(np.float64)
        days[np.flatnonzero(np.diff(code, prepend=-1))] = 0.0
        return cls(code, at_us[order], np.maximum(days, 0.0), grade[order].astype(np.int64))

    def __len__(self) -> int:
        return len(self.card)

    @property
    def first(self) -> Bools:
        """(n,) the first review of its card."""
        found: Bools = np.diff(self.card, prepend=-1) != 0
        return found

    @property
    def scored(self) -> Bools:
        """(n,) whether it tests memory: not the first, a day or more after the one before."""
        return ~self.first & (self.days >= 1.0)

    @property
    def recalled(self) -> Ints:
        """(n,) 1 unless the grade is Again."""
        return (self.grade > AGAIN).astype(np.int64)

    def take(self, rows: Bools) -> "Reviews":
        """Some rows; whole cards, or the early part of each."""
        code = np.unique(self.card[rows], return_inverse=True)[1].astype(np.int64)
        return Reviews(code, self.at_us[rows], self.days[rows], self.grade[rows])


class Walk(NamedTuple):
    """FSRS-6 along every card, before each review.

    Attributes:
        recall: (n,) P(recalled), 1 at a card's first review.
        stability: (n,) days, 0 at a card's first review.
        difficulty: (n,) 1-10, 0 at a card's first review.
        gradient: (n, 21) of `recall`; (0, 21) where it was not asked for.
    """

    recall: Floats
    stability: Floats
    difficulty: Floats
    gradient: Floats


def walk(w: Floats, reviews: Reviews, *, gradient: bool = False) -> Walk:
    """Predict every review from those before it.

    Args:
        w: (21,) parameters.
        reviews: In order.
        gradient: Also of each prediction by each parameter.
    """
    n = len(reviews)
    out = Walk(np.ones(n), np.zeros(n), np.zeros(n), np.zeros((n if gradient else 0, N)))
    if not n:
        return out
    starts = np.flatnonzero(reviews.first)
    length = np.diff(np.append(starts, n))
    longest_first = np.argsort(-length, kind="stable")
    starts, length = starts[longest_first], length[longest_first]
    at = _first(w, reviews.grade[starts], gradient=gradient)
    for k in range(1, int(length[0])):
        m = int(np.searchsorted(-length, -k))  # cards with a k-th review, counted from 0
        rows = starts[:m] + k
        at = at.take(m)
        r, by_s, by_decay = _curve(w, at.s, reviews.days[rows])
        out.recall[rows], out.stability[rows], out.difficulty[rows] = r, at.s, at.d
        dr = by_s[:, None] * at.ds if gradient else at.ds
        if gradient:
            dr[:, 20] += by_decay
            out.gradient[rows] = dr
        at = _reviewed(w, at, r, dr, reviews.days[rows], reviews.grade[rows], gradient=gradient)
    return out


class _Now(NamedTuple):
    """S and D of the cards, ds (m, 21) and dd (m, 4) by the parameters; (0, ...) without."""

    s: Floats
    d: Floats
    ds: Floats
    dd: Floats

    def take(self, m: int) -> "_Now":
        return _Now(self.s[:m], self.d[:m], self.ds[:m], self.dd[:m])


def _first(w: Floats, grade: Ints, *, gradient: bool) -> _Now:
    m = len(grade)
    s = np.maximum(w[grade - 1], MIN_STABILITY)
    steps = np.exp(w[5] * (grade - 1))
    raw = w[4] - steps + 1.0
    d = np.clip(raw, 1.0, 10.0)
    if not gradient:
        return _Now(s, d, np.empty((0, N)), np.empty((0, 4)))
    ds, dd = np.zeros((m, N)), np.zeros((m, 4))
    ds[np.arange(m), grade - 1] = 1.0
    inside = (raw > 1.0) & (raw < 10.0)
    dd[:, 0] = inside
    dd[:, 1] = inside * (1 - grade) * steps
    return _Now(s, d, ds, dd)


def _curve(w: Floats, s: Floats, days: Floats) -> tuple[Floats, Floats, Floats]:
    """(R, dR/dS, dR/dw20)."""
    decay = w[20]
    rate = 0.9 ** (-1.0 / decay)
    x = days / s
    inner = 1.0 + (rate - 1.0) * x
    r = inner**-decay
    by_s = decay * r / inner * (rate - 1.0) * x / s
    d_rate = rate * np.log(0.9) / decay**2
    by_decay = -r * (np.log(inner) + decay * d_rate * x / inner)
    return r, by_s, by_decay


def _reviewed(
    w: Floats, at: _Now, r: Floats, dr: Floats, days: Floats, grade: Ints, *, gradient: bool
) -> _Now:
    s, ds = np.empty_like(at.s), np.zeros_like(at.ds)
    same = days < 1.0
    for rows, after in (
        (same, _same_day),
        (~same & (grade == AGAIN), _lapsed),
        (~same & (grade > AGAIN), _recalled),
    ):
        chosen = np.flatnonzero(rows)
        if not len(chosen):
            continue
        own = (at.ds[chosen], at.dd[chosen]) if gradient else (at.ds, at.dd)
        part = _Now(at.s[chosen], at.d[chosen], *own)
        value, slope = after(w, part, r[chosen], grade[chosen])
        s[chosen] = value
        if gradient:
            ds[chosen] = slope.total(part, dr[chosen])
    held = (s <= MIN_STABILITY) | (s >= MAX_STABILITY)
    s = np.clip(s, MIN_STABILITY, MAX_STABILITY)
    if gradient:
        ds[held] = 0.0
    d, dd = _difficulty(w, at, grade, gradient=gradient)
    return _Now(s, d, ds, dd)


class _Slope(NamedTuple):
    """Partial derivatives of the new S: by S, D and R, and by the parameters named."""

    by_s: Floats
    by_d: Floats | float
    by_r: Floats | float
    by_w: tuple[tuple[int, Floats], ...]

    def total(self, at: _Now, dr: Floats) -> Floats:
        """(m, 21) by the parameters, all ways together."""
        found = np.asarray(self.by_s)[:, None] * at.ds
        if not isinstance(self.by_r, float):
            found += self.by_r[:, None] * dr
        if not isinstance(self.by_d, float):
            found[:, OF_DIFFICULTY] += self.by_d[:, None] * at.dd
        for i, own in self.by_w:
            found[:, i] += own
        return found


def _same_day(w: Floats, at: _Now, r: Floats, grade: Ints) -> tuple[Floats, _Slope]:
    shift = grade - 3 + w[18]
    grown = np.exp(w[17] * shift) * at.s ** -w[19]
    free = (grade == AGAIN) | (grown > 1.0)
    s = at.s * np.where(free, grown, 1.0)
    by_s = np.where(free, (1.0 - w[19]) * grown, 1.0)
    moved = free * s
    by_w = ((17, moved * shift), (18, moved * w[17]), (19, -moved * np.log(at.s)))
    return s, _Slope(by_s, 0.0, 0.0, by_w)


def _lapsed(w: Floats, at: _Now, r: Floats, grade: Ints) -> tuple[Floats, _Slope]:
    grown = (at.s + 1.0) ** w[13]
    hard, late = at.d ** -w[12], np.exp((1.0 - r) * w[14])
    left = w[11] * hard * (grown - 1.0) * late
    least = np.exp(-w[17] * w[18])
    free = left < at.s * least
    s = np.where(free, left, at.s * least)
    by_s = np.where(free, w[11] * hard * w[13] * grown / (at.s + 1.0) * late, least)
    own, held = free * left, ~free * s
    by_w = (
        (11, own / w[11]),
        (12, -own * np.log(at.d)),
        (13, free * w[11] * hard * late * grown * np.log1p(at.s)),
        (14, own * (1.0 - r)),
        (17, -held * w[18]),
        (18, -held * w[17]),
    )
    return s, _Slope(by_s, -own * w[12] / at.d, -own * w[14], by_w)


def _recalled(w: Floats, at: _Now, r: Floats, grade: Ints) -> tuple[Floats, _Slope]:
    by_grade = np.where(grade == HARD, w[15], np.where(grade == EASY, w[16], 1.0))
    late = np.exp((1.0 - r) * w[10])
    base = np.exp(w[8]) * at.s ** -w[9] * by_grade
    gain = base * (11.0 - at.d) * (late - 1.0)
    grown = at.s * gain
    plain = at.s * np.exp(w[8]) * at.s ** -w[9] * (11.0 - at.d) * (late - 1.0)
    by_w = (
        (8, grown),
        (9, -grown * np.log(at.s)),
        (10, at.s * base * (11.0 - at.d) * late * (1.0 - r)),
        (15, (grade == HARD) * plain),
        (16, (grade == EASY) * plain),
    )
    slope = _Slope(
        1.0 + (1.0 - w[9]) * gain,
        -at.s * base * (late - 1.0),
        -at.s * base * (11.0 - at.d) * late * w[10],
        by_w,
    )
    return at.s + grown, slope


def _difficulty(w: Floats, at: _Now, grade: Ints, *, gradient: bool) -> tuple[Floats, Floats]:
    easiest = np.exp(3.0 * w[5])
    start = w[4] - easiest + 1.0
    room = (10.0 - at.d) / 9.0
    moved = at.d - w[6] * (grade - 3) * room
    raw = w[7] * start + (1.0 - w[7]) * moved
    d = np.clip(raw, 1.0, 10.0)
    if not gradient:
        return d, at.dd
    dd = ((1.0 - w[7]) * (1.0 + w[6] * (grade - 3) / 9.0))[:, None] * at.dd
    dd[:, 0] += w[7]
    dd[:, 1] -= w[7] * 3.0 * easiest
    dd[:, 2] -= (1.0 - w[7]) * (grade - 3) * room
    dd[:, 3] += start - moved
    dd[(raw <= 1.0) | (raw >= 10.0)] = 0.0
    return d, dd
