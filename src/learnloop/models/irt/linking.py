"""How do parameters of one calibration become those of another's scale? By the items in both.

    theta' = slope theta + shift      b' = slope b + shift      a' = a / slope      c' = c

mean-sigma:     slope = sd b' / sd b,  shift = mean b' - slope mean b
Stocking-Lord:  the two that bring the expected scores on the common items closest together,
                sum_q w_q (sum_i P'_i(theta_q) - P_i((theta_q - shift) / slope))^2, by Gauss-Newton

Mean-sigma is closed and trusts every b alike; Stocking-Lord weighs what a learner would notice, so
a badly known b of a far-off item hardly counts.

Reference: Marco (1977), Item characteristic curve solutions to three intractable testing problems,
Journal of Educational Measurement 14(2); Stocking and Lord (1983), Developing a common metric in
item response theory, Applied Psychological Measurement 7(2).
"""

from typing import NamedTuple

import numpy as np

from learnloop.core.bank import ItemBank, normal_grid
from learnloop.core.errors import DataError
from learnloop.core.types import Floats, Ints

STEPS = 50


class Link(NamedTuple):
    """theta on the new scale = slope theta + shift."""

    slope: float
    shift: float


def mean_sigma(of: ItemBank, to: ItemBank) -> Link:
    """The link from the scale of `of` to that of `to` by the spread of common difficulties.

    Raises:
        DataError: Fewer than two common items, or all equally hard.
    """
    here, there = _common(of, to)
    b, target = of.difficulty[here], to.difficulty[there]
    if b.std() == 0.0 or target.std() == 0.0:
        raise DataError("common items that are all equally hard do not fix a scale")
    slope = float(target.std() / b.std())
    return Link(slope, float(target.mean() - slope * b.mean()))


def stocking_lord(of: ItemBank, to: ItemBank) -> Link:
    """The link from the scale of `of` to that of `to` by expected scores on common items.

    Raises:
        DataError: Fewer than two common items, or all equally hard.
    """
    here, there = _common(of, to)
    theta, weights = normal_grid()
    target = to.p_correct(theta)[:, there].sum(axis=1)
    link, loss = mean_sigma(of, to), np.inf
    for _ in range(STEPS):
        gap, slopes = _gap(of, here, link, theta, target)
        found = float(weights @ gap**2)
        if found >= loss * (1.0 - 1e-12):
            break
        loss = found
        normal = slopes.T @ (weights[:, None] * slopes)
        move = np.linalg.solve(normal + 1e-12 * np.eye(2), slopes.T @ (weights * gap))
        slope = link.slope * float(np.clip(1.0 + move[0] / link.slope, 0.5, 2.0))
        link = Link(slope, link.shift + float(move[1]))
    return link


def linked(bank: ItemBank, link: Link) -> ItemBank:
    """The bank on the new scale."""
    slope, shift = link
    return ItemBank(
        bank.item_ids,
        bank.discrimination / slope,
        slope * bank.difficulty + shift,
        bank.guessing,
        slope * bank.difficulty_stddev,
    )


def _gap(
    of: ItemBank, rows: Ints, link: Link, theta: Floats, target: Floats
) -> tuple[Floats, Floats]:
    """(q,) what is missing to the target score, and (q, 2) how it falls with slope and shift."""
    back = (theta - link.shift) / link.slope
    a, c = of.discrimination[rows], of.guessing[rows]
    p = of.p_correct(back)[:, rows]
    per_theta = (a * (p - c) * (1.0 - p) / (1.0 - c)).sum(axis=1)
    slopes = np.stack([-per_theta * back / link.slope, -per_theta / link.slope], axis=1)
    return target - p.sum(axis=1), slopes


def _common(of: ItemBank, to: ItemBank) -> tuple[Ints, Ints]:
    ids = [x for x in of.item_ids if x in to.row_of]
    if len(ids) < 2:
        raise DataError(f"{len(ids)} items are in both banks; a link needs two or more")
    return np.array([of.row_of[x] for x in ids]), np.array([to.row_of[x] for x in ids])
