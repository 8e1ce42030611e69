"""How are ten thousand items scored at once? The readout, rearranged into a few matrix products.

`view` depends on an item only through its skill set, so it is computed once per distinct set of the
table; what is left per item is `a[c] + easiness e[c] + reliability r[c] + fixed`, plus a correction
for the items met lately. `predict` equals `p_correct` item by item (a test holds that).
"""

from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.types import Floats, Ints
from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import ItemBook
from learnloop.models.ability.features import (
    ITEM_SLOPES,
    RECALL,
    US_PER_MINUTE,
    VIEW,
    WIN_KNOT,
    seen_now,
    view,
)
from learnloop.models.ability.latent import new_skill
from learnloop.models.ability.readout import LIMIT, NO_SLOPES, Readout
from learnloop.models.ability.state import AbilityState

_LEARNER = (
    "one", "ln_n", "ability", "fast", "last", "streak", "variance", "middle", "slow", "ln_gap",
    "n_over_knot",
)  # fmt: skip
_PLAIN = ("deviation", "skill_spread", "skill_fast", "skill_middle", "skill_slow", "skill_last")
_LOGGED = (
    "ln_skill_n", "ln_skill_correct", "ln_skill_studied", "ln_skill_steps", "ln_skill_gap",
    "ln_skill_wrong",
)  # fmt: skip
_MADE = ("skill_met", "same_skill", "fast_x_skill_fast", "ability_x_wins", "wins_over_knot")
ROWS = (*_LEARNER, *_PLAIN, *_LOGGED, *_MADE)
"""The entries of a view in the order in which they are computed here."""

_AT = {name: i for i, name in enumerate(ROWS)}
_IN_VIEW = [VIEW.index(name) for name in ROWS]
_SLOPED = [_AT[name] for name in VIEW[ITEM_SLOPES]]
_AFTER_LEARNER = len(_LEARNER)
_AFTER_PLAIN = _AFTER_LEARNER + len(_PLAIN)
_AFTER_LOGGED = _AFTER_PLAIN + len(_LOGGED)
_N_SEEN = 12
_MET = _N_SEEN - 1


@dataclass(frozen=True, slots=True)
class Scorer:
    """One table's items as the readout needs them; built once per catalog version.

    Attributes:
        table: The table itself.
        easiness: (n,) logits.
        reliability: (n,) [0, 1).
        variance: (n,) posterior variance of the easiness.
        fixed: (n,) logits that depend on the item alone.
        sloped: (m,) rows of the items that have slopes of their own.
        slopes: (S, m) those slopes, on the entries `ITEM_SLOPES` of a view.
        set_of: (n,) the item's skill set.
        weights: (V, n_sets) readout weights of each set; V goes by `ROWS`.
        by_item: (2, V) weights that count times easiness and times reliability.
        of_recall: (2, R) weights of a recall, and those that count times easiness; None where the
            readout gives it no weight.
        members: (K, n_sets) skill numbers, padded with `len(skill_number)`.
        widths: (n_sets,) skills in each set.
        skill_number: Skill id -> number, the table's skills first.
        sets_with: Skill id -> the sets that hold it.
        latent: (n_skills,) logit of an average learner on a middle item of each skill of the table.
        doubt: (n_skills,) its variance.
    """

    table: ItemTable
    easiness: Floats
    reliability: Floats
    variance: Floats
    fixed: Floats
    sloped: Ints
    slopes: Floats
    set_of: Ints
    weights: Floats
    by_item: Floats
    of_recall: Floats | None
    members: Ints
    widths: Ints
    skill_number: dict[str, int]
    sets_with: dict[str, list[int]]
    latent: Floats
    doubt: Floats


def scorer_of(table: ItemTable, book: ItemBook, readout: Readout) -> Scorer:
    """The arrays of one table."""
    facts = [book.facts(x.item_id, x.skills, x.difficulty_logit) for x in table.items]
    pairs = zip(table.items, facts, strict=True)
    sets: dict[tuple[str, ...], int] = {}
    set_of = [sets.setdefault(f.skills, len(sets)) for f in facts]
    skill_number: dict[str, int] = {x.skill_id: i for i, x in enumerate(table.skills)}
    sets_with: dict[str, list[int]] = {}
    for skills, c in sets.items():
        for skill in skills:
            skill_number.setdefault(skill, len(skill_number))
            sets_with.setdefault(skill, []).append(c)
    widths = [len(x) for x in sets]
    members = np.full((max(widths, default=1) or 1, len(sets)), len(skill_number), dtype=np.int64)
    for skills, c in sets.items():
        members[: len(skills), c] = [skill_number[s] for s in skills]
    slopes = [readout.items.get(x.item_id, NO_SLOPES)[1:] for x in table.items]
    sloped = [row for row, own in enumerate(slopes) if any(own)]
    recall = np.array((readout.recall, readout.recall_easiness))
    known = [book.skills.get(x.skill_id) for x in table.skills]
    return Scorer(
        table,
        np.array([f.easiness for f in facts]),
        np.array([f.reliability for f in facts]),
        np.array([f.variance for f in facts]),
        np.array([readout.constant(x.item_id, f) for x, f in pairs]),
        np.array(sloped, dtype=np.int64),
        _columns([slopes[row] for row in sloped], len(_SLOPED)),
        np.array(set_of, dtype=np.int64),
        _columns([readout.sets.get(x, readout.shared) for x in sets], len(VIEW)).take(_IN_VIEW, 0),
        np.array((readout.easiness, readout.reliability)).take(_IN_VIEW, 1),
        recall if recall.any() else None,
        members,
        np.array(widths, dtype=np.int64),
        skill_number,
        sets_with,
        np.array([book.mu + (x or 0.0) for x in known]),
        np.array([book.skill_variance if x is None else 0.0 for x in known]),
    )


