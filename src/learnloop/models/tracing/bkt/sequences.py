"""How are a log's answers laid out for a pass over all skills and learners at once? As a forest.

A node is one opportunity to practise one skill; its parent is the opportunity before it. All nodes
of one depth lie side by side, so a pass takes one vectorised step for each depth. Where nothing but
the answers matters, learners who began a skill with the same answers share their first nodes
(`collapsed`), and a node counts for as many as share it; else each has a chain (`chains`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnloop.core.answers import AnswerLog
from learnloop.core.types import Bools, Floats, Ints

KINDS = 3
"""What an opportunity may be: `STUDY`, wrong, right; as indices -1, 0, 1 of an array of three."""


@dataclass(frozen=True, slots=True, eq=False)
class Opportunities:
    """Each row of a log once for each of its skills, sorted by skill, learner and order.

    Attributes:
        row: (m,) row of the log.
        skill: (m,) skill codes; items without skills practise the one behind the last.
        share: (m,) 1 / number of the item's skills.
        first: (k,) where each pair of skill and learner begins.
        length: (k,) how many opportunities it has.
    """

    row: Ints
    skill: Ints
    share: Floats
    first: Ints
    length: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Opportunities by depth.

    Attributes:
        n_skills: How many skills there are, the one of items without skills among them.
        levels: (depth + 1,) nodes of depth d are `levels[d]` up to `levels[d + 1]`.
        parent: (n,) the node before; -1 at depth 0.
        skill: (n,) skill codes.
        answer: (n,) 1 right, 0 wrong, -1 studied.
        weight: (n,) learners that it counts for.
        ends: (n,) how many of them end there.
    """

    n_skills: int
    levels: Ints
    parent: Ints
    skill: Ints
    answer: NDArray[np.int8]
    weight: Floats
    ends: Floats

    def __len__(self) -> int:
        return len(self.parent)

    def part(self, mask: Bools) -> "Forest":
        """The nodes where `mask` (n,) holds, which is all or none of each tree."""
        number = np.cumsum(mask) - 1
        parent = self.parent[mask]
        levels = np.unique(np.concatenate(([0], np.cumsum(mask)))[self.levels])
        return Forest(
            self.n_skills,
            levels if len(levels) > 1 else np.zeros(2, dtype=np.int64),
            np.where(parent < 0, -1, number[parent]),
            self.skill[mask],
            self.answer[mask],
            self.weight[mask],
            self.ends[mask],
        )


def opportunities(log: AnswerLog) -> Opportunities:
    """Every row of the log, once for each skill of its item."""
    n_skills = len(log.skill_ids)
    widths = np.diff(log.skill_starts)
    if (widths == 1).all():
        row, skill, share = np.arange(len(log)), log.skill_of[log.item], np.ones(len(log))
    else:
        per_row = np.maximum(widths, 1)[log.item]
        row = np.repeat(np.arange(len(log)), per_row)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(per_row) - per_row, per_row)
        padded = np.append(log.skill_of, n_skills)
        at = np.where(widths[log.item[row]] > 0, log.skill_starts[log.item[row]] + nth, -1)
        skill, share = padded[at], 1.0 / per_row[row]
    small = np.uint16 if n_skills < 2**16 - 1 else np.int64
    order = np.argsort(skill.astype(small), kind="stable")  # radix sort, where it fits
    row, skill, share = row[order], skill[order], share[order]
    learner = log.learner[row]
    new = np.ones(len(row), dtype=bool)
    new[1:] = (np.diff(skill) != 0) | (np.diff(learner) != 0)
    first = np.flatnonzero(new)
    return Opportunities(row, skill, share, first, np.diff(np.append(first, len(row))))


def chains(log: AnswerLog, given: Opportunities) -> tuple[Forest, Ints]:
    """A chain for each pair of skill and learner, and the opportunity (n,) of each node."""
    order = np.argsort(-given.length, kind="stable")
    first, length = given.first[order], given.length[order]
    active = _active(length)
    levels = np.concatenate(([0], np.cumsum(active)))
    depth = np.repeat(np.arange(len(active)), active)
    rank = np.arange(levels[-1]) - levels[depth]
    node = first[rank] + depth
    parent = np.where(depth > 0, levels[np.maximum(depth - 1, 0)] + rank, -1)
    answer = log.correct[given.row[node]]
    ends = (length[rank] == depth + 1).astype(np.float64)
    skill, ones = given.skill[node], np.ones(len(node))
    return Forest(len(log.skill_ids) + 1, levels, parent, skill, answer, ones, ends), node


def collapsed(log: AnswerLog, given: Opportunities, n_skills: int) -> Forest:
    """Learners who began a skill with the same answers share the nodes of that beginning.

    Args:
        n_skills: Skill codes are below it.
    """
    order = np.argsort(-given.length, kind="stable")
    first = given.first[order]
    answers = log.correct[given.row].astype(np.int64) + 1
    before, n_before, start = given.skill[first], n_skills, -n_skills
    parents, kinds, weights = [], [], []
    for depth, n in enumerate(_active(given.length[order])):
        code = before[:n] * KINDS + answers[first[:n] + depth]
        count = np.bincount(code, minlength=n_before * KINDS)
        found = np.flatnonzero(count)
        number = np.zeros(len(count), dtype=np.int64)
        number[found] = np.arange(len(found))
        before, n_before = number[code], len(found)
        parents.append(found // KINDS + start)
        kinds.append(found % KINDS - 1)
        weights.append(count[found])
        start = start + n_skills if depth == 0 else start + len(parents[-2])
    return _forest(n_skills, parents, np.concatenate(kinds), np.concatenate(weights))


def _forest(n_skills: int, parents: list[Ints], answer: Ints, weight: Ints) -> Forest:
    levels = np.concatenate(([0], np.cumsum([len(x) for x in parents])))
    skill = np.empty(levels[-1], dtype=np.int64)
    skill[: levels[1]] = parents[0] + n_skills
    for depth in range(1, len(parents)):
        skill[levels[depth] : levels[depth + 1]] = skill[parents[depth]]
    parent = np.concatenate([np.full(levels[1], -1), *parents[1:]])
    later = slice(int(levels[1]), None)
    goes_on = np.bincount(parent[later], weight[later], len(parent))
    return Forest(
        n_skills,
        levels,
        parent,
        skill,
        answer.astype(np.int8),
        weight.astype(np.float64),
        (weight - goes_on).astype(np.float64),
    )


def _active(length: Ints) -> Ints:
    """(longest,) how many sequences reach each depth."""
    reached = np.bincount(length)[:0:-1]
    return np.cumsum(reached)[::-1]
