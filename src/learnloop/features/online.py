"""How is one event folded in, and a vector read? By Python that is written from the definitions.

`compile_features` writes two straight-line functions over the same scans: `update` (one event,
constant cost) and `read` (one question). `Compiled.source` is their text.

    expressions that several places need  once, from the values before the event
    scans that nothing reads              under one `if` for each condition
    scans that others read                last, so that all of the above saw the old values

An expression that only one place needs is written there, where `and` and `if` may spare it.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isnan, nan

import msgspec

from learnloop.features.fields import ASKED_FIELDS, EVENT_FIELDS
from learnloop.features.language import TRUE, Expr, Op, Scan
from learnloop.features.layout import HORIZON, Layout, Record, first
from learnloop.features.ops import PYTHON_NAMES
from learnloop.features.writing import Writer, listed, step, write_step

Event = tuple[int | float | str, ...]
Numbers = tuple[int | float | str, ...]


class FeatureState(msgspec.Struct, array_like=True):
    """All that is kept of a learner's log; never changed in place.

    Attributes:
        n: Events.
        numbers: Of the learner's scans.
        vectors: Windows (oldest first) and tallies; windows of the same share the longest.
        skills: Scans by skill id.
        items: Scans by item id, the latest event last; the first entry is that event's number.
    """

    n: int
    numbers: Numbers
    vectors: tuple[Record, ...]
    skills: dict[str, Record]
    items: dict[str, Record]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The functions of one set of features.

    Attributes:
        start: The state before the first event.
        update: `(state, event, skill_ids) -> state`; the event by `EVENT_FIELDS`.
        read: `(state, question, skill_ids) -> values` in the features' order, unknown = NaN; the
            question by `ASKED_FIELDS`.
        source: Their text.
    """

    start: FeatureState
    update: Callable[[FeatureState, Event, tuple[str, ...]], FeatureState]
    read: Callable[[FeatureState, Event, tuple[str, ...]], tuple[float, ...]]
    source: str


def compile_features(values: Sequence[Expr]) -> Compiled:
    """The functions that compute these values."""
    layout = Layout.of(values)
    source = "\n".join((*_update(layout), "", "", *_read(layout, values), ""))
    given = {**PYTHON_NAMES, "bisect": bisect_right, "over_skills": over_skills}
    given["FeatureState"] = FeatureState
    given["SKILL"] = layout.first("skill")
    given["ITEM"] = (0, *layout.first("item"))
    exec(compile(source, "<features>", "exec"), given)  # our own text, from our own definitions
    return Compiled(_start(layout), given["update"], given["read"], source)


def _start(layout: Layout) -> FeatureState:
    numbers: list[float] = []
    for scan in layout.numbers:
        numbers.append(first(scan))
        if scan.kind == "fading":
            numbers.append(nan)
    vectors = tuple(
        (0,) * (len(scan.edges) + 1) if scan.kind == "tally" else () for scan in layout.vectors
    )
    return FeatureState(0, tuple(numbers), vectors, {}, {})


def over_skills(records: Sequence[Record], first: Record) -> Record:
    """The mean of each entry over the skills where it is known; NaN where none is."""
    if len(records) == 1:
        return records[0]
    if not records:
        return first
    out = []
    for column in zip(*records, strict=True):
        known = [x for x in column if not isnan(x)]
        out.append(sum(known) / len(known) if known else nan)
    return tuple(out)


def _update(layout: Layout) -> list[str]:
    outer = [x for x in layout.by("learner") if x not in layout.inner]
    inner = [x for x in layout.by("learner") if x in layout.inner]
    keyed = layout.by("skill") + layout.by("item")
    w = Writer(layout, _uses(_roots(outer, (*inner, *keyed))))
    w.lines.append("def update(state, moment, skill_ids):")
    w.bind_state(EVENT_FIELDS)
    w.bind_keyed("skill")
    w.bind_keyed("item")
    for scan in (*inner, *keyed):
        w.value(scan.when)
        w.value(scan.x)
    _apply_outer(w, [(_conditions(x.when), x) for x in outer if layout.longest(x) in (None, x)])
    if layout.by("item"):
        _apply_items(w)
    if layout.by("skill"):
        _apply_skills(w)
    _apply(w, inner[::-1])  # those that read others before those that they read
    kept: list[str] = []
    for i, scan in enumerate(layout.numbers):
        kept += [f"s{i}", f"s{i}_t"] if scan.kind == "fading" else [f"s{i}"]
    vectors = listed(f"w{i}" for i in range(len(layout.vectors)))
    skills = "skills" if layout.by("skill") else "state.skills"
    items = "items" if layout.by("item") else "state.items"
    w.put(f"return FeatureState(n + 1, ({listed(kept)}), ({vectors}), {skills}, {items})")
    return w.lines


def _uses(roots: Sequence[Expr]) -> Counter[Expr]:
    """How often each expression is read: by a root, or by another expression."""
    found: Counter[Expr] = Counter()

    def visit(x: Expr) -> None:
        found[x] += 1
        if found[x] == 1 and isinstance(x, Op):
            for arg in x.args:
                visit(arg)

    for root in roots:
        visit(root)
    return found