def _columns(rows: list[tuple[float, ...]], width: int) -> Floats:
    return np.ascontiguousarray(np.array(rows).reshape(-1, width).T)


def logits(
    scorer: Scorer, config: Config, state: AbilityState, at_us: int, traces: Floats
) -> tuple[Floats, Floats]:
    """(n,) logits of a right answer and (n,) posterior variances of ability plus deviation.

    Args:
        traces: `traces_now` of the same state and instant.
    """
    seen = views(scorer, config, state, at_us, traces)
    c = scorer.set_of
    of_easiness, of_reliability = scorer.by_item @ seen
    logit = np.einsum("vc,vc->c", seen, scorer.weights).take(c)
    logit += scorer.fixed
    logit += state.learner.bias
    logit += scorer.easiness * of_easiness.take(c)
    logit += scorer.reliability * of_reliability.take(c)
    if len(scorer.sloped):
        own = seen.take(_SLOPED, axis=0).take(c.take(scorer.sloped), axis=1)
        logit[scorer.sloped] += np.einsum("sn,sn->n", own, scorer.slopes)
    if scorer.of_recall is not None and state.items:
        rows, met = _recalls(scorer.table, state, at_us)
        of_recall, by_easiness = scorer.of_recall @ met
        logit[rows] += of_recall + scorer.easiness.take(rows) * by_easiness
    variance = seen[_AT["variance"]] + seen[_AT["skill_spread"]]
    np.maximum(np.minimum(logit, LIMIT, out=logit), -LIMIT, out=logit)
    return logit, variance.take(c)


def traces_now(scorer: Scorer, config: Config, state: AbilityState, at_us: int) -> Floats:
    """(12, n + 1) `features.seen_now` by skill number; the last column pads, and is no skill."""
    number, step = scorer.skill_number, state.learner.step
    met = {
        number[s]: seen_now(trace, config, step, at_us)
        for s, trace in state.skills.items()
        if s in number
    }
    out = np.zeros((_N_SEEN, len(number) + 1))
    out[1, :-1] = config.skill_variance
    if met:
        flat = np.fromiter(chain.from_iterable(met.values()), np.float64, _N_SEEN * len(met))
        out[:, [*met]] = flat.reshape(-1, _N_SEEN).T
    return out


def views(
    scorer: Scorer, config: Config, state: AbilityState, at_us: int, traces: Floats
) -> Floats:
    """(V, n_sets) `features.view` of every skill set of the table, by `ROWS`."""
    out = np.empty((len(ROWS), scorer.members.shape[1]))
    out[:] = np.array(view(state, new_skill(config), config, (), at_us)).take(_IN_VIEW)[:, None]
    own = _per_set(scorer, traces)
    out[_AFTER_LEARNER:_AFTER_PLAIN] = own[: len(_PLAIN)]
    out[_AT["skill_met"]] = own[_MET]
    own[10] /= US_PER_MINUTE
    own[11] = own[6] - own[7]
    np.log1p(own[6:], out=out[_AFTER_PLAIN:_AFTER_LOGGED])
    for skill in state.learner.skills:
        out[_AT["same_skill"], scorer.sets_with.get(skill, [])] = 1.0
    wins = out[_AT["ln_skill_correct"]]
    np.multiply(out[_AT["skill_fast"]], state.learner.fast, out=out[_AT["fast_x_skill_fast"]])
    np.multiply(wins, state.learner.mean, out=out[_AT["ability_x_wins"]])
    np.maximum(wins - WIN_KNOT, 0.0, out=out[_AT["wins_over_knot"]])
    return out


def _per_set(scorer: Scorer, traces: Floats) -> Floats:
    """(12, n_sets) the traces averaged over the skills of each set."""
    if len(scorer.members) == 1:
        only: Floats = traces.take(scorer.members[0], axis=1)
        return only
    each = [traces.take(column, axis=1) for column in scorer.members]
    share = 1.0 / np.maximum(scorer.widths, 1)
    means: Floats = np.asarray(sum(each) * share)
    means[1] *= share
    met = [one[11] > 0.0 for one in each]
    means[11] = np.logical_or.reduce(met)
    least = [np.where(known_, one[9:11], np.inf) for known_, one in zip(met, each, strict=True)]
    means[9:11] = np.where(means[11] > 0.0, np.minimum.reduce(least), 0.0)
    return means


def _recalls(table: ItemTable, state: AbilityState, at_us: int) -> tuple[Ints, Floats]:
    """Table rows (m,) of the items met lately, and their `features.recall`, (len(RECALL), m)."""
    rows = np.fromiter(map(table.row_of.get, state.items, repeat(-1)), np.int64, len(state.items))
    traces = np.fromiter(chain.from_iterable(state.items.values()), np.float64, 6 * len(rows))
    here = rows >= 0
    n, n_studied, last, average, step, met_us = traces.reshape(-1, 6)[here].T
    out = np.empty((len(RECALL), len(n)))
    out[0] = 1.0
    out[2], out[3] = last, average
    out[1], out[7] = np.log1p(n), np.log1p(n_studied)
    out[4] = np.log1p(_elapsed_us(met_us, at_us) / US_PER_MINUTE)
    out[5] = np.log1p(state.learner.step - step)
    out[6] = out[5] * out[5]
    return rows[here], out


def _elapsed_us(then_us: Floats, now_us: int) -> Floats:
    """`latent.elapsed_us` of many at once."""
    return np.where(then_us == 0.0, 0.0, np.maximum(now_us - then_us, 0.0))
