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

_AT = {name: i for i, name in enumerate(VIEW)}
_PLAIN = ("deviation", "skill_spread", "skill_fast", "skill_middle", "skill_slow", "skill_last")
_LOGGED = (
    "ln_skill_n", "ln_skill_correct", "ln_skill_studied", "ln_skill_steps", "ln_skill_gap",
    "ln_skill_wrong",
)  # fmt: skip
_TO_PLAIN = [_AT[name] for name in (*_PLAIN, "skill_met")]
_FROM_PLAIN = [0, 1, 2, 3, 4, 5, 11]
_TO_LOGGED = [_AT[name] for name in _LOGGED]
_N_SEEN = 12
N_SLOPES = len(NO_SLOPES) - 1


@dataclass(frozen=True, slots=True)
class Scorer:
    """One table's items as the readout needs them; built once per catalog version.

    Attributes:
        table: The table itself.
        easiness: (n,) logits.
        reliability: (n,) [0, 1).
        variance: (n,) posterior variance of the easiness.
        fixed: (n,) logits that depend on the item alone.
        slopes: (S, n) weights of each item's own on the entries `ITEM_SLOPES` of a view.
        set_of: (n,) the item's skill set.
        weights: (V, n_sets) readout weights of each set.
        by_item: (2, V) weights that count times easiness and times reliability.
        of_recall: (2, R) weights of a recall, and those that count times easiness.
        members: (K, n_sets) skill numbers, padded with `len(skill_number)`.
        widths: (n_sets,) skills in each set.
        skill_number: Skill id -> number, here.
    """

    table: ItemTable
    easiness: Floats
    reliability: Floats
    variance: Floats
    fixed: Floats
    slopes: Floats
    set_of: Ints
    weights: Floats
    by_item: Floats
    of_recall: Floats
    members: Ints
    widths: Ints
    skill_number: dict[str, int]


def scorer_of(table: ItemTable, book: ItemBook, readout: Readout) -> Scorer:
    """The arrays of one table."""
    facts = [book.facts(x.item_id, x.skills, x.difficulty_logit) for x in table.items]
    pairs = zip(table.items, facts, strict=True)
    sets: dict[tuple[str, ...], int] = {}
    set_of = [sets.setdefault(f.skills, len(sets)) for f in facts]
    skill_number: dict[str, int] = {}
    for skill in chain.from_iterable(sets):
        skill_number.setdefault(skill, len(skill_number))
    widths = [len(x) for x in sets]
    members = np.full((max(widths, default=1) or 1, len(sets)), len(skill_number), dtype=np.int64)
    for c, skills in enumerate(sets):
        members[: len(skills), c] = [skill_number[s] for s in skills]
    return Scorer(
        table,
        np.array([f.easiness for f in facts]),
        np.array([f.reliability for f in facts]),
        np.array([f.variance for f in facts]),
        np.array([readout.constant(x.item_id, f) for x, f in pairs]),
        _columns([readout.items.get(x.item_id, NO_SLOPES)[1:] for x in table.items], N_SLOPES),
        np.array(set_of, dtype=np.int64),
        _columns([readout.sets.get(x, readout.shared) for x in sets], len(VIEW)),
        np.array((readout.easiness, readout.reliability)),
        np.array((readout.recall, readout.recall_easiness)),
        members,
        np.array(widths, dtype=np.int64),
        skill_number,
    )


def _columns(rows: list[tuple[float, ...]], width: int) -> Floats:
    return np.ascontiguousarray(np.array(rows).reshape(-1, width).T)


def logits(
    scorer: Scorer, config: Config, state: AbilityState, at_us: int
) -> tuple[Floats, Floats]:
    """(n,) logits of a right answer and (n,) posterior variances of ability plus deviation."""
    seen = views(scorer, config, state, at_us)
    c = scorer.set_of
    by_item = scorer.by_item @ seen
    logit = np.einsum("vc,vc->c", seen, scorer.weights).take(c) + scorer.fixed
    logit += scorer.easiness * by_item[0].take(c) + scorer.reliability * by_item[1].take(c)
    logit += np.einsum("sn,sn->n", seen[ITEM_SLOPES].take(c, axis=1), scorer.slopes)
    rows, met = _recalls(scorer.table, state, at_us)
    if len(rows):
        of_recall = scorer.of_recall @ met
        logit[rows] += of_recall[0] + scorer.easiness.take(rows) * of_recall[1]
    variance = seen[_AT["variance"]] + seen[_AT["skill_spread"]]
    return np.clip(logit, -LIMIT, LIMIT), variance.take(c)


def views(scorer: Scorer, config: Config, state: AbilityState, at_us: int) -> Floats:
    """(V, n_sets) `features.view` of every skill set of the table."""
    out = np.empty((len(VIEW), scorer.members.shape[1]))
    out[:] = np.array(view(state, new_skill(config), config, (), at_us))[:, None]
    own = _per_set(scorer, config, state, at_us)
    out[_TO_PLAIN] = own[_FROM_PLAIN]
    own[10] /= US_PER_MINUTE
    own[11] = own[6] - own[7]
    out[_TO_LOGGED] = np.log1p(own[6:12])
    out[_AT["same_skill"]] = _shares_a_skill(scorer, state)
    wins = out[_AT["ln_skill_correct"]]
    out[_AT["fast_x_skill_fast"]] = state.learner.fast * out[_AT["skill_fast"]]
    out[_AT["ability_x_wins"]] = state.learner.mean * wins
    out[_AT["wins_over_knot"]] = np.maximum(wins - WIN_KNOT, 0.0)
    return out


def _per_set(scorer: Scorer, config: Config, state: AbilityState, at_us: int) -> Floats:
    """(12, n_sets) `seen_now` averaged over the skills of each set."""
    number, step = scorer.skill_number, state.learner.step
    traces = np.zeros((_N_SEEN, len(number) + 1))  # the last column pads: no skill
    traces[1, :-1] = config.skill_variance
    known = [(number[s], t) for s, t in state.skills.items() if s in number]
    if known:
        now = [seen_now(t, config, step, at_us) for _, t in known]
        traces[:, [i for i, _ in known]] = np.array(now).T
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


def _shares_a_skill(scorer: Scorer, state: AbilityState) -> Floats:
    """(n_sets,) 1 where the set shares a skill with the learner's last item."""
    out = np.zeros(scorer.members.shape[1])
    for skill in state.learner.skills:
        out[(scorer.members == scorer.skill_number.get(skill, -1)).any(axis=0)] = 1.0
    return out


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
    out[4] = np.log1p(np.maximum(at_us - met_us, 0.0) / US_PER_MINUTE)
    out[5] = np.log1p(state.learner.step - step)
    out[6] = out[5] * out[5]
    return rows[here], out