def _roots(outer: Sequence[Scan], others: Sequence[Scan]) -> list[Expr]:
    """Each condition and value that scans are written from."""
    conditions = [c for x in outer for c in _conditions(x.when)]
    return list(dict.fromkeys((*conditions, *(x.when for x in others)))) + [
        x.x for x in (*outer, *others)
    ]


def _conditions(x: Expr) -> tuple[Expr, ...]:
    """The conditions that have to hold together."""
    if isinstance(x, Op) and x.name == "and":
        return tuple(dict.fromkeys(c for arg in x.args for c in _conditions(arg)))
    return () if x is TRUE else (x,)


Guarded = tuple[tuple[Expr, ...], Scan]
"""A scan and the conditions that are still to be asked for it."""


def _apply_outer(w: Writer, scans: Sequence[Guarded], depth: int = 1) -> None:
    """Fold the event into scans that nothing reads.

    Under nested `if`s, the commonest condition outermost: one that fails spares all it guards.
    """
    free = [scan for conditions, scan in scans if not conditions]
    branches: list[tuple[Expr, list[Guarded]]] = []
    left = [x for x in scans if x[0]]
    while left:
        commonest, _ = Counter(c for conditions, _ in left for c in conditions).most_common(1)[0]
        inside = [
            (tuple(c for c in conditions if c is not commonest), scan)
            for conditions, scan in left
            if commonest in conditions
        ]
        branches.append((commonest, inside))
        left = [x for x in left if commonest not in x[0]]
    needs = [[scan.x] for scan in free]
    needs += [[c, *(e for cs, scan in inside for e in (*cs, scan.x))] for c, inside in branches]
    for shared in _shared(w, needs):
        w.value(shared, depth)
    for scan in free:
        write_step(w, scan, depth)
    for condition, inside in branches:
        w.put(f"if {w.text(condition, depth)}:", depth)
        outside = w.names.copy()
        _apply_outer(w, inside, depth + 1)
        w.names = outside  # what was written under the `if` is not known behind it


def _shared(w: Writer, needs: Sequence[Sequence[Expr]]) -> list[Expr]:
    """The expressions that more than one of these lists needs, each after those that it reads."""
    n_needs: Counter[Expr] = Counter()
    roots = {x for need in needs for x in need}
    order: dict[Expr, None] = {}

    def visit(x: Expr, met: set[Expr]) -> None:
        if isinstance(x, Op) and x not in met and x not in w.names:
            met.add(x)
            for arg in x.args:
                visit(arg, met)
            order[x] = None

    for need in needs:
        met: set[Expr] = set()
        for x in need:
            visit(x, met)
        n_needs.update(met)
    return [x for x in order if n_needs[x] > 1 and (x in roots or w.uses[x] > 1)]


def _apply(w: Writer, scans: Sequence[Scan]) -> None:
    """Fold the event into scans one after the other; conditions and values are written already."""
    for when, members in groupby(scans, lambda x: x.when):
        depth = 1
        if when is not TRUE:
            w.put(f"if {w.value(when)}:")
            depth = 2
        for scan in members:
            write_step(w, scan, depth)


def _apply_skills(w: Writer) -> None:
    scans = w.layout.by("skill")
    kept = [f"k{i}" for i in range(len(scans))]
    w.put("skills = state.skills.copy()")
    w.put("for name in skill_ids:")
    w.put(f"({listed(kept)}) = skills.get(name, SKILL)", 2)
    _apply_keyed(w, scans, kept, 2)
    w.put(f"skills[name] = ({listed(kept)})", 2)


def _apply_items(w: Writer) -> None:
    scans = w.layout.by("item")
    kept = [f"m{i}" for i in range(len(scans))]
    w.put("items = state.items.copy()")
    w.put("items.pop(f_item, None)")
    w.put(f"(_, {listed(kept)}) = met")
    _apply_keyed(w, scans, kept, 1)
    w.put(f"items[f_item] = (n + 1, {listed(kept)})")
    w.put("first = next(iter(items))")
    w.put(f"if n + 1 - items[first][0] > {HORIZON}:")
    w.put("del items[first]", 2)


def _apply_keyed(w: Writer, scans: Sequence[Scan], names: Sequence[str], depth: int) -> None:
    groups: dict[Expr, list[tuple[Scan, str]]] = {}
    for scan, name in zip(scans, names, strict=True):
        groups.setdefault(scan.when, []).append((scan, name))
    for when, members in groups.items():
        inside = depth
        if when is not TRUE:
            w.put(f"if {w.value(when, depth)}:", depth)
            inside += 1
        for scan, name in members:
            for line in step(scan, name, w.value(scan.x, inside)):
                w.put(line, inside)


def _read(layout: Layout, values: Sequence[Expr]) -> list[str]:
    w = Writer(layout, _uses(values))
    w.lines.append("def read(state, moment, skill_ids):")
    w.bind_state(ASKED_FIELDS)
    w.bind_keyed("skill")
    w.bind_keyed("item")
    kept = [w.text(x) for x in values]
    w.put(f"return ({listed(kept)})")
    return w.lines
