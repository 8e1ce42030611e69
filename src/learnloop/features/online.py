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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isnan, log, nan

import msgspec

from learnloop.features.fields import ASKED_FIELDS, EVENT_FIELDS
from learnloop.features.language import TRUE, By, Const, Expr, Field, Op, Scan
from learnloop.features.ops import OPS, PYTHON_NAMES

HORIZON = 200
"""An item is forgotten once this many events of the learner went by since its last one."""

Event = tuple[int | float | str, ...]
Numbers = tuple[int | float | str, ...]
Record = tuple[int | float, ...]


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
    names = {**PYTHON_NAMES, "bisect": bisect_right, "over_skills": over_skills}
    names["FeatureState"] = FeatureState
    names["SKILL"] = layout.first("skill")
    names["ITEM"] = (0, *layout.first("item"))
    exec(compile(source, "<features>", "exec"), names)  # our own text, from our own definitions
    return Compiled(layout.start(), names["update"], names["read"], source)


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


# --- where everything is kept --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Layout:
    """Which scan is kept where.

    Attributes:
        scans: All of them, those that others read included; each after those that it reads.
        inner: Those that are read by other scans.
    """

    scans: tuple[Scan, ...]
    inner: frozenset[Scan]

    @classmethod
    def of(cls, values: Sequence[Expr]) -> "Layout":
        """The scans that these values need."""
        found: dict[Scan, None] = {}
        inner: set[Scan] = set()

        def visit(x: Expr) -> None:
            if isinstance(x, Op):
                for arg in x.args:
                    visit(arg)
            elif isinstance(x, Scan) and x not in found:
                for below in (x.x, x.when):
                    visit(below)
                    inner.update(scans_in(below))
                found[x] = None

        for value in values:
            visit(value)
        return cls(tuple(found), frozenset(inner))

    def by(self, by: By) -> list[Scan]:
        return [x for x in self.scans if x.by == by]

    @property
    def numbers(self) -> list[Scan]:
        return [x for x in self.by("learner") if x.kind not in ("window", "tally")]

    @property
    def vectors(self) -> list[Scan]:
        return [x for x in self.by("learner") if x.kind == "tally" or self.longest(x) is x]

    def longest(self, scan: Scan) -> Scan | None:
        """The window that holds this one too; nothing for what is not a window."""
        alike = (x for x in self.scans if x.kind == "window" == scan.kind)
        alike = (x for x in alike if x.x is scan.x and x.when is scan.when)
        return max(alike, key=lambda x: x.parameter, default=None)

    def first(self, by: By) -> Record:
        return tuple(_first(x) for x in self.by(by))

    def start(self) -> FeatureState:
        numbers: list[float] = []
        for scan in self.numbers:
            numbers.append(_first(scan))
            if scan.kind == "fading":
                numbers.append(nan)
        vectors = tuple(
            (0,) * (len(scan.edges) + 1) if scan.kind == "tally" else () for scan in self.vectors
        )
        return FeatureState(0, tuple(numbers), vectors, {}, {})


def scans_in(x: Expr) -> Iterator[Scan]:
    """The scans that an expression reads directly."""
    if isinstance(x, Scan):
        yield x
    elif isinstance(x, Op):
        for arg in x.args:
            yield from scans_in(arg)


def _first(scan: Scan) -> float:
    return nan if scan.kind in ("last", "ewm") else 0


# --- writing ------------------------------------------------------------------------------------


