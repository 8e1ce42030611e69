"""How well will this learner do, as deep knowledge tracing sees it? The estimator that serves.

An answer goes through the graph once (`train.Step`), whatever the history; predictions are read
from the hidden vector in numpy, so one item and a whole catalog are the same sum.

Mastery of a skill is the chance on an item of it that nobody has met. A network alone may lower it
after a right answer, so what is reported is held: with m the reported logit and z the network's,

    after a right answer   m' = max(m, z')        after a wrong one   m' = min(m, z')

and m - z is kept in the skill's trace. Between answers to the skill, m moves with z. It does not
depend on the time that has passed.
"""

from datetime import datetime
from typing import Final, NamedTuple, final

import numpy as np

from learnloop.core.artifact import TensorSpec
from learnloop.core.ids import ItemId, LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import (
    Estimate,
    Floats,
    Interaction,
    InteractionKind,
    Ints,
    Item,
    Ref,
    Target,
)
from learnloop.models.tracing.dkt.encoding import times
from learnloop.models.tracing.dkt.readout import Asked, Readout
from learnloop.models.tracing.dkt.spread import Spread
from learnloop.models.tracing.dkt.state import (
    LAYOUT,
    PARTS,
    DktState,
    hidden_of,
    start,
    vectors_of,
)
from learnloop.models.tracing.dkt.traces import (
    N_SKILL,
    NEW_SKILL,
    met,
    of_item,
    of_skill,
    practised,
    told,
)
from learnloop.models.tracing.packing import Packed, pack
from learnloop.models.tracing.sequences import Floats32, log_seconds

NAME: Final = "dkt"
FORM: Final = "learnloop/dkt/1"
LIMIT: Final = 9.0
"""Logits; the model never claims more certainty than this."""
REMEMBERED: Final = 4096
"""Items whose vectors are kept at hand."""


class _Known(NamedTuple):
    """An item at hand."""

    item: Item
    rows: Floats32
    asked: Asked
    of_skills: Asked


class _Table(NamedTuple):
    """A table at hand; its skills and those that only its items name, behind them."""

    table: ItemTable
    asked: Asked
    skill_ids: list[str]
    columns: Ints
    weights: Floats
    of_skills: Asked
    item_variance: Floats