class _Writer:
    """Lines of one function, each expression written once where all that need it see it.

    Attributes:
        uses: How many other expressions or scans read an expression.
        names: The local that holds what was written.
    """

    def __init__(self, layout: Layout, uses: Counter[Expr]) -> None:
        self.layout = layout
        self.uses = uses
        self.lines: list[str] = []
        self.names: dict[Expr, str] = {}
        self.n = 0

    def put(self, line: str, depth: int = 1) -> None:
        self.lines.append("    " * depth + line)

    def bind_state(self, fields: Sequence[Field]) -> None:
        """Unpack the moment and the learner's scans into locals."""
        layout = self.layout
        self.put(f"({_tuple(f'f_{x.name}' for x in fields)}) = moment")
        for x in fields:
            self.names[x] = f"f_{x.name}"
        kept: list[str] = []
        for i, scan in enumerate(layout.numbers):
            kept.append(f"s{i}")
            self.names[scan] = f"s{i}"
            if scan.kind == "fading":
                kept.append(f"s{i}_t")
        if kept:
            self.put(f"({_tuple(kept)}) = state.numbers")
        if layout.vectors:
            self.put(f"({_tuple(f'w{i}' for i in range(len(layout.vectors)))}) = state.vectors")
        for i, scan in enumerate(layout.vectors):
            self.names[scan] = f"w{i}"
        for scan in layout.by("learner"):
            whole = layout.longest(scan)
            if whole is not None and whole is not scan:
                self.names[scan] = f"{self.names[whole]}[{-int(scan.parameter)}:]"
        self.put("n = state.n")

    def bind_keyed(self, by: By) -> None:
        """Read the scans of the moment's skills or item into locals."""
        scans = self.layout.by(by)
        if not scans:
            return
        letter = "g" if by == "skill" else "h"
        names = _tuple(f"{letter}{i}" for i in range(len(scans)))
        if by == "skill":
            self.put("if len(skill_ids) == 1:")
            self.put("own = state.skills.get(skill_ids[0], SKILL)", 2)
            self.put("else:")
            self.put("own = over_skills([state.skills.get(x, SKILL) for x in skill_ids], SKILL)", 2)
            self.put(f"({names}) = own")
        else:
            self.put("met = state.items.get(f_item, ITEM)")
            self.put(f"if n - met[0] > {HORIZON}:")
            self.put("met = ITEM", 2)
            self.put(f"(_, {names}) = met")
        for i, scan in enumerate(scans):
            self.names[scan] = f"{letter}{i}"

    def value(self, x: Expr, depth: int = 1) -> str:
        """The local (or number) that holds an expression; written here if it wasn't yet."""
        if isinstance(x, Scan):
            return self._read_scan(x, self.names[x])
        if x in self.names:
            return self.names[x]
        if isinstance(x, Const):
            whole = x.value.is_integer()
            return repr(bool(x.value)) if x.truth else repr(int(x.value) if whole else x.value)
        text = self._written(x, depth)
        name = self.names[x] = f"v{self.n}"
        self.n += 1
        self.put(f"{name} = {text}", depth)
        return name

    def text(self, x: Expr, depth: int = 1) -> str:
        """An expression for one place: itself, or the local that several share."""
        if isinstance(x, Op) and x not in self.names and self.uses[x] == 1:
            return f"({self._written(x, depth)})"
        return self.value(x, depth)

    def _written(self, x: Expr, depth: int) -> str:
        assert isinstance(x, Op), x
        template = OPS[x.name].python
        more: dict[str, str] = {}
        args: list[str] = []
        for i, arg in enumerate(x.args):
            if isinstance(arg, Scan) and arg.kind == "tally":
                args.append(self.names[arg])
                more["edges"] = repr(arg.edges)
            else:
                once = template.count(f"{{{i}}}") == 1
                args.append(self.text(arg, depth) if once else self.value(arg, depth))
        if x.name == "bin" and isinstance(x.args[1], Const):
            more["index"] = str(int(x.args[1].value))
        return template.format(*args, **more)

    def _read_scan(self, scan: Scan, found: str) -> str:
        if scan.kind == "window":
            return f"sum({found})"
        if scan.kind == "fading":
            rate = log(2.0) / scan.parameter
            faded = f"{found} * exp({-rate!r} * (f_t - {found}_t))"
            return f"({found} if not {found} or f_t < {found}_t else {faded})"
        return found


def _update(layout: Layout) -> list[str]:
    outer = [x for x in layout.by("learner") if x not in layout.inner]
    inner = [x for x in layout.by("learner") if x in layout.inner]
    keyed = layout.by("skill") + layout.by("item")
    w = _Writer(layout, _uses(_roots(outer, (*inner, *keyed))))
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
    vectors = _tuple(f"w{i}" for i in range(len(layout.vectors)))
    skills = "skills" if layout.by("skill") else "state.skills"
    items = "items" if layout.by("item") else "state.items"
    w.put(f"return FeatureState(n + 1, ({_tuple(kept)}), ({vectors}), {skills}, {items})")
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


def _apply_outer(w: _Writer, scans: Sequence[Guarded], depth: int = 1) -> None:
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
        _write_step(w, scan, depth)
    for condition, inside in branches:
        w.put(f"if {w.text(condition, depth)}:", depth)
        outside = w.names.copy()
        _apply_outer(w, inside, depth + 1)
        w.names = outside  # what was written under the `if` is not known behind it


def _shared(w: _Writer, needs: Sequence[Sequence[Expr]]) -> list[Expr]:
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


def _apply(w: _Writer, scans: Sequence[Scan]) -> None:
    """Fold the event into scans one after the other; conditions and values are written already."""
    for when, members in groupby(scans, lambda x: x.when):
        depth = 1
        if when is not TRUE:
            w.put(f"if {w.value(when)}:")
            depth = 2
        for scan in members:
            _write_step(w, scan, depth)


def _write_step(w: _Writer, scan: Scan, depth: int) -> None:
    x = w.value(scan.x, depth) if scan.kind in TWICE else w.text(scan.x, depth)
    for line in _step(scan, w.names[scan], x):
        w.put(line, depth)


TWICE = ("ewm", "fading")
"""Scans whose step names the event's value twice."""


def _step(scan: Scan, s: str, x: str) -> list[str]:
    """How the local `s` of a scan changes by an event whose value is `x`."""
    if scan.kind == "fading":
        faded = f"{s} * exp({-log(2.0) / scan.parameter!r} * (f_t - {s}_t))"
        return [f"{s} = {faded} + {x} if {s} else {x}", f"{s}_t = f_t"]
    if scan.kind == "tally":
        return [
            f"{s} = list({s})",
            f"{s}[bisect({scan.edges!r}, {x})] += 1",
            f"{s} = tuple({s})",
        ]
    return [
        {
            "sum": f"{s} += {x}",
            "last": f"{s} = {x}",
            "ewm": f"{s} = {x} if {s} != {s} else {s} + {scan.parameter!r} * ({x} - {s})",
            "run": f"{s} = {s} + 1 if {x} else 0",
            "window": f"{s} = ({s} + ({x},))[{-int(scan.parameter)}:]",
        }[scan.kind]
    ]


def _apply_skills(w: _Writer) -> None:
    scans = w.layout.by("skill")
    names = [f"k{i}" for i in range(len(scans))]
    w.put("skills = state.skills.copy()")
    w.put("for name in skill_ids:")
    w.put(f"({_tuple(names)}) = skills.get(name, SKILL)", 2)
    _apply_keyed(w, scans, names, 2)
    w.put(f"skills[name] = ({_tuple(names)})", 2)


def _apply_items(w: _Writer) -> None:
    scans = w.layout.by("item")
    names = [f"m{i}" for i in range(len(scans))]
    w.put("items = state.items.copy()")
    w.put("items.pop(f_item, None)")
    w.put(f"(_, {_tuple(names)}) = met")
    _apply_keyed(w, scans, names, 1)
    w.put(f"items[f_item] = (n + 1, {_tuple(names)})")
    w.put("first = next(iter(items))")
    w.put(f"if n + 1 - items[first][0] > {HORIZON}:")
    w.put("del items[first]", 2)


def _apply_keyed(w: _Writer, scans: Sequence[Scan], names: Sequence[str], depth: int) -> None:
    groups: dict[Expr, list[tuple[Scan, str]]] = {}
    for scan, name in zip(scans, names, strict=True):
        groups.setdefault(scan.when, []).append((scan, name))
    for when, members in groups.items():
        inside = depth
        if when is not TRUE:
            w.put(f"if {w.value(when, depth)}:", depth)
            inside += 1
        for scan, name in members:
            for line in _step(scan, name, w.value(scan.x, inside)):
                w.put(line, inside)


def _read(layout: Layout, values: Sequence[Expr]) -> list[str]:
    w = _Writer(layout, _uses(values))
    w.lines.append("def read(state, moment, skill_ids):")
    w.bind_state(ASKED_FIELDS)
    w.bind_keyed("skill")
    w.bind_keyed("item")
    names = [w.text(x) for x in values]
    w.put(f"return ({_tuple(names)})")
    return w.lines


def _tuple(names: Iterator[str] | Sequence[str]) -> str:
    return "".join(f"{x}, " for x in names).rstrip(" ")