@final
class DktModel:
    """An `Estimator` (see `core.protocols`); frozen, and safe to share between threads.

    Attributes:
        ref: `dkt@version+layout`, layout being that of the state.
        state_type: What a store decodes states into.

    Args:
        version: The version part of the ref.
        packed: The graph, and all that `readout` is made of.
        readout: Embeddings and weights around the graph.
        spread: How far off its logits are.

    Stability: experimental.
    """

    state_type = DktState

    def __init__(self, version: str, packed: Packed, readout: Readout, spread: Spread) -> None:
        self.ref = Ref(NAME, f"{version}+{LAYOUT}")
        self._packed, self._readout, self._spread = packed, readout, spread
        shape = (None, PARTS, readout.hidden)
        row = TensorSpec("row", "float32", (None, readout.n_inputs))
        state, after = (TensorSpec(name, "float32", shape) for name in ("state", "next"))
        self._graph = packed.session(self.ref, (row, state), (after,))
        self._start = start(readout.hidden)
        # Pure memos.
        self._items: dict[str, _Known] = {}
        self._table: _Table | None = None

    def start(self, learner_id: LearnerId) -> DktState:
        """The state of a learner of whom nothing is known."""
        return self._start

    def update(self, state: DktState, interaction: Interaction, item: Item) -> DktState:
        """The state after one more interaction.

        Answers and study rows go through the network; an answer that nobody could judge is a study
        row; other kinds pass through.
        """
        if interaction.kind not in (InteractionKind.ANSWERED, InteractionKind.STUDIED):
            return state
        answered = interaction.kind is InteractionKind.ANSWERED
        correct = interaction.correct if answered else None
        sign = 0 if correct is None else 1 if correct else -1
        at_us, row, known = to_us(interaction.occurred_at), state.rows + 1, self._of(item)
        moved = DktState(
            self._stepped(state, known, sign, at_us),
            state.n + abs(sign),
            row,
            at_us,
            state.skills
            | {s: practised(state.skills.get(s, NEW_SKILL), sign, at_us, row) for s in item.skills},
            met(state.items, item.item_id, sign, at_us, row),
        )
        return self._held(state, moved, known, sign) if sign else moved

    def p_correct(self, state: DktState, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), (0, 1)."""
        at_us, hidden = to_us(at), hidden_of(state)
        traces = told(state.skills, state.items, item.item_id, item.skills, at_us, state.rows)
        logit = self._of(item).asked.logit(hidden)[0] + self._timed(state, hidden, at_us)
        logit += np.array(traces) @ self._readout.per_trace(hidden)
        return float(_p(logit))

    def predict(self, state: DktState, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table: CORRECT, values and stddev (n_items,)."""
        at_us, hidden, table = to_us(at), hidden_of(state), self._of_table(items)
        per = self._readout.per_trace(hidden)
        logit = table.asked.logit(hidden) + self._timed(state, hidden, at_us)
        of_own = np.zeros(len(table.skill_ids) + 1)
        for column, skill in enumerate(table.skill_ids):
            if skill in state.skills:
                facts = of_skill(state.skills[skill], at_us, state.rows)
                of_own[column] = np.array(facts) @ per[:N_SKILL]
        logit += (of_own[table.columns] * table.weights).sum(axis=1)
        for item_id, trace in state.items.items():
            row = items.row_of.get(ItemId(item_id))
            if row is not None:
                logit[row] += np.array(of_item(trace, at_us, state.rows)) @ per[N_SKILL:]
        p = _p(logit)
        variance = self._spread.of_learner(state.n) + table.item_variance
        return Estimate(Target.CORRECT, p, p * (1.0 - p) * np.sqrt(variance), self.ref, at)

    def mastery(self, state: DktState, items: ItemTable, at: datetime) -> Estimate:
        """MASTERY of every skill of the table, values and stddev (n_skills,)."""
        table = self._of_table(items)
        n, ids = items.n_skills, table.skill_ids[: items.n_skills]
        asked = Asked(table.of_skills.query[:n], table.of_skills.constant[:n])
        shift = [state.skills.get(s, NEW_SKILL).shift for s in ids]
        p = _p(self._raw(state, ids, asked) + np.array(shift))
        variance = self._spread.of_learner(state.n) + self._spread.item[0]
        return Estimate(Target.MASTERY, p, p * (1.0 - p) * np.sqrt(variance), self.ref, at)

    def export(self) -> bytes:
        """The frozen parameters as an artifact that the model module's `load` reads back."""
        return pack(FORM, self._packed)

    def _stepped(self, state: DktState, known: _Known, sign: int, at_us: int) -> bytes:
        gap = log_seconds(at_us - state.at_us) if state.rows else 0.0
        row = np.concatenate([known.rows[sign + 1], times(np.float64(gap)).astype(np.float32)])
        after = self._graph.predict({"row": row[None], "state": vectors_of(state)[None]})
        return np.asarray(after["next"], dtype="<f4").tobytes()

    def _held(self, state: DktState, moved: DktState, known: _Known, sign: int) -> DktState:
        """With the shifts that keep mastery from moving the wrong way."""
        own = known.item.skills
        before, after = (self._raw(s, own, known.of_skills).tolist() for s in (state, moved))
        skills = dict(moved.skills)
        for skill, z, z_after in zip(own, before, after, strict=True):
            reported = z + state.skills.get(skill, NEW_SKILL).shift
            reported = max(reported, z_after) if sign > 0 else min(reported, z_after)
            skills[skill] = skills[skill]._replace(shift=reported - z_after)
        return moved._replace(skills=skills)

    def _raw(self, state: DktState, skill_ids: list[str] | tuple[str, ...], asked: Asked) -> Floats:
        """(k,) logit of each skill as the network alone would say it."""
        hidden = hidden_of(state)
        traces = np.zeros((len(skill_ids), N_SKILL))
        for i, skill in enumerate(skill_ids):
            trace = state.skills.get(skill)
            if trace is not None:
                traces[i] = of_skill(trace, trace.at_us, state.rows)
        found: Floats = asked.logit(hidden) + traces @ self._readout.per_trace(hidden)[:N_SKILL]
        return found

    def _timed(self, state: DktState, hidden: Floats, at_us: int) -> float:
        if not state.rows:
            return 0.0
        waited = times(np.float64(log_seconds(at_us - state.at_us)))
        return self._readout.timed(hidden, waited)

    def _of(self, item: Item) -> _Known:
        known = self._items.get(item.item_id)
        if known is None or known.item is not item:
            if len(self._items) >= REMEMBERED:
                self._items.clear()
            readout = self._readout
            known = self._items[item.item_id] = _Known(
                item, readout.rows(item), readout.items((item,)), readout.skills(item.skills)
            )
        return known

    def _of_table(self, items: ItemTable) -> _Table:
        table = self._table
        if table is None or table.table is not items:
            table = self._table = _table_of(items, self._readout, self._spread)
        return table


def _table_of(items: ItemTable, readout: Readout, spread: Spread) -> _Table:
    ids: dict[str, int] = {skill.skill_id: i for i, skill in enumerate(items.skills)}
    for item in items.items:
        for skill in item.skills:
            ids.setdefault(skill, len(ids))
    n = len(items)
    width = max((len(item.skills) for item in items.items), default=0) or 1
    columns, weights = np.full((n, width), len(ids), dtype=np.int64), np.zeros((n, width))
    for i, item in enumerate(items.items):
        own = [ids[skill] for skill in item.skills]
        columns[i, : len(own)] = own
        weights[i, : len(own)] = 1.0 / max(len(own), 1)
    counts = np.array([readout.facts.n.get(item.item_id, 0.0) for item in items.items])
    names = list(ids)
    return _Table(
        items,
        readout.items(items.items),
        names,
        columns,
        weights,
        readout.skills(names),
        spread.of_items(counts),
    )


def _p(logit: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -LIMIT, LIMIT))))
